"""A classifier's answers to labelled images, as arrays. Not covered: what they come to (`datasets.metrics.scores`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Answers:
    """What was right, and what was answered."""

    labels: np.ndarray
    """Integers of shape (images,), at least one."""
    predicted: np.ndarray
    """Of the same shape."""
    positive: int | None = None
    """Label of the class that matters; `None` where there are not two classes."""
    probability: np.ndarray | None = None
    """Of `positive`, float of shape (images,); `None` without one."""

    def __post_init__(self) -> None:
        if not len(self.labels):
            raise ValueError("`labels` must hold at least one. Got none.")
        if len(self.predicted) != len(self.labels):
            raise ValueError(f"There must be an answer to each image. Got {len(self.predicted)} of {len(self.labels)}.")
        if (self.positive is None) != (self.probability is None):
            raise ValueError("`positive` and `probability` belong together. Got one of them.")


def answers_from(labels: np.ndarray, probabilities: np.ndarray, positive: int | None) -> Answers:
    """Return the answers that a network's outputs are.

    Args:
        labels: Shape (images,).
        probabilities: Shape (images, classes).
        positive: See `Answers`.
    """
    column = None if positive is None else probabilities[:, positive].astype(np.float64)
    return Answers(labels, probabilities.argmax(1), positive, column)


def positive_probability(predicted: np.ndarray, probability: np.ndarray, positive: int) -> np.ndarray:
    """Return the probability of one of two classes from that of each image's likelier one, shape (images,).

    Args:
        predicted: The likelier class, shape (images,).
        probability: Its probability, shape (images,).
        positive: The class asked for.
    """
    return np.where(predicted == positive, probability, 1 - probability)
