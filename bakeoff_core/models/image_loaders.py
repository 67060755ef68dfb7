"""Images in batches for a worker: decoded beside the model, in an order that a seed fixes.

Imports torch; only workers use it. Not covered: which images (`datasets.registry`), how they are transformed
(`models.pretrained`).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from bakeoff_core.datasets.image_opening import known_formats
from bakeoff_core.datasets.images import open_rgb
from bakeoff_core.datasets.records import LabelledImage, labels_of
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import counted
from bakeoff_core.jobs.isolation import follow_parent, fork_server
from bakeoff_core.jobs.kinds import DECODING
from bakeoff_core.system.machine import usable_cores

known_formats()  # here, for the fork server: each decoder of each pass would else load them anew


class ImageFiles(Dataset):
    """Images on disk with their labels."""

    def __init__(self, images: Sequence[LabelledImage], transform: Callable[[Any], torch.Tensor]) -> None:
        self._images = images
        self.transform = transform
        """May be replaced between two passes."""

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self._images[index]
        return self.transform(open_rgb(image.path, image.value_ranges)), image.label


class BalancedSampler(WeightedRandomSampler):
    """As many images as there are, drawn with replacement so that every class is drawn alike.

    An epoch's draw depends on nothing but the seed and the epoch's number: every process makes the same one, of which
    Accelerate gives it its share, and a resumed run makes it again and skips what it has trained on.
    """

    def __init__(self, labels: np.ndarray, seed: int) -> None:
        """Prepare to draw.

        Args:
            labels: Integers of shape (images,).
            seed: Fixes what is drawn.
        """
        super().__init__(draw_weights(labels), len(labels), generator=torch.Generator())
        self._seed, self._epoch = seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which pass comes next; Accelerate's loaders pass it on."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self.generator.manual_seed(self._seed + self._epoch)
        yield from super().__iter__()


def draw_weights(labels: np.ndarray) -> torch.Tensor:
    """Return how likely each image is to be drawn so that every class is drawn alike: float64 of shape (images,)."""
    return torch.from_numpy(1 / np.bincount(labels)[labels])


def training_loader(
    images: Sequence[LabelledImage], transform: Callable, batch_size: int, seed: int, *, balanced: bool = False
) -> DataLoader:
    """Return shuffled batches; what is left over after whole ones is dropped, as a batch norm can't be trained on one.

    Args:
        images: At least `batch_size` of them.
        transform: PIL image to a tensor of shape (3, size, size).
        batch_size: Of all processes together; as `shared_batch_size` returns it.
        seed: Fixes the order.
        balanced: Draw every class alike (`BalancedSampler`), in place of every image once.
    """
    return DataLoader(
        ImageFiles(images, transform),
        batch_size=batch_size,
        shuffle=None if balanced else True,
        sampler=BalancedSampler(labels_of(images), seed) if balanced else None,
        drop_last=True,
        generator=torch.Generator().manual_seed(seed),
        **_workers(),
    )


def shared_batch_size(batch_size: int, images: int, processes: int) -> int:
    """Return the images of a step: those asked for, or as many as there are and processes can share evenly.

    Args:
        batch_size: Asked for; a multiple of the number of processes.
        images: To train on.
        processes: That share each batch.

    Raises:
        BakeoffError: There are fewer images than processes.
    """
    if images < processes:
        raise BakeoffError(
            f"Each of {processes} processes needs an image of its own in every step, and there "
            f"{'is' if images == 1 else 'are'} {counted(images, 'image')} to train on. Train with `--processes "
            f"{max(1, images)}` at most."
        )
    return min(batch_size, images // processes * processes)


def evaluation_loader(images: Sequence[LabelledImage], transform: Callable, batch_size: int) -> DataLoader:
    """Return all images in order."""
    return DataLoader(ImageFiles(images, transform), batch_size=batch_size, shuffle=False, **_workers())


def shared(
    accelerator: Accelerator,
    images: Sequence[LabelledImage],
    compute: Callable[[Sequence[LabelledImage], Callable[[int], Any]], np.ndarray],
    progress: Callable[[int], Any] = lambda done: None,
) -> np.ndarray:
    """Let every process compute a row for each of its images, and return all rows, in order, in every process.

    Args:
        accelerator: Says which process this is, of how many.
        images: All of them; the same in every process.
        compute: Images, and what to tell the number done, to an array of as many rows.
        progress: Told the number of images done by all.
    """
    count, mine = accelerator.num_processes, images[accelerator.process_index :: accelerator.num_processes]
    found = compute(mine, lambda done: progress(min(len(images), done * count)))
    if count == 1:
        return found
    parts = gather_object([found])
    rows = np.empty((len(images), *found.shape[1:]), found.dtype)
    for at, part in enumerate(parts):
        rows[at::count] = part
    return rows


def _workers() -> dict[str, Any]:
    """Decoding needs about a tenth of what the model needs: one process for each two cores keeps up."""
    return {
        "num_workers": max(1, usable_cores() // 2),
        "worker_init_fn": _ignore_our_signals,
        "persistent_workers": False,
        # Forked from the trainer, a decoder would share its gigabytes, and each page the trainer then writes to would
        # first be copied: seconds of every pass. A fork server starts them from a small process.
        "multiprocessing_context": fork_server(DECODING),
        "pin_memory": torch.cuda.is_available(),
    }


def _ignore_our_signals(worker: int) -> None:
    """The job's way to stop is not its decoders': they end with their parent."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # PyTorch's own watch looks at the fork server, which lives as long as we do: a killed trainer would leave both.
    threading.Thread(target=follow_parent, daemon=True, name="follow the trainer").start()
    torch.set_num_threads(1)
