"""What there is to say and to show of a data set: classes, counts, sizes, what was left out, and a few images.

Only headers are read. Not covered: wording and drawing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff_core.datasets.images import image_size
from bakeoff_core.datasets.records import ImageDataset, LabelledImage, SkippedFile, evenly_spaced
from bakeoff_core.datasets.splits import SPLIT_SEED
from bakeoff_core.errors import ImageFileError

MOST_SAMPLES = 12
MOST_SIZES = 200
"""Headers that are read to tell the sizes."""
MOST_SKIPPED = 20
"""Skipped files that are named; all of them are counted."""


@dataclass(frozen=True)
class ClassCount:
    """How many images of a class there are."""

    name: str
    train: int
    val: int
    test: int


@dataclass(frozen=True)
class ImageSizes:
    """Width and height in pixels, as the files' headers have them, ordered by area."""

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    images: int
    """How many were looked at."""


@dataclass(frozen=True)
class DatasetSummary:
    """What a page says of a data set."""

    name: str
    """One of `datasets.registry.DATASETS`."""
    title: str
    licence: str
    notes: tuple[str, ...]
    """What a reader of results must know."""
    classes: tuple[ClassCount, ...]
    """By label."""
    images: dict[str, int]
    """Number of images by split: `train`, `val`, `test`."""
    sizes: ImageSizes | None
    """`None` where no header could be read."""
    skipped_count: int
    skipped: tuple[SkippedFile, ...]
    """The first ones, with reasons."""


def describe_dataset(dataset: ImageDataset) -> DatasetSummary:
    """Return what there is to say of a data set; reads the headers of up to `MOST_SIZES` images."""
    counts = {
        split: np.bincount([image.label for image in images], minlength=len(dataset.classes))
        for split, images in dataset.splits().items()
    }
    return DatasetSummary(
        name=dataset.name,
        title=dataset.title,
        licence=dataset.licence,
        notes=dataset.notes,
        classes=tuple(
            ClassCount(name, **{split: int(of_class[label]) for split, of_class in counts.items()})
            for label, name in enumerate(dataset.classes)
        ),
        images={split: len(images) for split, images in dataset.splits().items()},
        sizes=_sizes([image for images in dataset.splits().values() for image in images]),
        skipped_count=len(dataset.skipped),
        skipped=dataset.skipped[:MOST_SKIPPED],
    )


def sample_images(dataset: ImageDataset, count: int = MOST_SAMPLES) -> tuple[LabelledImage, ...]:
    """Choose a few training images, the same ones each time, as many of each class as of any other.

    Args:
        dataset: What to choose from.
        count: How many at most, up to `MOST_SAMPLES`. With more classes than that, one image of each of so many
            classes, spread evenly; with fewer, as many full rounds over the classes as fit.

    Returns:
        The images, by label.

    Raises:
        ValueError: `count` is out of range.
    """
    if not 1 <= count <= MOST_SAMPLES:
        raise ValueError(f"`count` must be 1 to {MOST_SAMPLES}. Got {count}.")
    by_label: dict[int, list[LabelledImage]] = {}
    for image in dataset.train:
        by_label.setdefault(image.label, []).append(image)
    labels = evenly_spaced(sorted(by_label), count)
    each = max(1, count // max(1, len(labels)))
    return tuple(
        image
        for label in labels
        for image in random.Random(f"{SPLIT_SEED} sample {label}").sample(
            by_label[label], min(each, len(by_label[label]))
        )
    )


def _sizes(images: Sequence[LabelledImage]) -> ImageSizes | None:
    sizes = []
    for image in evenly_spaced(images, MOST_SIZES):
        try:
            sizes.append(image_size(image.path))
        except ImageFileError:
            continue
    if not sizes:
        return None
    sizes.sort(key=lambda size: (size[0] * size[1], size))
    return ImageSizes(sizes[0], sizes[len(sizes) // 2], sizes[-1], len(sizes))
