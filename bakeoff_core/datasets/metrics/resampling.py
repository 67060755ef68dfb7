"""The bootstrap: what a metric might have been on other test images of the same classes.

Every draw has as many images of each class as the test set, drawn with replacement (stratified; Efron and Tibshirani
1993, An Introduction to the Bootstrap, chapters 8 and 13), so that no class is missing from one. What depends on the
answers alone is drawn as counts of equal answers, which is the same and takes no time. Loads scipy; only workers use
it. Not covered: intervals that have a formula (`stats`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from bakeoff_core.datasets.metrics.answers import Answers

DRAWS = 1000
TOLD_APART = 95.0
"""Percent of the draws that an interval holds."""
CHUNK = 2_000_000
"""Numbers that are drawn in one go; more would only need more memory."""


def percentile_interval(draws: np.ndarray, value: float) -> tuple[float, float]:
    """Return what holds 95 % of the draws, shape (draws,), and the value itself in any case."""
    low, high = np.percentile(draws, [(100 - TOLD_APART) / 2, (100 + TOLD_APART) / 2])
    return min(float(low), value), max(float(high), value)


class Redrawn:
    """Counts that one classifier's answers had in draws; the classes are those that have a label or an answer."""

    def __init__(self, found: np.ndarray, answered: np.ndarray, there: np.ndarray) -> None:
        """Keep them.

        Args:
            found: Images of each class that were answered rightly, shape (draws, classes).
            answered: Images answered with each class, shape (draws, classes).
            there: Images of each class, shape (classes,); the same in all draws.
        """
        self._found, self._answered, self._there = found, answered, there

    def accuracy(self) -> np.ndarray:
        """Return percent by draw, shape (draws,)."""
        return 100 * self._found.sum(1) / self._there.sum()

    def balanced_accuracy(self) -> np.ndarray:
        """Return percent by draw, shape (draws,); classes without images do not count."""
        there = self._there > 0
        return 100 * (self._found[:, there] / self._there[there]).mean(1)

    def macro_f1(self) -> np.ndarray:
        """Return percent by draw, shape (draws,); classes with neither images nor answers do not count."""
        both = self._answered + self._there
        with np.errstate(invalid="ignore"):
            return 100 * np.nanmean(np.where(both > 0, 2 * self._found / np.where(both > 0, both, 1), np.nan), axis=1)


def redraw(
    labels: np.ndarray, predictions: tuple[np.ndarray, ...], seed: int = 0, draws: int = DRAWS
) -> tuple[Redrawn, ...]:
    """Draw the images anew, and count what each of several classifiers answered on the same draws.

    Args:
        labels: Shape (images,).
        predictions: Of each classifier, shape (images,).
        seed: Fixes the draws.
        draws: How many.
    """
    classes, places = np.unique(np.concatenate([labels, *predictions]), return_inverse=True)
    parts = places.reshape(1 + len(predictions), len(labels))
    cells, counts = np.unique(parts, axis=1, return_counts=True)  # equal answers to images of one class, by class
    there = np.bincount(parts[0], minlength=len(classes))
    indicators = []
    for answer in cells[1:]:
        right = (answer == cells[0]).astype(float)
        shape, at = (len(counts), len(classes)), (np.arange(len(counts)), answer)
        indicators.append((sparse.csr_matrix((right, at), shape), sparse.csr_matrix((np.ones_like(right), at), shape)))
    found: list[list[np.ndarray]] = [[] for _ in indicators]
    answered: list[list[np.ndarray]] = [[] for _ in indicators]
    for drawn in _drawn_counts(cells[0], counts, seed, draws):
        for at, (right, given) in enumerate(indicators):
            found[at].append(drawn @ right)
            answered[at].append(drawn @ given)
    return tuple(
        Redrawn(np.concatenate(of), np.concatenate(given), there) for of, given in zip(found, answered, strict=True)
    )


def redraw_average_precision(answers: tuple[Answers, ...], seed: int = 0, draws: int = DRAWS) -> np.ndarray:
    """Return the average precision in percent of each classifier on the same draws, shape (classifiers, draws).

    Args:
        answers: To the same images, of classifiers of two classes.
        seed: Fixes the draws.
        draws: How many.
    """
    is_positive = answers[0].labels == answers[0].positive
    found: list[list[np.ndarray]] = [[] for _ in answers]
    for drawn in _drawn_images(is_positive, seed, draws):
        for at, of in enumerate(answers):
            found[at].append(100 * average_precisions(is_positive, of.probability, drawn))
    return np.array([np.concatenate(of) for of in found])


def average_precisions(is_positive: np.ndarray, probability: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the average precision of each draw, 0 to 1, shape (draws,).

    It is `sklearn.metrics.average_precision_score` with the draws as `sample_weight`: the mean of the precisions at the
    thresholds, weighted by what recall each adds. That sorts and checks its input anew for every draw, which takes a
    hundred times as long.

    Args:
        is_positive: Of each image, shape (images,); one at least is.
        probability: Of that class, shape (images,).
        drawn: How often each image is in a draw, shape (draws, images).
    """
    order = np.argsort(-probability, kind="stable")
    # The last image of each probability: equal ones are answered alike.
    thresholds = np.flatnonzero(np.diff(probability[order], append=np.nan) != 0)
    flagged = np.cumsum(drawn[:, order], axis=1)[:, thresholds]
    right = np.cumsum(drawn[:, order] * is_positive[order], axis=1)[:, thresholds]
    # Where nothing of a draw is flagged, recall has not changed, so that any number will do.
    precision = right / np.maximum(flagged, 1)
    return (np.diff(right, axis=1, prepend=0) * precision).sum(1) / right[:, -1]


def _drawn_images(is_positive: np.ndarray, seed: int, draws: int) -> Iterator[np.ndarray]:
    """How often each image is drawn, shape (some draws, images), until there are `draws`."""
    generator = np.random.default_rng(seed)
    places = [at for at in (np.flatnonzero(is_positive), np.flatnonzero(~is_positive)) if len(at)]
    at_once = max(1, min(draws, CHUNK // len(is_positive)))
    for done in range(0, draws, at_once):
        drawn = np.zeros((min(at_once, draws - done), len(is_positive)), dtype=np.int64)
        for row in drawn:
            for at in places:
                row[at] = generator.multinomial(len(at), np.full(len(at), 1 / len(at)))
        yield drawn


def _drawn_counts(labels: np.ndarray, counts: np.ndarray, seed: int, draws: int) -> Iterator[np.ndarray]:
    """How often each cell is drawn, shape (some draws, cells), until there are `draws`; cells lie class by class."""
    generator = np.random.default_rng(seed)
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    classes = [slice(start, end) for start, end in zip(starts, [*starts[1:], len(labels)], strict=True)]
    at_once = max(1, min(draws, CHUNK // len(counts)))
    for done in range(0, draws, at_once):
        several = min(at_once, draws - done)
        yield np.concatenate(
            [generator.multinomial(counts[of].sum(), counts[of] / counts[of].sum(), several) for of in classes], axis=1
        )
