"""How well features tell classes apart: nearest neighbours, and logistic regression on top of them.

Neither looks at a test label before its answers stand. Loads scikit-learn; only workers use it. Not covered: computing
the features (`features.extract`), and the accuracy of the answers (`datasets.metrics.scores`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from bakeoff_core.datasets.metrics.answers import Answers, positive_probability
from bakeoff_core.datasets.metrics.scores import values_of
from bakeoff_core.schema.metrics import ACCURACY

NEIGHBOURS = 20
TEMPERATURE = 0.07
"""k and temperature of the vote of Wu et al. 2018 (arXiv:1805.01978, section 3.4), with the k that Caron et al. 2021
(arXiv:2104.14294, section 4.1) found best for features of many kinds."""
STRENGTHS = tuple(10 ** (half / 2) for half in range(11))
"""Inverse strengths of the regularisation that are tried, 1 to 100,000, the strongest first."""
PATIENCE = 2
"""Strengths in a row that do worse than the best before them after which no weaker one is tried."""
DEFAULT_STRENGTH = 100.0
"""What is used where no image can be held back to choose by."""
FOLDS = 5
MOST_ITERATIONS = 500
TOLERANCE = 1e-5
"""Of the gradient; scikit-learn's own 1e-4 ends a fit that begins at its neighbour's end before it has moved."""
THREADS = 1
"""Of the matrix products, which are small: threads that wait for each other cost more than they save. Beside another
busy program a fit on 1,020 images of 102 classes took 0.4 s with one thread and 6 s with two."""
CHUNK = 1024
"""Rows that are looked at in one go; more would only need more memory."""
WORKING_MEMORY_MIB = 64
SMALLEST_DEVIATION = 1e-3
"""Channels that vary less than this share of the mean deviation are left unscaled."""


@dataclass(frozen=True)
class StrengthChoice:
    """The strength of a probe's regularisation, and how it was chosen."""

    strength: float
    """scikit-learn's `C`."""
    chosen_on: str
    """`validation`, `cross-validation` or `nothing`."""
    values: Mapping[str, float]
    """Of the images held back, in percent, at this strength, by metric; empty where there were none."""
    at_edge: bool
    """Whether it is the smallest or largest that was tried."""

    @property
    def accuracy(self) -> float | None:
        """Percent of the images held back that are right at this strength; `None` where there were none."""
        return self.values.get(ACCURACY)


@dataclass(frozen=True)
class _Scaling:
    """Features to mean 0, deviation 1 and then a length of about 1, so that a strength means the same for all widths.

    Learned from training images alone.
    """

    mean: np.ndarray
    deviation: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        scaled = np.subtract(features, self.mean, dtype=np.float32)
        scaled /= self.deviation
        return scaled


def _scaling_of(features: np.ndarray) -> _Scaling:
    mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    deviation[deviation <= SMALLEST_DEVIATION * deviation.mean()] = 1
    width = features.shape[1] ** 0.5
    return _Scaling(mean.astype(np.float32), (deviation * width).astype(np.float32))


@dataclass(frozen=True)
class Probe:
    """A linear classifier of features."""

    choice: StrengthChoice
    _scaling: _Scaling
    _model: LogisticRegression

    def predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability of each image's likeliest class, and that class; both of shape (images,).

        Args:
            features: Float32 of shape (images, channels); may be mapped from a disk.
        """
        probability, predicted = np.empty(len(features)), np.empty(len(features), int)
        for at in range(0, len(features), CHUNK):
            part = slice(at, at + CHUNK)
            probability[part], predicted[part] = _likeliest(self._model, self._scaling(features[part]))
        return probability, predicted


def _likeliest(model: LogisticRegression, scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each image's likeliest class, and that class."""
    found = model.predict_proba(scaled)
    return found.max(1), model.classes_[found.argmax(1)]


def fit_probe(
    features: np.ndarray,
    labels: np.ndarray,
    held_out: tuple[np.ndarray, np.ndarray] | None,
    *,
    seed: int = 0,
    metric: str = ACCURACY,
    positive: int | None = None,
) -> Probe:
    """Fit multinomial logistic regression with an L2 penalty whose strength is chosen on images held back.

    As Kornblith, Shlens and Le 2019 (arXiv:1805.08974) do, but that what was held back is not trained on afterwards.
    The strength that is best by the metric on it wins; a tie is the stronger one's.

    Args:
        features: Of the images to train on: float32 of shape (images, channels).
        labels: Shape (images,), of two classes at least.
        held_out: Features and labels to choose by; `None` for cross-validation on those to train on.
        seed: Fixes the folds.
        metric: One of `schema.metrics.DECIDING`; of a cross-validation it is that of the answers of all folds together.
        positive: Label of the class that matters, of two, and there must be images of it to choose by where the metric
            is about it; `None` where there are not two.
    """
    with threadpool_limits(THREADS):
        if held_out is not None:
            choice = _choose("validation", [_Path(lambda: (features, labels, *held_out))], metric, positive)
        else:
            paths = [_Path(partial(_divided, features, labels, *fold)) for fold in _folds(labels, seed)]
            choice = (
                _choose("cross-validation", paths, metric, positive)
                if paths
                else StrengthChoice(DEFAULT_STRENGTH, "nothing", {}, False)
            )
        scaling = _scaling_of(features)
        return Probe(choice, scaling, _model(choice.strength).fit(scaling(features), labels))


def _folds(labels: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places to fit on and to hold out, by fold; none where no two classes have enough images for it."""
    count = min(FOLDS, int(np.sort(np.bincount(labels))[-2]))
    if count < 2:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer images than folds is left out of some
        return list(StratifiedKFold(count, shuffle=True, random_state=seed).split(labels, labels))


class _Path:
    """Fits of one model on one part of the images, strength after strength, each beginning where the last ended."""

    def __init__(self, divided: Callable[[], tuple[np.ndarray, ...]]) -> None:
        """Prepare; `divided` returns features and labels to fit on, and those held back, made anew to save memory."""
        self._divided = divided
        self._last: LogisticRegression | None = None

    def answers_at(self, strength: float) -> tuple[np.ndarray, ...]:
        """Labels of the images held back, the answers to them at a strength, and the probabilities of these."""
        features, labels, held_out, truth = self._divided()
        scaling, model = _scaling_of(features), _model(strength)
        if self._last is not None:
            model.coef_, model.intercept_ = self._last.coef_.copy(), self._last.intercept_.copy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._last = model.fit(scaling(features), labels)
        probability, predicted = _likeliest(model, scaling(held_out))
        return truth, predicted, probability


def _divided(features: np.ndarray, labels: np.ndarray, fit: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, ...]:
    return features[fit], labels[fit], features[out], labels[out]


def _choose(chosen_on: str, paths: Sequence[_Path], metric: str, positive: int | None) -> StrengthChoice:
    """The strength that is best by a metric of the answers of all paths together."""
    tried: list[dict[str, float]] = []
    for strength in STRENGTHS:
        parts = zip(*(path.answers_at(strength) for path in paths), strict=True)
        truth, predicted, likeliest = map(np.concatenate, parts)
        probability = None if positive is None else positive_probability(predicted, likeliest, positive)
        tried.append(values_of(Answers(truth, predicted, positive, probability)))
        found = [values[metric] for values in tried]
        if len(found) > PATIENCE and max(found[-PATIENCE:]) < max(found[:-PATIENCE]):
            break
    best = found.index(max(found))
    return StrengthChoice(STRENGTHS[best], chosen_on, tried[best], best in (0, len(STRENGTHS) - 1))


def _model(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=MOST_ITERATIONS, tol=TOLERANCE, warm_start=True)


def predict_by_neighbours(features: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the class of each image that its `NEIGHBOURS` nearest by cosine vote for, shape (images,).

    Each votes with the weight exp(cosine / `TEMPERATURE`).

    Args:
        features: Of the images whose classes are known, shape (images, channels).
        labels: Their classes.
        asked: Of the images to find the classes of; may be mapped from a disk.
    """
    model = KNeighborsClassifier(
        min(NEIGHBOURS, len(features)), weights=_votes, metric="cosine", algorithm="brute"
    ).fit(features, labels)
    with config_context(working_memory=WORKING_MEMORY_MIB), threadpool_limits(THREADS):
        chunks = [model.predict(np.asarray(asked[at : at + CHUNK])) for at in range(0, len(asked), CHUNK)]
    return np.concatenate(chunks)


def _votes(distances: np.ndarray) -> np.ndarray:
    """The votes of neighbours at cosine distances; relative to the nearest, so that none is out of range."""
    return np.exp((distances.min(1, keepdims=True) - distances) / TEMPERATURE)
