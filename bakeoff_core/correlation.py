"""Spearman's rank correlation: how well one order foretells another. Not covered: its interval (`ranking.records`)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def spearman(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float | None:
    """Return the correlation of two sides' ranks, -1 to 1, ties sharing their mean rank.

    Spearman 1904, doi:10.2307/1412159: Pearson's correlation of the ranks.

    Args:
        one: Shape (n,), without NaN.
        other: As many values.

    Returns:
        `None` where all values on one side are equal, which have no order.
    """
    a, b = (mean_ranks(np.asarray(values, float)) for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return None if scale == 0 else max(-1.0, min(1.0, float(a @ b) / scale))


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]
