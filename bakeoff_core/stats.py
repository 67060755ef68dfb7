"""Intervals of proportions and of ranks: an accuracy's own, that of the gap between two, and that of two orders.

Accuracies are in percent, and so are their intervals, all of 95 %. Not covered: the interval of a latency
(`profiling.intervals`), and what a gap means (`finetuning.comparison.records`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

Z_975 = 1.959963984540054
"""97.5 % point of the normal distribution."""


# --- one accuracy ----------------------------------------------------------------------------------------------------


def wilson_interval(accuracy: ArrayLike, images: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of accuracies that were measured on so many images.

    Sampling error only: it says nothing about another recipe, another test set or another seed. Wilson's
    score interval (Wilson 1927, doi:10.1080/01621459.1927.10502953) keeps its coverage near 0 and 100 %,
    where the plain normal interval does not (Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286).

    Args:
        accuracy: In percent; a number, or as many as there are `images`.
        images: Behind each, at least 1; a null, here or in `accuracy`, makes the interval null (NaN).

    Returns:
        Lower and upper ends in percent, float64, of the shape of the two together.
    """
    share, n = np.asarray(accuracy, float) / 100, np.asarray(images, float)
    scale = 1 + Z_975**2 / n
    centre = (share + Z_975**2 / (2 * n)) / scale
    reach = Z_975 / scale * np.sqrt(share * (1 - share) / n + Z_975**2 / (4 * n**2))
    return np.clip(100 * (centre - reach), 0, 100), np.clip(100 * (centre + reach), 0, 100)


def weighted_interval(weights: ArrayLike, right: ArrayLike, images: ArrayLike) -> tuple[float, float, float]:
    """Return a weighted sum of independent accuracies, in percent, and its 95 % interval.

    The distances of each one's Wilson limits, squared and added (MOVER; Zou, Huang and Zhang 2009, Computational
    Statistics & Data Analysis 53, 1080-1085, doi:10.1016/j.csda.2008.09.033).

    Args:
        weights: Of the accuracies, shape (n,); may be negative.
        right: Images of each that were right, shape (n,).
        images: Behind each, at least 1, shape (n,).
    """
    w, n = np.asarray(weights, float), np.asarray(images, float)
    if not (n >= 1).all():
        raise ValueError(f"There must be an image behind each accuracy. Got {n.min():g}.")
    p = 100 * np.asarray(right, float) / n
    low, high = wilson_interval(p, n)
    value = float((w * p).sum())
    downwards = np.where(w > 0, w * (p - low), w * (p - high))
    upwards = np.where(w > 0, w * (high - p), w * (low - p))
    return value, value - math.sqrt((downwards**2).sum()), value + math.sqrt((upwards**2).sum())


# --- the gap between two accuracies ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairedCounts:
    """How two classifiers did on the same images; four counts."""

    both: int
    """Right by both."""
    only_one: int
    """Right by the first alone."""
    only_other: int
    """Right by the second alone."""
    neither: int
    """Right by none."""

    @property
    def images(self) -> int:
        """All of them."""
        return self.both + self.only_one + self.only_other + self.neither


def paired_interval(counts: PairedCounts) -> tuple[float, float, float]:
    """Return the first's accuracy less the second's, in points, and its 95 % interval.

    Newcombe's method 10 for paired data: the Wilson intervals of the two accuracies, put together by their
    correlation, which makes it narrower than for different images. Newcombe, R. G. (1998), Statistics in Medicine 17,
    2635-2650, doi 10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C.

    Raises:
        ValueError: There are no images.
    """
    n = counts.images
    if n < 1:
        raise ValueError("`counts` must hold at least one image. Got none.")
    a, b, c, d = counts.both, counts.only_one, counts.only_other, counts.neither
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    cross = a * d - b * c
    if cross > 0:
        cross = max(0.0, cross - n / 2)  # the continuity correction of the method
    correlation = cross / math.sqrt(margins) if margins else 0.0
    return _difference(a + b, n, a + c, n, correlation)


def independent_interval(one: float, one_images: int, other: float, other_images: int) -> tuple[float, float, float]:
    """Return the first accuracy less the second, in points, and its 95 % interval, as if of different images.

    For where only the accuracies were kept and not which images were right: wider than `paired_interval`, so it claims
    too little and not too much. Newcombe's method 10 for independent proportions: (1998), Statistics in Medicine 17,
    873-890, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    Args:
        one: Accuracy in percent.
        one_images: Behind it, at least 1.
        other: Accuracy in percent.
        other_images: Behind it, at least 1.
    """
    if min(one_images, other_images) < 1:
        raise ValueError(f"There must be an image behind each accuracy. Got {one_images} and {other_images}.")
    right, other_right = round(one / 100 * one_images), round(other / 100 * other_images)
    return _difference(right, one_images, other_right, other_images, 0.0)


def mcnemar_p(counts: PairedCounts) -> float:
    """Return how likely so uneven a split of the images that one alone got right would be, were both equally good.

    McNemar's test in its exact, two-sided form: a sign test of the images on which the two differ.
    """
    from scipy.special import bdtr  # here: its 15 MB and 0.3 s are not for pages without a gap

    fewer = min(counts.only_one, counts.only_other)
    return min(1.0, 2 * float(bdtr(fewer, counts.only_one + counts.only_other, 0.5)))


def _difference(
    right: int, images: int, other_right: int, other_images: int, correlation: float
) -> tuple[float, float, float]:
    """Newcombe's squares: the distance of each limit of the difference from those of the two accuracies."""
    p1, p2 = 100 * right / images, 100 * other_right / other_images
    (l1, u1), (l2, u2) = (map(float, wilson_interval(p, n)) for p, n in ((p1, images), (p2, other_images)))

    def distance(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x * x - 2 * correlation * x * y + y * y))

    low = max(-100.0, p1 - p2 - distance(p1 - l1, u2 - p2))
    high = min(100.0, p1 - p2 + distance(u1 - p1, p2 - l2))
    return p1 - p2, low, high


# --- two orders ------------------------------------------------------------------------------------------------------


def spearman(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float | None:
    """Return the correlation of two sides' ranks, -1 to 1, ties sharing their mean rank.

    Spearman 1904, doi:10.2307/1412159: Pearson's correlation of the ranks. By pandas, which pages have anyway: scipy's
    own takes 65 MB and two seconds to import, for the same number.

    Args:
        one: Shape (n,), without NaN.
        other: As many values.

    Returns:
        `None` where all values on one side are equal, which have no order.
    """
    rho = float(pd.DataFrame({"one": one, "other": other}).corr(method="spearman").loc["one", "other"])
    return None if math.isnan(rho) else rho


def spearman_interval(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float] | None:
    """Return Spearman's rank correlation and its 95 % interval.

    The interval is that of Fisher's z with the variance of Bonett and Wright, (1 + rho² / 2) / (n - 3): (2000),
    Psychometrika 65, 23-28, doi 10.1007/BF02294183. For a perfect order, where z has no end, it is that of an order
    with two neighbours swapped, widened to the perfect one.

    Args:
        one: At least four values.
        other: As many.

    Returns:
        `None` where all values on one side are equal, which have no order.
    """
    n = len(one)
    if n < 4 or n != len(other):
        raise ValueError(f"`one` and `other` must hold at least 4 values each, as many. Got {n} and {len(other)}.")
    rho = spearman(one, other)
    if rho is None:
        return None
    most = 1 - 12 / (n * (n * n - 1))
    inner = max(-most, min(most, rho))
    z, reach = math.atanh(inner), Z_975 * math.sqrt((1 + inner * inner / 2) / (n - 3))
    return rho, min(rho, math.tanh(z - reach)), max(rho, math.tanh(z + reach))
