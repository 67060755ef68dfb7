"""What a classifier's answers on a test set say: accuracy with its interval, classes, and confusions.

Not covered: getting the answers (see `finetuning.worker`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bakeoff_core.stats import wilson_interval

MOST_CONFUSIONS = 20
EXAMPLES = 4
"""Images named for each pair of confused classes."""


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return accuracy in percent and its 95 % interval (Wilson's) as `accuracy`, `low`, `high`.

    Args:
        labels: Shape (n,), at least one.
        predicted: Shape (n,).

    Raises:
        ValueError: There are no labels.
    """
    if not len(labels):
        raise ValueError("`labels` must hold at least one. Got none.")
    share = 100 * float(np.mean(labels == predicted))
    low, high = wilson_interval(share, len(labels))
    return {"accuracy": share, "low": float(low), "high": float(high)}


def by_class(labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return each class that has test images: `name`, `images`, and `accuracy`, `low`, `high` in percent."""
    found = []
    for at, name in enumerate(classes):
        mine = labels == at
        if mine.any():
            found.append({"name": name, "images": int(mine.sum()), **accuracy(labels[mine], predicted[mine])})
    return found


def confusions(
    labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the pairs confused most, the most frequent first.

    Args:
        labels: Shape (n,).
        predicted: Shape (n,).
        classes: Names by label.
        names: The images' names, n of them.

    Returns:
        At most `MOST_CONFUSIONS`, each with `true`, `predicted`, `count` and `examples`, at most `EXAMPLES` names.
    """
    wrong = np.flatnonzero(labels != predicted)
    pairs: dict[tuple[int, int], list[int]] = {}
    for at in wrong:
        pairs.setdefault((int(labels[at]), int(predicted[at])), []).append(int(at))
    ranked = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        {
            "true": classes[true],
            "predicted": classes[other],
            "count": len(images),
            "examples": [names[at] for at in images[:EXAMPLES]],
        }
        for (true, other), images in ranked[:MOST_CONFUSIONS]
    ]
