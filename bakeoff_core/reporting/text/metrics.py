"""Metrics in sentences: a score with its interval, what accuracy hides, and what a threshold comes to.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`datasets.metrics.scores`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff_core.datasets.metrics.thresholds import OperatingPoint
from bakeoff_core.formatting import Escape, counted, percent, points
from bakeoff_core.schema.metrics import ACCURACY, BALANCED_ACCURACY, METRICS, Difference, Score


def score_text(score: Score) -> str:
    """Return a score with its interval: `"68.1 % (95 % interval 63.9 to 72.3 %)"`."""
    return f"{percent(score.value)} (95 % interval {percent(score.low)[:-2]} to {percent(score.high)})"


def hidden_class(
    scores: Mapping[str, Score],
    over_balanced: Difference | None,
    by_class: Sequence[Mapping[str, Any]] = (),
    escape: Escape = str,
) -> str | None:
    """Say what accuracy hides, where it and balanced accuracy differ beyond noise.

    Args:
        scores: Of one model, by metric.
        over_balanced: Accuracy less balanced accuracy; `None` where that is not known.
        by_class: As `datasets.metrics.classes.by_class` returns it; empty for no word on single classes.
        escape: Makes text from files harmless in the caller's medium.

    Returns:
        A sentence or two; `None` where they do not differ.
    """
    if over_balanced is None or not over_balanced.differs or not {ACCURACY, BALANCED_ACCURACY} <= scores.keys():
        return None
    accuracy, balanced = scores[ACCURACY].value, scores[BALANCED_ACCURACY].value
    way = "above" if over_balanced.points > 0 else "below"
    said = (
        f"Accuracy hides a class: it is {percent(accuracy)}, {points(abs(over_balanced.points))} {way} the mean over "
        f"the classes, {percent(balanced)} ({METRICS[BALANCED_ACCURACY].title})."
    )
    if not by_class:
        return said
    worst, best = (pick(by_class, key=lambda found: found["accuracy"]) for pick in (min, max))
    return (
        f"{said} Of {escape(worst['name'])} {percent(worst['accuracy'])} are found, of {escape(best['name'])} "
        f"{percent(best['accuracy'])}."
    )


FLATTERS = (
    "A threshold chosen on these test images flatters: on new images it comes to less. Choose it on other images than "
    "those whose result you report."
)
"""What to know before a threshold is taken from a curve of the test."""

UNEQUAL = 2
"""Times that the most frequent class has the images of the rarest, from which on accuracy is warned of."""


def metric_title(name: str) -> str:
    """Return a metric's name as it begins a sentence: `"Macro F1"`."""
    title = METRICS[name].title
    return title[0].upper() + title[1:]


def unequal_classes(classes: Sequence[str], images: Sequence[int], escape: Escape = str) -> str | None:
    """Say that classes are of unequal size, and what to decide by then; `None` where they are not.

    Args:
        classes: Their names, by label.
        images: Training images of each.
        escape: Makes text from files harmless in the caller's medium.
    """
    sizes = [(count, name) for count, name in zip(images, classes, strict=True) if count]
    if not sizes:
        return None
    (least, rare), (most, frequent) = (pick(sizes, key=lambda size: size[0]) for pick in (min, max))
    if most < UNEQUAL * least:
        return None
    return (
        f"The classes are of unequal size: {counted(most, 'image')} to train on of {escape(frequent)}, {least:,} of "
        f"{escape(rare)}. Accuracy can be high while {escape(rare)} is missed. Recommended: let balanced accuracy "
        "decide, and give rare classes class weights or balanced sampling."
    )


def threshold_text(point: OperatingPoint, name: str, escape: Escape = str) -> str:
    """Say what a threshold of the class that matters comes to.

    Args:
        point: From `datasets.metrics.thresholds.operating_point`.
        name: The class.
        escape: Makes text from files harmless in the caller's medium.
    """
    answered = f"{point.flagged:,} of {counted(point.images, 'image')} would be answered with {escape(name)}"
    return f"{answered}: it finds {point.found:,} of {point.of_class:,}."
