"""Images in batches for a worker: decoded beside the model, in an order that a seed fixes.

Imports torch; only workers use it. Not covered: which images (`datasets`), how they are transformed (`transfer`).
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from bakeoff_core.datasets import LabelledImage
from bakeoff_core.image_files import open_rgb
from bakeoff_core.machine import usable_cores


class ImageFiles(Dataset):
    """Images on disk with their labels."""

    def __init__(self, images: Sequence[LabelledImage], transform: Callable[[Any], torch.Tensor]) -> None:
        self._images = images
        self._transform = transform

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self._images[index]
        return self._transform(open_rgb(image.path)), image.label


def training_loader(images: Sequence[LabelledImage], transform: Callable, batch_size: int, seed: int) -> DataLoader:
    """Return shuffled batches; the last one of an epoch is dropped unless it is the only one.

    A batch norm can't be trained on a single image, so a lone remainder would be an error.
    """
    return DataLoader(
        ImageFiles(images, transform),
        batch_size=min(batch_size, len(images)),
        shuffle=True,
        drop_last=True,
        generator=torch.Generator().manual_seed(seed),
        **_workers(),
    )


def evaluation_loader(images: Sequence[LabelledImage], transform: Callable, batch_size: int) -> DataLoader:
    """Return all images in order."""
    return DataLoader(ImageFiles(images, transform), batch_size=batch_size, shuffle=False, **_workers())


def _workers() -> dict[str, Any]:
    """Decoding needs about a tenth of what the model needs: one process for each two cores keeps up."""
    return {
        "num_workers": max(1, usable_cores() // 2),
        "worker_init_fn": _ignore_our_signals,
        "persistent_workers": False,
        "pin_memory": torch.cuda.is_available(),
    }


def _ignore_our_signals(worker: int) -> None:
    """The job's way to stop is not its decoders': they end with their parent."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)
