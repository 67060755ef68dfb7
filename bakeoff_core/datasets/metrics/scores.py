"""Metrics of a classifier's answers, each with its 95 % interval; scikit-learn computes them.

- Accuracy, recall and precision are proportions: Wilson's interval (`stats.wilson_interval`).
- Balanced accuracy is a mean of proportions, and what accuracy has more than it a weighted sum of them: the interval is
  put together from Wilson's of each class (`stats.weighted_interval`).
- Macro F1, average precision, and gaps between two classifiers have no formula: the bootstrap
  (`datasets.metrics.resampling`). At 100 %, where no draw differs, the lower end is that of balanced accuracy or of
  recall, which are at 100 % then, too.

Only workers use it. Not covered: single classes and confusions (`datasets.metrics.classes`).
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn import metrics as sklearn_metrics

from bakeoff_core.datasets.metrics.answers import Answers
from bakeoff_core.datasets.metrics.resampling import (
    DRAWS,
    percentile_interval,
    redraw,
    redraw_average_precision,
)
from bakeoff_core.datasets.metrics.thresholds import CURVE_COLUMNS
from bakeoff_core.schema.metrics import (
    ACCURACY,
    AVERAGE_PRECISION,
    BALANCED_ACCURACY,
    MACRO_F1,
    METRICS,
    PRECISION,
    RECALL,
    Difference,
    Score,
)
from bakeoff_core.stats import weighted_interval, wilson_interval


def values_of(answers: Answers) -> dict[str, float]:
    """Return the metrics in percent, by name; takes milliseconds.

    Those of the class that matters are left out where there is none, or where it has no image; precision is where
    nothing was answered with it.
    """
    labels, predicted = answers.labels, answers.predicted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of answers whose class has no image: they are wrong
        found = {
            ACCURACY: sklearn_metrics.accuracy_score(labels, predicted),
            BALANCED_ACCURACY: sklearn_metrics.balanced_accuracy_score(labels, predicted),
            MACRO_F1: sklearn_metrics.f1_score(labels, predicted, average="macro", zero_division=0),
        }
    if answers.positive is not None and (labels == answers.positive).any():
        is_positive, flagged = labels == answers.positive, predicted == answers.positive
        found[AVERAGE_PRECISION] = sklearn_metrics.average_precision_score(is_positive, answers.probability)
        found[RECALL] = sklearn_metrics.recall_score(is_positive, flagged)
        if flagged.any():
            found[PRECISION] = sklearn_metrics.precision_score(is_positive, flagged)
    return {name: min(100.0, max(0.0, 100 * float(value))) for name, value in found.items()}


def scores_of(answers: Answers, seed: int = 0, draws: int = DRAWS) -> dict[str, Score]:
    """Return the metrics with their intervals, by name; as `values_of`, and takes tenths of a second.

    Args:
        answers: To the test images.
        seed: Fixes the bootstrap.
        draws: Of the bootstrap.
    """
    values = values_of(answers)
    intervals = {name: _interval(name, value, answers, seed, draws) for name, value in values.items()}
    if values[MACRO_F1] == 100:
        intervals[MACRO_F1] = intervals[BALANCED_ACCURACY]
    if values.get(AVERAGE_PRECISION) == 100:
        intervals[AVERAGE_PRECISION] = _proportion(100.0, int((answers.labels == answers.positive).sum()))
    # The ends of a proportion at 0 or 100 % are those but for their last digit.
    return {
        name: Score(value, max(0.0, min(value, low)), min(100.0, max(value, high)))
        for name, value in values.items()
        for low, high in [intervals[name]]
    }


def accuracy_over_balanced(answers: Answers) -> Difference:
    """Return accuracy less balanced accuracy: what frequent classes do better, or rare ones."""
    images, right = _by_class(answers)
    weights = images / images.sum() - 1 / len(images)
    return Difference(*weighted_interval(weights, right, images))


def compare_answers(name: str, one: Answers, other: Answers, seed: int = 0, draws: int = DRAWS) -> Difference:
    """Return the first classifier's metric less the second's, paired.

    Args:
        name: The metric; not accuracy, which has a formula (`stats.paired_interval`).
        one: Answers to the test images.
        other: Another classifier's, to the same images in the same order.
        seed: Fixes the bootstrap.
        draws: Of it.

    Raises:
        ValueError: The images are not the same, or the metric has no value for them.
    """
    if not np.array_equal(one.labels, other.labels) or one.positive != other.positive:
        raise ValueError("`one` and `other` must be answers to the same images. Got others.")
    values, others = values_of(one), values_of(other)
    if name not in values or name not in others:
        raise ValueError(f"`name` must be a metric of both answers. Got {name!r}.")
    if name == AVERAGE_PRECISION:
        mine, theirs = redraw_average_precision((one, other), seed, draws)
    else:
        drawn = redraw(one.labels, (one.predicted, other.predicted), seed, draws)
        mine, theirs = (_drawn(name, redrawn) for redrawn in drawn)
    points = values[name] - others[name]
    return Difference(points, *percentile_interval(mine - theirs, points))


def precision_recall_curve(answers: Answers) -> pd.DataFrame:
    """Return what each threshold of the class that matters comes to, the lowest first; columns `CURVE_COLUMNS`.

    An image is answered with the class where its probability is at least `threshold`; so `flagged` images are.
    `precision` and `recall` are in percent.

    Raises:
        ValueError: No class matters, or it has no image.
    """
    if answers.positive is None or not (answers.labels == answers.positive).any():
        raise ValueError("`answers` must have a class that matters, and images of it. Got none.")
    precision, recall, thresholds = sklearn_metrics.precision_recall_curve(
        answers.labels == answers.positive, answers.probability
    )
    flagged = len(answers.labels) - np.searchsorted(np.sort(answers.probability), thresholds, side="left")
    # The last point, of no threshold, answers nothing with the class.
    columns = (thresholds, flagged, 100 * precision[:-1], 100 * recall[:-1])
    return pd.DataFrame(dict(zip(CURVE_COLUMNS, columns, strict=True)))


def _interval(name: str, value: float, answers: Answers, seed: int, draws: int) -> tuple[float, float]:
    if name == BALANCED_ACCURACY:
        images, right = _by_class(answers)
        return weighted_interval(np.full(len(images), 1 / len(images)), right, images)[1:]
    if name == MACRO_F1:
        return percentile_interval(redraw(answers.labels, (answers.predicted,), seed, draws)[0].macro_f1(), value)
    if name == AVERAGE_PRECISION:
        return percentile_interval(redraw_average_precision((answers,), seed, draws)[0], value)
    behind = {
        ACCURACY: len(answers.labels),
        RECALL: int((answers.labels == answers.positive).sum()),
        PRECISION: int((answers.predicted == answers.positive).sum()),
    }
    return _proportion(value, behind[name])


def _proportion(value: float, images: int) -> tuple[float, float]:
    low, high = wilson_interval(value, images)
    return float(low), float(high)


def _by_class(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Images of each class that has any, and those that were found."""
    _, at = np.unique(answers.labels, return_inverse=True)
    return np.bincount(at), np.bincount(at, weights=answers.labels == answers.predicted)


def _drawn(name: str, redrawn: object) -> np.ndarray:
    of = {ACCURACY: "accuracy", BALANCED_ACCURACY: "balanced_accuracy", MACRO_F1: "macro_f1"}
    if name not in of:
        raise ValueError(f"`name` must be one of {', '.join(of)}, or average precision. Got {METRICS[name].name!r}.")
    return getattr(redrawn, of[name])()
