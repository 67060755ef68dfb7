"""Counting and timing real timm models: published counts, attention, dtypes, sizes, and the peak of memory."""

import pickle
import subprocess
import sys
from multiprocessing.context import BaseContext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bakeoff_core.catalogue.accuracies import SHORTLISTS, read_catalogue
from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels
from bakeoff_core.jobs.isolation import call, fork_server
from bakeoff_core.models import timm_models
from bakeoff_core.models.timm_models import PeakMemory, count_macs, create_backbone, describe_failure, measure_round
from tests.support.places import ROOT

TINY = "test_vit.r160_in1k"
MEGABYTE = 1_000_000


def request(model_name: str = TINY, **changes: object) -> dict[str, object]:
    """One short round of a tiny model."""
    usual = {
        "model_name": model_name,
        "img_size": 160,
        "batch_size": 1,
        "threads": 1,
        "device": "cpu",
        "dtype": "float32",
        "passes": 4,
        "min_seconds": 0,
        "cap_s": 30.0,
        "count": True,
    }
    return {**usual, **changes}


@pytest.fixture(scope="module")
def context() -> BaseContext:
    """Fresh processes with timm loaded, as the product measures in."""
    return fork_server([timm_models.__name__])


@pytest.fixture(scope="module")
def listed() -> dict[str, TimmModel]:
    """Every name of the installed timm."""
    return {model.model_name: model for model in timm_models.list_timm_models()}


# --- counts ----------------------------------------------------------------------------------------------------------


def test_resnet18_has_its_published_parameters_and_macs() -> None:
    model = create_backbone("resnet18.a1_in1k", 224)
    assert sum(p.numel() for p in model.parameters()) == 11_689_512
    assert count_macs(model, 224) == 1_819_065_856


def test_the_macs_of_a_transformer_include_its_attention() -> None:
    model = create_backbone("vit_tiny_patch16_224.augreg_in21k_ft_in1k", 224)
    fused = count_macs(model, 224)
    assert fused / 1e9 == pytest.approx(1.26, abs=0.005)  # timm's table; without attention it is 1.08
    for module in model.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = False
    assert count_macs(model, 224) == fused


def test_macs_grow_with_the_image() -> None:
    assert count_macs(create_backbone("resnet18.a1_in1k", 288), 288) == 3_006_692_864


def test_counting_leaves_the_model_unchanged() -> None:
    model = create_backbone(TINY, 160)
    images = torch.randn(1, 3, 160, 160)
    before = model(images)
    count_macs(model, 160)
    assert torch.equal(model(images), before)
    assert not model.training


def test_a_model_that_cannot_be_traced_has_no_macs_but_keeps_its_timings(monkeypatch: pytest.MonkeyPatch) -> None:
    class Awkward(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if torch.jit.is_tracing():
                raise AssertionError("not while tracing")
            return images.mean(dim=(2, 3))

    assert count_macs(Awkward(), 32) is None
    monkeypatch.setattr(timm_models, "create_backbone", lambda name, img_size: Awkward().eval())
    measured, counts = measure_round(request(img_size=32))
    assert len(measured.times_s) == 4
    assert counts == {"param_count": 0, "weight_bytes": 0, "macs": None}


class WithBuffers(nn.Module):
    """1,000 parameters, 500 floats and 30 whole numbers beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1000))
        self.register_buffer("mean", torch.zeros(500))
        self.register_buffer("index", torch.zeros(30, dtype=torch.int64))


@pytest.mark.parametrize(("dtype", "size"), [(torch.float32, 4), (torch.bfloat16, 2), (torch.float16, 2)])
def test_bytes_of_weights_hold_buffers_and_follow_the_dtype(dtype: torch.dtype, size: int) -> None:
    assert timm_models._weights_of(WithBuffers(), dtype) == (1000, 1500 * size + 30 * 8)


# --- creating --------------------------------------------------------------------------------------------------------


def test_a_model_built_for_one_size_is_built_for_the_size_asked_for() -> None:
    vit = create_backbone(TINY, 96)
    assert vit(torch.zeros(1, 3, 96, 96)).shape == (1, 1000)
    assert vit.patch_embed.img_size == (96, 96)


def test_a_model_is_ready_for_use_and_has_its_classifier() -> None:
    model = create_backbone("test_byobnet.r160_in1k", 64)
    assert not model.training
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 1000)


def test_a_name_that_timm_does_not_know_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Unknown model"):
        create_backbone("resnet51", 224)


# --- timm's names ----------------------------------------------------------------------------------------------------


def test_every_weights_tag_is_listed_with_its_sizes(listed: dict[str, TimmModel]) -> None:
    assert listed["resnet50.a1_in1k"] == TimmModel("resnet50.a1_in1k", 224, 288, False, True)
    assert listed["resnet50.tv_in1k"].is_default_tag is False
    assert listed["vit_small_patch14_dinov2.lvd142m"].img_size == 518
    assert listed["vit_small_patch14_dinov2.lvd142m"].fixed_img_size


def test_an_architecture_without_weights_is_listed_by_its_bare_name(listed: dict[str, TimmModel]) -> None:
    assert listed["test_mambaout"].is_default_tag
    assert "test_mambaout" in {model.architecture for model in listed.values()}


def test_every_architecture_has_exactly_one_default_tag(listed: dict[str, TimmModel]) -> None:
    defaults = [model.architecture for model in listed.values() if model.is_default_tag]
    assert len(defaults) == len(set(defaults))
    assert set(defaults) == {model.architecture for model in listed.values()}


def test_the_catalogue_names_and_sizes_are_timms(listed: dict[str, TimmModel]) -> None:
    rows = read_catalogue()
    assert set(rows["model_name"]) <= set(listed)
    sizes = dict(zip(rows["model_name"], rows["default_img_size"], strict=True))
    assert sizes == {name: listed[name].img_size for name in sizes}
    known = TimmModels("installed", tuple(listed.values()))
    for shortlist in SHORTLISTS.values():
        assert [known.find(name).model_name for name in shortlist.models] == list(shortlist.models)


# --- one round -------------------------------------------------------------------------------------------------------


def test_a_round_times_exactly_what_was_asked_for(context: BaseContext) -> None:
    measured, counts = call(context, "bakeoff_core.models.timm_models:measure_round", request(passes=7))
    assert len(measured.times_s) == 7
    assert all(0 < seconds < 30 for seconds in measured.times_s)
    assert measured.warmup_passes >= 6
    assert not measured.capped
    assert measured.outside_cores is None or measured.outside_cores >= 0
    assert measured.peak_memory_bytes > 0
    assert counts == {"param_count": 371_240, "weight_bytes": 4 * 371_240, "macs": 38_055_488}


@pytest.mark.parametrize("model_name", [TINY, "test_efficientnet.r160_in1k", "test_byobnet.r160_in1k"])
def test_a_round_at_two_images_in_bfloat16_halves_the_weights(context: BaseContext, model_name: str) -> None:
    task = "bakeoff_core.models.timm_models:measure_round"
    _, single = call(context, task, request(model_name))
    measured, half = call(context, task, request(model_name, dtype="bfloat16", batch_size=2))
    assert len(measured.times_s) == 4
    assert half["param_count"] == single["param_count"]
    assert half["macs"] == single["macs"]  # of one image
    assert half["weight_bytes"] == pytest.approx(single["weight_bytes"] / 2, rel=0.01)  # batch counters stay int64


def test_a_round_counts_nothing_where_it_was_not_asked_to(context: BaseContext) -> None:
    _, counts = call(context, "bakeoff_core.models.timm_models:measure_round", request(count=False))
    assert counts is None


def test_a_cap_ends_the_round_and_is_noted(context: BaseContext) -> None:
    measured, _ = call(
        context, "bakeoff_core.models.timm_models:measure_round", request(passes=10_000, cap_s=0.1, count=False)
    )
    assert measured.capped
    assert len(measured.times_s) < 10_000


def test_whoever_receives_a_round_does_not_load_torch_with_it(tmp_path: Path) -> None:
    (tmp_path / "round.pickle").write_bytes(pickle.dumps(measure_round(request())))
    code = (
        "import pickle, sys; from pathlib import Path\n"
        f"pickle.loads(Path({str(tmp_path / 'round.pickle')!r}).read_bytes())\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_cuda_is_refused_where_torch_cannot_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert timm_models.pick_device("auto") == timm_models.pick_device("cpu") == "cpu"
    with pytest.raises(RuntimeError, match="torch cannot use CUDA on this machine. Measure with `--device cpu`"):
        timm_models.pick_device("cuda")


def test_auto_takes_cuda_where_torch_can_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [timm_models.pick_device(d) for d in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


# --- memory ----------------------------------------------------------------------------------------------------------


def hold(megabytes: int) -> np.ndarray:
    """Take this much memory, and touch it all."""
    return np.ones(megabytes * MEGABYTE, dtype=np.uint8)


def peaks() -> tuple[int, int, int]:
    """Peaks after holding 300 MB, after forgetting that, and after holding 50 MB again."""
    meter = PeakMemory(torch.device("cpu"))
    held = hold(300)
    del held
    first = meter.peak_bytes()
    meter.forget_peak()
    forgotten = meter.peak_bytes()
    held = hold(50)
    del held
    return first, forgotten, meter.peak_bytes()


def test_the_peak_is_what_was_held_at_most_and_can_be_forgotten(context: BaseContext) -> None:
    first, forgotten, second = call(context, f"{__name__}:peaks")
    assert first == pytest.approx(300 * MEGABYTE, rel=0.05)
    assert forgotten < 15 * MEGABYTE
    assert second == pytest.approx(50 * MEGABYTE, abs=15 * MEGABYTE)


def peak_of_a_large_model(dtype: str) -> int:
    """Measure a round of a model whose weights are 200 MB in float32 and whose passes need little."""

    class Large(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(50 * MEGABYTE))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean(dim=(1, 2, 3)) + self.weight[0]

    timm_models.create_backbone = lambda name, img_size: Large().eval()
    return measure_round(request(dtype=dtype, count=False))[0].peak_memory_bytes


@pytest.mark.parametrize(("dtype", "megabytes"), [("float32", 200), ("bfloat16", 100)])
def test_the_peak_of_a_model_holds_its_weights_at_their_dtype(context: BaseContext, dtype: str, megabytes: int) -> None:
    peak = call(context, f"{__name__}:peak_of_a_large_model", dtype)
    assert peak == pytest.approx(megabytes * MEGABYTE, abs=40 * MEGABYTE)


def peak_of_a_large_activation() -> int:
    """Measure a round of a model without weights whose passes hold 150 MB."""

    class Wide(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.ones(150 * MEGABYTE // 4).sum() + images.mean()

    timm_models.create_backbone = lambda name, img_size: Wide().eval()
    return measure_round(request(count=False, cap_s=1.0))[0].peak_memory_bytes


def test_the_peak_of_a_model_holds_its_activations(context: BaseContext) -> None:
    peak = call(context, f"{__name__}:peak_of_a_large_activation")
    assert peak == pytest.approx(150 * MEGABYTE, abs=40 * MEGABYTE)


def test_where_the_mark_cannot_be_reset_an_older_higher_peak_is_not_taken_for_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Sealed(type(Path())):
        def write_text(self, *args: object, **kwargs: object) -> int:
            raise PermissionError

    marks = [900 * MEGABYTE]
    monkeypatch.setattr(timm_models, "Path", Sealed)
    monkeypatch.setattr(timm_models, "_high_water_mark", lambda: marks[0])
    meter = PeakMemory(torch.device("cpu"))
    meter.forget_peak()
    assert meter.peak_bytes() is None
    marks[0] = 10_000 * MEGABYTE
    assert meter.peak_bytes() == 10_000 * MEGABYTE - meter._idle


# --- failures in words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("err", "words"),
    [
        (
            RuntimeError("[enforce fail] can't allocate memory:\n 9 bytes"),
            "Out of memory: [enforce fail] can't allocate",
        ),
        (MemoryError(), "Out of memory: MemoryError"),
        (torch.cuda.OutOfMemoryError("CUDA out of memory"), "Out of memory: CUDA out of memory"),
        (AssertionError(), "AssertionError"),
        (ValueError("two\n  lines"), "two lines"),
    ],
)
def test_a_failure_is_one_line_that_names_memory_where_it_ran_out(err: Exception, words: str) -> None:
    assert describe_failure(err).startswith(words)
    assert "\n" not in describe_failure(err)


def test_a_failure_of_any_length_is_cut() -> None:
    assert len(describe_failure(ValueError("x" * 10_000))) == 300
