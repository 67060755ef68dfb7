"""Weights of a backbone: all of them or none, whatever a training calls them; and what is refused, in words."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bakeoff_core.catalogue.weights import Weights, find_weights
from bakeoff_core.errors import BakeoffError
from bakeoff_core.models import pretrained
from bakeoff_core.models.pretrained import create_for_transfer
from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

import timm  # noqa: E402  (torchvision must be prepared first)

RESNET, VIT = "test_resnet.r160_in1k", "test_vit.r160_in1k"
State = dict[str, torch.Tensor]


def state_of(model_name: str, **options: object) -> State:
    return {
        name: t.clone() for name, t in timm.create_model(model_name, pretrained=False, **options).state_dict().items()
    }


def saved(folder: Path, state: Mapping[str, torch.Tensor]) -> Path:
    file = folder / "own.safetensors"
    save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, file)
    return file


def load(file: Path, model_name: str = RESNET, classes: int = 3, img_size: int | None = None) -> torch.nn.Module:
    return create_for_transfer(model_name, find_weights(model_name, file), classes, img_size)


def refusal(file: Path, *of: object) -> str:
    with pytest.raises(BakeoffError) as refused:
        load(file, *of)
    words = str(refused.value)
    assert "weights_only" not in words and "Error(s)" not in words
    return words


def prefixed(state: State, prefix: str) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


def halved(state: State) -> State:
    return {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def changed(state: State, by: float) -> State:
    return {name: tensor + by if tensor.is_floating_point() else tensor for name, tensor in state.items()}


WAYS = {
    "as it is": lambda s: s,
    "module.": lambda s: prefixed(s, "module."),
    "_orig_mod.module.": lambda s: prefixed(s, "_orig_mod.module."),
    "model.": lambda s: prefixed(s, "model."),
    "backbone.": lambda s: prefixed(s, "backbone."),
    "state_dict.model.": lambda s: prefixed(s, "state_dict.model."),
    "part of a training": lambda s: (
        prefixed(s, "model.") | prefixed(changed(s, 1), "ema_model.") | {"criterion.weight": torch.ones(3)}
    ),
    "averages beside it": lambda s: s | prefixed(changed(s, 1), "ema.") | {"model_ema.decay": torch.ones(1)},
    "half precision": halved,
    "no counters": lambda s: {name: tensor for name, tensor in s.items() if "num_batches" not in name},
    "no head": lambda s: {name: tensor for name, tensor in s.items() if not name.startswith("fc.")},
    "a head that is no number": lambda s: s | {"fc.weight": torch.full((1000, 96), torch.nan)},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_backbone_is_loaded_however_a_training_wrote_it(tmp_path: Path, way: str) -> None:
    state = state_of(RESNET)
    state["fc.weight"] = torch.zeros(1000, state["fc.weight"].shape[1])
    model = load(saved(tmp_path, WAYS[way](state)))
    for name, tensor in model.state_dict().items():
        if name.startswith("fc."):
            assert tensor.shape[0] == 3
        elif tensor.is_floating_point():
            torch.testing.assert_close(tensor, state[name], rtol=1e-3, atol=1e-3)
    assert model.training and "state_dict" not in model.pretrained_cfg


@pytest.mark.parametrize("classes", [3, 7, 1000])
def test_a_head_of_another_size_is_made_anew(tmp_path: Path, classes: int) -> None:
    model = load(saved(tmp_path, state_of(RESNET, num_classes=7)), RESNET, classes)
    assert model.num_classes == classes and model.get_classifier().weight.isfinite().all()


def test_a_head_that_is_no_number_is_not_kept_even_where_it_fits(tmp_path: Path) -> None:
    state = state_of(RESNET)
    state["fc.weight"].fill_(torch.nan)
    assert load(saved(tmp_path, state), RESNET, 1000).get_classifier().weight.isfinite().all()


def test_another_image_size_is_resampled_where_timm_can(tmp_path: Path) -> None:
    file = saved(tmp_path, prefixed(state_of(VIT, img_size=96), "model."))
    assert load(file, VIT).pos_embed.shape == (1, 101, 64)


def test_quite_other_names_are_refused_with_what_is_missing_and_left_over(tmp_path: Path) -> None:
    other = {f"foo.{number}": torch.ones(3) for number in range(5)}
    assert refusal(saved(tmp_path, other), "tf_efficientnet_lite0.in1k") == (
        "The weights of tf_efficientnet_lite0.in1k from the file own.safetensors can't be used: 0 of the backbone's "
        "245 entries were found in it (0 of 3,413,024 numbers); 245 are missing (conv_stem.weight, bn1.weight, "
        "bn1.bias and 242 more); 5 of its own are left over (foo.0, foo.1, foo.2 and 2 more). Choose the model that "
        "they are of, or bring this one's."
    )


def test_a_larger_relative_whose_first_blocks_fit_is_refused_and_so_is_a_smaller_one(tmp_path: Path) -> None:
    small, large = "resnet18.a1_in1k", "resnet34.a1_in1k"
    words = refusal(saved(tmp_path, state_of(large)), small)
    assert "100 of the backbone's 100 entries were found" in words
    assert "80 of its own are left over (layer1.2.bn1.bias, " in words
    assert "80 are missing (layer1.2.conv1.weight, " in refusal(saved(tmp_path, state_of(small)), large)


def test_one_missing_entry_is_enough(tmp_path: Path) -> None:
    state = state_of(RESNET)
    del state["layer1.0.bn1.running_mean"]
    assert "; 1 is missing (layer1.0.bn1.running_mean)." in refusal(saved(tmp_path, state))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    state = state_of(RESNET)
    state["layer1.0.conv1.weight"][0, 0, 0, 0] = value
    words = refusal(saved(tmp_path, state))
    assert "the values of 1 are not finite floating-point numbers (layer1.0.conv1.weight). Bring a copy" in words


def test_whole_numbers_in_place_of_weights_are_refused(tmp_path: Path) -> None:
    state = {name: tensor.to(torch.int8) for name, tensor in state_of(RESNET).items()}
    assert "are not finite floating-point numbers (" in refusal(saved(tmp_path, state))


def test_other_shapes_are_listed_with_both(tmp_path: Path) -> None:
    words = refusal(saved(tmp_path, state_of("cait_xxs24_224")), "cait_xxs24_224.fb_dist_in1k", 3, 256)
    assert words.endswith(
        "1 has another shape (pos_embed: 1×196×192 in the file, 1×256×192 in the model). They can't be moved to images "
        "of 256 pixels. Leave the size to the model (its own is 224), or train from scratch."
    )


@pytest.mark.parametrize("fault", ["missing", "spoilt", "cut off"])
def test_the_hubs_files_are_looked_at_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    state = state_of(RESNET)
    if fault == "missing":
        del state["conv1.0.weight" if "conv1.0.weight" in state else "conv1.weight"]
    elif fault == "spoilt":
        state["layer1.0.conv1.weight"].fill_(torch.nan)
    snapshot = tmp_path / "models--timm--test_resnet.r160_in1k" / "snapshots" / "0"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0")
    save_file(state, snapshot / "model.safetensors")
    if fault == "cut off":
        content = (snapshot / "model.safetensors").read_bytes()
        (snapshot / "model.safetensors").write_bytes(content[:-8])
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    weights = find_weights(RESNET)
    assert weights.kind == "cached"
    words = {"missing": "1 is missing", "spoilt": "not finite floating-point", "cut off": "is damaged or cut off"}
    with pytest.raises(
        BakeoffError, match=re.escape("from the hub's cache on this machine can't be used: ")
    ) as refused:
        create_for_transfer(RESNET, weights, 3, None)
    assert words[fault] in str(refused.value)


def test_a_hub_file_that_only_code_could_open_is_no_reason_to_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*of: object, **options: object) -> None:
        raise RuntimeError("weights_only=True blocked loading. If trusted, retry with weights_only=False.")

    monkeypatch.setattr(pretrained.timm, "create_model", refuse)
    monkeypatch.setattr(pretrained, "_require_buildable", lambda *of: None)
    with pytest.raises(BakeoffError, match="a format that can run code when it is opened, so they are not opened"):
        create_for_transfer(RESNET, Weights("download", None, "a download"), 3, None)


def test_a_model_that_cannot_be_built_for_a_size_says_which_it_takes() -> None:
    words = (
        r"xcit_nano_12_p16_224 can't take images of 100 pixels\. Sizes that it takes, nearest first: 96, 112, 80 and "
        r"224\. The reason given: `patch_size` should divide image dimensions evenly"
    )
    with pytest.raises(BakeoffError, match=words):
        create_for_transfer("xcit_nano_12_p16_224", None, 3, 100)
