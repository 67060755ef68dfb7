"""How many images a step takes where several processes share it."""

from __future__ import annotations

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.models.image_loaders import shared_batch_size


@pytest.mark.parametrize(
    ("batch_size", "images", "processes", "used"),
    [(32, 1000, 1, 32), (32, 1000, 4, 32), (32, 3, 1, 3), (32, 3, 2, 2), (32, 4, 2, 4), (32, 31, 4, 28), (2, 2, 2, 2)],
)
def test_a_step_takes_what_processes_can_share_evenly(batch_size: int, images: int, processes: int, used: int) -> None:
    assert shared_batch_size(batch_size, images, processes) == used


@pytest.mark.parametrize(("images", "there"), [(3, "there are 3 images"), (1, "there is 1 image")])
def test_fewer_images_than_processes_are_refused_with_what_would_do(images: int, there: str) -> None:
    with pytest.raises(BakeoffError, match=f"{there} to train on. Train with `--processes {images}` at most."):
        shared_batch_size(32, images, 4)
