"""Splits that are made here: drawn from each class or stratum with one seed, the same on every machine.

Not covered: splits that a data set brings along (`datasets.flowers102`, `datasets.image_folder`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bakeoff_core.datasets.records import ImageDataset, LabelledImage
from bakeoff_core.errors import BakeoffError

SPLIT_SEED = 2026
"""Fixes every split that is made here."""
VAL_SHARE, TEST_SHARE = 0.15, 0.15
"""Shares of a data set that has no splits of its own."""


def split_by_class(images: Sequence[LabelledImage], share: float) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Take a share of each class, at least one image and never all of them.

    Returns:
        The rest and what was taken, both in the order of `images`.
    """
    by_class: dict[int, list[LabelledImage]] = {}
    for image in images:
        by_class.setdefault(image.label, []).append(image)
    taken: set[Path] = set()
    for label, mine in sorted(by_class.items()):
        count = min(len(mine) - 1, max(1, round(share * len(mine))))
        taken |= {image.path for image in _drawn(mine, count, label)}
    return [i for i in images if i.path not in taken], [i for i in images if i.path in taken]


def stratified(
    images: Sequence[LabelledImage], strata: Sequence[tuple], count: int
) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Take exactly `count` images, from each stratum in proportion (largest remainders).

    Args:
        images: What to take from.
        strata: What each image is like.
        count: How many to take.

    Returns:
        The rest and what was taken, both in the order of `images`.
    """
    groups: dict[tuple, list[LabelledImage]] = {}
    for image, stratum in zip(images, strata, strict=True):
        groups.setdefault(stratum, []).append(image)
    quotas = {stratum: count * len(mine) / len(images) for stratum, mine in groups.items()}
    sizes = {stratum: int(quota) for stratum, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda stratum: (sizes[stratum] - quotas[stratum], stratum))
    for stratum in by_remainder[: count - sum(sizes.values())]:
        sizes[stratum] += 1
    taken = {image.path for stratum, mine in groups.items() for image in _drawn(mine, sizes[stratum], stratum)}
    return [i for i in images if i.path not in taken], [i for i in images if i.path in taken]


def limited(dataset: ImageDataset, limit: int) -> ImageDataset:
    """Keep so many images of a data set, drawn from its splits and classes in proportion.

    At least one image of every class stays to train on, one to test on, and no more than half are for the test. The
    same limit keeps the same images on every machine.

    Raises:
        BakeoffError: The limit is too low for that.
    """
    splits, classes = dataset.splits(), len(dataset.classes)
    total = sum(map(len, splits.values()))
    if total <= limit:
        return dataset
    if limit <= classes:
        raise BakeoffError(
            f"{dataset.title} has {classes} classes, and each needs an image to train on, and the test one more: "
            f"`limit` must be at least {classes + 1}. Got {limit}."
        )
    share = round(limit * len(dataset.test) / total)
    test = max(1, min(share, limit // 2, limit - classes))
    learn = limit - test
    train = min(len(dataset.train), max(classes, round(learn * len(dataset.train) / (total - len(dataset.test)))))
    sizes = {"train": train, "val": min(len(dataset.val), learn - train), "test": test}
    kept = {split: _some_of_each(images, sizes[split]) for split, images in splits.items()}
    used = f"{sum(sizes.values()):,} of the {total:,} images"
    note = f"Only {used} are used, drawn from each class with the seed {SPLIT_SEED}."
    return replace(dataset, **kept, notes=(*dataset.notes, note))


def _some_of_each(images: Sequence[LabelledImage], count: int) -> tuple[LabelledImage, ...]:
    """So many images in their order: one of each class as far as they go, the rest in proportion."""
    by_class: dict[int, list[LabelledImage]] = {}
    for image in images:
        by_class.setdefault(image.label, []).append(image)
    firsts = {_drawn(mine, 1, f"first {label}")[0].path for label, mine in sorted(by_class.items())}
    if count < len(firsts):
        return tuple(stratified(images, [(image.label,) for image in images], count)[1])
    others = [image for image in images if image.path not in firsts]
    more = stratified(others, [(image.label,) for image in others], count - len(firsts))[1] if others else []
    chosen = firsts | {image.path for image in more}
    return tuple(image for image in images if image.path in chosen)


def _drawn(images: Iterable[LabelledImage], count: int, salt: object) -> list[LabelledImage]:
    """Draw so many images; the same ones on every machine."""
    return random.Random(f"{SPLIT_SEED} {salt}").sample(list(images), count)
