"""The images that a frozen backbone finds most like one of them: by the cosine of their kept features.

Not covered: computing features (`features.extract`), and the vote of neighbours as a classifier
(`features.classifiers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff_core.features.store import read_features

BLOCK_ROWS = 4096
"""Rows compared at a time, so that the memory needed does not grow with the images."""

DECIMALS = 6
"""Of a cosine in float32; what differs beyond is rounding, and counts as equally near."""


@dataclass(frozen=True)
class Neighbour:
    """An image and how like another one it is."""

    split: str
    row: int
    """Its place in the split."""
    cosine: float
    """Of the angle between their features, -1 to 1."""


def nearest(key: str, splits: Sequence[str], split: str, row: int, count: int) -> list[Neighbour]:
    """Return the images nearest to one of them, the nearest first; equally near ones in their order.

    Args:
        key: Of the kept features, as `features.store.features_key` returns it.
        splits: Where to look.
        split: Where the image itself is; it is never its own neighbour.
        row: Its place there.
        count: How many at most.

    Raises:
        LookupError: The image's features are not kept, or not whole.
    """
    own = read_features(key, split)
    if own is None or not 0 <= row < len(own):
        raise LookupError(f"there are no features of image {row} of {split} under {key}.")
    query = _of_length_one(own[row : row + 1])[0]
    found: list[tuple[float, int, str, int]] = []
    for place, name in enumerate(splits):
        kept = read_features(key, name)
        for start in range(0, 0 if kept is None else len(kept), BLOCK_ROWS):
            cosines = np.round(_of_length_one(kept[start : start + BLOCK_ROWS]) @ query, DECIMALS)
            if name == split and start <= row < start + len(cosines):
                cosines[row - start] = -np.inf
            best = np.argsort(-cosines, kind="stable")[:count]
            found += [(-float(cosines[at]), place, name, start + int(at)) for at in best if np.isfinite(cosines[at])]
    return [Neighbour(name, at, -negative) for negative, _, name, at in sorted(found)[:count]]


def _of_length_one(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; those of zeros stay so, and are like nothing."""
    rows = np.asarray(rows, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
