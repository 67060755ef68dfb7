"""How far two accuracies are apart, with an interval: on the same images, or on images taken for different ones.

Not covered: accuracies alone (`datasets.metrics`), and what a gap means (`finetuning.comparison.records`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_975 = 1.959963984540054
"""97.5 % point of the normal distribution."""


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
    one, other = _wilson(a + b, n), _wilson(a + c, n)
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    cross = a * d - b * c
    if cross > 0:
        cross = max(0.0, cross - n / 2)  # the continuity correction of the method
    correlation = cross / math.sqrt(margins) if margins else 0.0
    return _put_together((a + b) / n, one, (a + c) / n, other, correlation)


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
    return _put_together(
        right / one_images,
        _wilson(right, one_images),
        other_right / other_images,
        _wilson(other_right, other_images),
        0.0,
    )


def mcnemar_p(counts: PairedCounts) -> float:
    """Return how likely so uneven a split of the images that one alone got right would be, were both equally good.

    McNemar's test in its exact, two-sided form: a sign test of the images on which the two differ.
    """
    from scipy.stats import binomtest  # here: it takes a second that pages need not wait for

    differing = counts.only_one + counts.only_other
    return float(binomtest(counts.only_one, differing, 0.5).pvalue) if differing else 1.0


def _wilson(right: int, images: int) -> tuple[float, float]:
    """The Wilson score interval of a share."""
    share, z = right / images, Z_975
    middle = share + z * z / (2 * images)
    half = z * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    scale = 1 + z * z / images
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _put_together(
    p1: float, interval1: tuple[float, float], p2: float, interval2: tuple[float, float], correlation: float
) -> tuple[float, float, float]:
    """Newcombe's squares: the distance of each limit of the difference from those of the two shares."""
    (l1, u1), (l2, u2) = interval1, interval2

    def distance(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x * x - 2 * correlation * x * y + y * y))

    difference = p1 - p2
    low = max(-1.0, difference - distance(p1 - l1, u2 - p2))
    high = min(1.0, difference + distance(u1 - p1, p2 - l2))
    return 100 * difference, 100 * low, 100 * high
