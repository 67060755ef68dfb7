"""Features computed and kept; with real backbones they are tested where they are used (`test_rank_worker`)."""

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import nn

from bakeoff_core.datasets.images import open_rgb
from bakeoff_core.datasets.records import LabelledImage
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.features.extract import keep_features
from bakeoff_core.features.frozen_backbone import FrozenBackbone
from bakeoff_core.features.store import MIRRORED, PLAIN, features_file, missing_views, read_features, read_rate
from tests.support.image_folders import fill_classes


class MeanColour(nn.Module):
    """A backbone whose features are known: the mean of each channel, and how much its left half outweighs its right."""

    head_hidden_size = 6

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def forward_head(self, maps: torch.Tensor, pre_logits: bool) -> torch.Tensor:
        half = maps.shape[-1] // 2
        return torch.cat([maps.mean((2, 3)), (maps[..., :half] - maps[..., half:]).mean((2, 3))], 1)


def to_tensor(image: object) -> torch.Tensor:
    """An image's pixels, its left half doubled."""
    pixels = torch.from_numpy(np.array(image, np.float32)).permute(2, 0, 1)
    pixels[..., : pixels.shape[-1] // 2] *= 2
    return pixels


@pytest.fixture
def images(tmp_path: Path) -> tuple[LabelledImage, ...]:
    fill_classes(tmp_path / "own", 60)
    return read_dataset("folder", tmp_path / "own").train


def keep(images: tuple[LabelledImage, ...], split: str, views: tuple[str, ...] = (PLAIN,)) -> tuple[str, ...]:
    backbone = FrozenBackbone(MeanColour(), (3, 8, 8), torch.device("cpu"), len(images))
    return keep_features(Accelerator(cpu=True), backbone, images, to_tensor, "key", split, views)


def test_rows_are_in_the_order_of_the_images_and_mapped_from_the_disk(images: tuple[LabelledImage, ...]) -> None:
    assert keep(images, "train") == (PLAIN,)
    found = read_features("key", "train")
    assert isinstance(found, np.memmap) and not found.flags.writeable
    assert found.shape == (len(images), 6) and found.dtype == np.float32
    pixels = torch.stack([to_tensor(open_rgb(image.path)) for image in images])
    assert np.allclose(found, MeanColour().forward_head(pixels, True), atol=1e-3)


def test_a_view_that_is_missing_is_added_and_the_other_left_alone(images: tuple[LabelledImage, ...]) -> None:
    keep(images, "train")
    before = features_file("key", "train").stat().st_mtime_ns
    assert missing_views("key", "train", (PLAIN, MIRRORED)) == (MIRRORED,)
    assert keep(images, "train", (PLAIN, MIRRORED)) == (MIRRORED,)
    assert features_file("key", "train").stat().st_mtime_ns == before
    plain, mirrored = read_features("key", "train"), read_features("key", "train", MIRRORED)
    assert np.allclose(plain[:, :3], mirrored[:, :3], atol=1e-3)  # the same colours
    assert np.allclose(plain[:, 3:], -mirrored[:, 3:], atol=1e-3)  # on the other side
    assert keep(images, "train", (PLAIN, MIRRORED)) == ()


def test_no_images_have_features_of_a_known_width() -> None:
    keep((), "val")
    assert read_features("key", "val").shape == (0, 6)


def test_the_pace_is_that_of_passes_that_were_timed(images: tuple[LabelledImage, ...]) -> None:
    assert read_rate("key") is None
    keep(images, "train")
    first = read_rate("key")
    assert first.images_per_second > 0 and first.runtime.startswith("OpenVINO")
    keep(images, "train")
    assert read_rate("key") == first
