"""LogME: how well labels follow from features by a linear model, without training one; advisory.

The logarithm of the maximum evidence of You, Liu, Wang and Long 2021 (arXiv:2102.11005), by the fixed point of their
algorithm 3: for each class a Bayesian linear regression of "is it this class" on the features, its two precisions set
to where the evidence is largest. It looks at training images alone and takes a second where a probe takes several; but
it judges a regression and not a classifier, so it foretells a probe's order and does not replace it.

Not covered: a probe's accuracy, which is what counts (`features.classifiers`).
"""

from __future__ import annotations

import math

import numpy as np

MOST_ROUNDS = 100
TOLERANCE = 1e-6
"""Relative change of the ratio of precisions at which a class has converged."""
BLOCK_ROWS = 1024
"""Rows taken to double precision at a time."""


def log_maximum_evidence(features: np.ndarray, labels: np.ndarray) -> float:
    """Return LogME: the mean over classes of the maximal log evidence, per image. Higher is better.

    Comparable between backbones on the same images and labels, and with nothing else.

    Args:
        features: Of the training images: shape (images, channels).
        labels: Shape (images,), whole numbers from 0; classes without an image do not count.

    Raises:
        ValueError: There are no images, or as many labels as images are not given.
    """
    if not len(features) or len(features) != len(labels):
        raise ValueError(f"`features` and `labels` must be of as many images. Got {len(features)} and {len(labels)}.")
    classes = np.unique(labels)
    targets = (labels[:, None] == classes).astype(float)
    squares, shares = _spectrum(features, targets)
    evidence = [
        _evidence(squares, share, float(target.sum()), len(features), features.shape[1])
        for share, target in zip(shares.T, targets.T, strict=True)
    ]
    return float(np.mean(evidence)) / len(features)


def _spectrum(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squares of the singular values, and the square of each target's share along each left singular vector.

    From the smaller of the two matrices of inner products, so that neither many images nor wide features cost much.

    Returns:
        Shapes (rank,) and (rank, classes).
    """
    images, channels = features.shape
    if images <= channels:
        rows = np.asarray(features, float)
        squares, left = np.linalg.eigh(rows @ rows.T)
        along = left.T @ targets
    else:
        inner, mixed = np.zeros((channels, channels)), np.zeros((channels, targets.shape[1]))
        for start in range(0, images, BLOCK_ROWS):
            rows = np.asarray(features[start : start + BLOCK_ROWS], float)
            inner += rows.T @ rows
            mixed += rows.T @ targets[start : start + BLOCK_ROWS]
        squares, right = np.linalg.eigh(inner)
        along = right.T @ mixed / np.sqrt(np.maximum(squares, np.finfo(float).tiny))[:, None]
    kept = squares > squares.max(initial=0.0) * max(images, channels) * np.finfo(float).eps
    return squares[kept], along[kept] ** 2


def _evidence(squares: np.ndarray, shares: np.ndarray, length: float, images: int, channels: int) -> float:
    """The largest log evidence of one regression, over the precisions of its weights (alpha) and its noise (beta).

    Args:
        squares: Of the singular values of the features.
        shares: Squares of the target's shares along the left singular vectors.
        length: Square of the target's length.
        images: How many.
        channels: Of the features.
    """
    outside = max(0.0, length - float(shares.sum()))  # what no linear model can reach
    tiny = np.finfo(float).eps * max(1.0, length)
    alpha = beta = ratio = 1.0
    weights = residual = tiny
    for _ in range(MOST_ROUNDS):
        degrees = float((squares / (squares + ratio)).sum())
        weights = max(float((squares * shares / (squares + ratio) ** 2).sum()), tiny)
        residual = max(float((shares * (ratio / (squares + ratio)) ** 2).sum()) + outside, tiny)
        alpha, beta = max(degrees, tiny) / weights, max(images - degrees, tiny) / residual
        before, ratio = ratio, alpha / beta
        if abs(ratio - before) <= TOLERANCE * before:
            break
    determinant = float(np.log(alpha + beta * squares).sum()) + (channels - len(squares)) * math.log(alpha)
    return 0.5 * (
        channels * math.log(alpha)
        + images * math.log(beta / (2 * math.pi))
        - beta * residual
        - alpha * weights
        - determinant
    )
