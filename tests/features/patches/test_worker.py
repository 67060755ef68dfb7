"""Patches of convolutions and of tokens in one form, and the job that looks at an image, for real."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.features.patches import request as patches_request
from bakeoff_core.features.patches.request import Look, failure_of, look_of, start_look
from bakeoff_core.features.patches.store import read_look, similarities
from bakeoff_core.features.patches.worker import LAST, look_at, patch_maps
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.models.torchvision_compat import prepare_torchvision
from bakeoff_core.profiling.request import make_spec, start_measuring
from tests.support.processes import wait_until

prepare_torchvision()
import timm  # noqa: E402  (torchvision must be prepared first)

LITE0 = "tf_efficientnet_lite0.in1k"
LONG_S = 120


def images(size: int) -> torch.Tensor:
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(3))


def maps_of(name: str, size: int) -> tuple[nn.Module, tuple]:
    torch.manual_seed(0)
    model = timm.create_model(name, pretrained=False, num_classes=2).eval()
    with torch.inference_mode():
        return model, patch_maps(model, images(size))


@pytest.mark.parametrize(
    ("name", "size", "last", "finer"),
    [
        ("tf_efficientnet_lite0", 224, (7, 7), (14, 14)),  # channels first
        ("swin_tiny_patch4_window7_224", 224, (7, 7), (14, 14)),  # channels last
        ("levit_128s", 224, (4, 4), (7, 7)),  # tokens without a class token
        ("mixer_s32_224", 224, (7, 7), None),
    ],
)
def test_patches_are_those_that_the_head_pools_the_right_way_round(
    name: str, size: int, last: tuple[int, int], finer: tuple[int, int] | None
) -> None:
    model, maps = maps_of(name, size)
    with torch.inference_mode():
        pooled = model.forward_head(model.forward_features(images(size)), pre_logits=True)[0].numpy()
    assert maps[0].name == LAST and maps[0].grid == last
    assert np.allclose(maps[0].features.mean((0, 1)), pooled, atol=1e-4)
    assert [one.grid for one in maps[1:]] == ([finer] if finer else [])


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "eva02_tiny_patch14_224"])
def test_class_tokens_are_no_patches_and_patches_stand_in_reading_order(name: str) -> None:
    model, maps = maps_of(name, 224)
    with torch.inference_mode():
        tokens = model.forward_features(images(224))[0].numpy()
    (only,) = maps
    rows, columns = only.grid
    assert rows == columns == 224 // model.patch_embed.patch_size[0]
    assert np.array_equal(only.features[0, 1], tokens[model.num_prefix_tokens + 1])
    assert np.array_equal(only.features[1, 0], tokens[model.num_prefix_tokens + columns])


class Flat(nn.Module):
    """A backbone that keeps no grid."""

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


def test_a_backbone_without_a_grid_says_so() -> None:
    with pytest.raises(BakeoffError, match="keeps no grid of patches"):
        patch_maps(Flat(), images(32))


# --- the job ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    """Noise on the left, one colour on the right."""
    pixels = np.full((224, 224, 3), 130, np.uint8)
    pixels[:, :112] = np.random.default_rng(0).integers(0, 256, (224, 112, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "halves.png")
    return tmp_path / "halves.png"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def ended(job_id: str) -> object:
    assert wait_until(lambda: not read_job(job_id).active, LONG_S), read_job(job_id).log()
    return read_job(job_id)


@pytest.mark.usefixtures("warm_workers")
def test_a_look_keeps_the_image_as_the_backbone_gets_it_and_patches_of_one_kind_are_alike(halves: Path) -> None:
    look = Look(LITE0, "key", str(halves))
    job = ended(start_look(look).job_id)
    assert job.state == "done" and failure_of(job) is None and look_of(job) == look, job.log()
    seen = read_look(look)
    assert seen.crop.shape == (224, 224, 3) and abs(int(seen.crop[100, 200, 0]) - 130) <= 1
    alike = similarities(seen.maps[0]).reshape(7, 7, 7, 7)
    assert alike[3, 6, 3, 5] > alike[3, 6, 3, 0]  # the plain half is more like itself than like noise
    assert alike[3, 0, 3, 1] > alike[3, 0, 3, 6]


def test_a_transformer_from_the_hubs_cache_is_looked_through_too(
    halves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random weights, laid where a download would have put them."""
    name, folder = "test_vit.r160_in1k", tmp_path / "hub" / "models--timm--test_vit.r160_in1k"
    (folder / "snapshots" / "0").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0")
    save_file(timm.create_model(name, pretrained=False).state_dict(), folder / "snapshots" / "0" / "model.safetensors")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    look = Look(name, "key", str(halves))
    job = ended(start_look(look).job_id)
    assert job.state == "done", job.log()
    (only,) = read_look(look).maps
    assert only.grid == (10, 10) and read_look(look).crop.shape == (160, 160, 3)
    alike = similarities(only).reshape(10, 10, 10, 10)
    assert alike[5, 9, 5, 8] > alike[5, 9, 5, 0]


@pytest.mark.usefixtures("warm_workers")
def test_a_look_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    look = Look(LITE0, "key", str(tmp_path / "broken.png"))
    job = ended(start_look(look).job_id)
    assert "broken.png" in failure_of(job) and read_look(look) is None
    gone = ended(start_look(Look(LITE0, "key", str(tmp_path / "gone.png"))).job_id)
    assert "no longer where it was ranked" in failure_of(gone)


def test_a_newer_look_takes_the_place_of_one_under_way(halves: Path, request: pytest.FixtureRequest) -> None:
    first = start_look(Look(LITE0, "one", str(halves)))
    request.getfixturevalue("warm_workers")  # the newer one, so that it is soon there
    second = start_look(Look(LITE0, "two", str(halves)))
    assert read_job(first.job_id).state == "stopped"
    assert ended(second.job_id).state == "done"


def test_folders_of_ended_looks_do_not_pile_up(halves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches_request, "JOBS_KEPT", 1)
    first, second, third = (start_look(Look(LITE0, name, str(halves))) for name in ("one", "two", "three"))
    stop_job(third.job_id)
    assert not first.folder.exists()
    assert second.folder.exists() and third.folder.exists()


def test_looking_gives_way_to_measuring(halves: Path) -> None:
    job = start_look(Look(LITE0, "key", str(halves)))
    measuring = start_measuring(make_spec(["test_vit"]))
    try:
        assert read_job(job.job_id).state == "stopped"
        with pytest.raises(BusyError, match="looking at an image would spoil its timings"):
            start_look(Look(LITE0, "key", str(halves)))
    finally:
        stop_job(measuring.job_id)


def test_an_image_of_sixteen_bits_is_looked_at_as_bright_as_it_was_ranked(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((64, 64), 2048, np.uint16)).save(path)
    found = [look_at(Look(LITE0, "key", str(path), ranges)).crop for ranges in ({}, {"I;16": (0, 4095)})]
    assert [(int(crop.min()), int(crop.max())) for crop in found] == [(8, 8), (128, 128)]
