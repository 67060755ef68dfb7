"""Operations divided into stem, stages and head, as the module trees of timm's families have them."""

from bakeoff_core.profiling.anatomy.stages import Boundary, divide


def titles(modules: list[str], boundaries: list[Boundary], weighted: list[bool] | None = None) -> list[tuple[str, str]]:
    """Title and modules of each stage; every operation is a convolution unless told otherwise."""
    stages, stage_at = divide(modules, boundaries, weighted or [True] * len(modules))
    assert len(stage_at) == len(modules)
    assert stage_at == sorted(stage_at)
    assert set(stage_at) == set(range(len(stages)))
    return [(stage.title, stage.modules) for stage in stages]


def test_a_resnet_has_a_stem_that_ends_with_its_activation() -> None:
    modules = [
        "conv1",
        "bn1",
        "act1",
        "maxpool",
        "layer1.0.conv1",
        "layer1.0.conv2",
        "layer2.0.conv1",
        "global_pool",
        "fc",
    ]
    weighted = [True, False, False, False, True, True, True, False, True]
    boundaries = [Boundary("act1", 2), Boundary("layer1", 4), Boundary("layer2", 8)]
    assert titles(modules, boundaries, weighted) == [
        ("Stem", "conv1 to act1"),
        ("Stage 1", "maxpool to layer1"),
        ("Stage 2", "layer2"),
        ("Head", "global_pool to fc"),
    ]


def test_blocks_of_one_resolution_are_one_stage() -> None:
    modules = ["patch_embed.proj", "", "blocks.0.attn.qkv", "blocks.1.mlp.fc1", "blocks.2.mlp.fc1", "norm", "head"]
    boundaries = [Boundary(f"blocks.{at}", 16) for at in range(3)]
    stages, stage_at = divide(modules, boundaries, [True] * 7)
    assert [stage.title for stage in stages] == ["Stem", "Stage 1", "Head"]
    assert stages[1].modules == "blocks.0 to blocks.2"
    assert [stage.reduction for stage in stages] == [None, 16, None]
    assert stage_at == [0, 0, 1, 1, 1, 2, 2]


def test_a_row_of_layers_in_one_container_is_divided_where_features_end() -> None:
    modules = ["features.0", "features.2", "features.5", "features.7", "features.9", "pre_logits.fc1", "head.fc"]
    weighted = [True, True, True, True, False, True, True]
    boundaries = [Boundary("features.2", 1), Boundary("features.7", 2), Boundary("features.9", 4)]
    assert titles(modules, boundaries, weighted) == [
        ("Stage 1", "features.0 to features.2"),
        ("Stage 2", "features.5 to features.9"),  # a last pooling is no stage of its own
        ("Head", "pre_logits to head"),
    ]


def test_a_module_called_stem_is_the_stem_whatever_is_in_it() -> None:
    modules = ["stem.conv1", "stem.conv2", "stem.conv3", "s1.b1", "head.fc"]
    assert titles(modules, [Boundary("stem", 2), Boundary("s1", 4)])[:2] == [("Stem", "stem"), ("Stage 1", "s1")]


def test_boundaries_that_never_run_are_left_out() -> None:
    modules = ["layer1.conv", "layer1.conv2", "layer2.conv", "fc"]
    boundaries = [Boundary("layer1", 4), Boundary("gone", 8), Boundary("layer", 8), Boundary("layer2", 16)]
    assert [title for title, _ in titles(modules, boundaries)] == ["Stage 1", "Stage 2", "Head"]


def test_without_boundaries_each_module_of_the_model_is_a_stage_by_its_name() -> None:
    stages, stage_at = divide(["stem", "", "blocks.0", "blocks.1", "head"], [], [True] * 5)
    assert [stage.title for stage in stages] == ["stem", "blocks", "head"]
    assert stage_at == [0, 0, 1, 1, 2]


def test_a_model_that_is_one_module_is_one_stage() -> None:
    stages, stage_at = divide(["", ""], [], [True, True])
    assert [stage.title for stage in stages] == ["Model"]
    assert stage_at == [0, 0]
