"""What answers come to at a threshold of the class that matters, read off a precision-recall curve.

No scikit-learn, so that pages may. Not covered: making the curve (`datasets.metrics.scores.precision_recall_curve`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bakeoff_core.schema.metrics import Score
from bakeoff_core.stats import wilson_interval

CURVE_COLUMNS = ("threshold", "flagged", "precision", "recall")
"""Of a precision-recall curve; see `datasets.metrics.scores.precision_recall_curve`."""


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold comes to: an image is answered with the class where its probability is at least that."""

    threshold: float
    """From 0 to 1."""
    images: int
    """All that were tested."""
    of_class: int
    """Those of the class that matters."""
    flagged: int
    """Those answered with it."""
    found: int
    """Those of it among these."""
    recall: Score
    """Share of the class's images that are found, with Wilson's interval."""
    precision: Score | None
    """Share of the flagged images that are of the class, likewise; `None` where none is flagged."""


def operating_point(curve: pd.DataFrame, threshold: float) -> OperatingPoint:
    """Return what a threshold comes to.

    Args:
        curve: Columns `CURVE_COLUMNS`, the lowest threshold first, which answers every image with the class.
        threshold: From 0 to 1.

    Raises:
        ValueError: It is no such curve.
    """
    if not set(CURVE_COLUMNS) <= set(curve.columns) or curve.empty:
        raise ValueError(f"`curve` must have rows of {', '.join(CURVE_COLUMNS)}. Got {len(curve)} of {list(curve)}.")
    of_class = _found(curve.iloc[0])
    if of_class < 1:
        raise ValueError("`curve` must be of a class that has images. Got none.")
    flagged = found = 0
    reached = int(curve["threshold"].searchsorted(threshold, side="left"))
    if reached < len(curve):
        flagged, found = int(curve["flagged"].iloc[reached]), _found(curve.iloc[reached])
    return OperatingPoint(
        threshold=threshold,
        images=int(curve["flagged"].iloc[0]),
        of_class=of_class,
        flagged=flagged,
        found=found,
        recall=_share(found, of_class),
        precision=_share(found, flagged) if flagged else None,
    )


def _found(row: pd.Series) -> int:
    return round(row["precision"] * row["flagged"] / 100)


def _share(part: int, whole: int) -> Score:
    value = 100 * part / whole
    low, high = wilson_interval(value, whole)
    # The end of a proportion at 0 or 100 % is that but for its last digit.
    return Score(value, min(value, float(low)), max(value, float(high)))
