"""Metrics in sentences: a score with its interval, and what accuracy hides.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`datasets.metrics.scores`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff_core.formatting import Escape, percent, points
from bakeoff_core.schema.metrics import ACCURACY, BALANCED_ACCURACY, METRICS, Difference, Score


def score_text(score: Score) -> str:
    """Return a score with its interval: `"68.1 % (95 % interval 63.9 to 72.3 %)"`."""
    return f"{percent(score.value)} (95 % interval {percent(score.low)[:-2]} to {percent(score.high)})"


def metric_meaning(metric: str, positive_class: str | None = None, escape: Escape = str) -> str:
    """Say what a metric is: `"mean over the classes of the share of their images that are found (mean recall); …"`.

    Args:
        metric: One of `schema.metrics.METRICS`.
        positive_class: The class that it is about; `None` for all.
        escape: Makes text from files harmless in the caller's medium.
    """
    meaning = METRICS[metric].meaning
    of_class = "" if positive_class is None else f" The class that matters is {escape(positive_class)}."
    return f"{meaning[0].lower()}{meaning[1:]}{of_class}"


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
