"""Splits that are made here: drawn from each class or stratum with one seed, the same on every machine.

Not covered: splits that a data set brings along (`flowers102`, `folders`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from bakeoff_core.dataset_index import LabelledImage

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


def _drawn(images: Iterable[LabelledImage], count: int, salt: object) -> list[LabelledImage]:
    """Draw so many images; the same ones on every machine."""
    return random.Random(f"{SPLIT_SEED} {salt}").sample(list(images), count)
