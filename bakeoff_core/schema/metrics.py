"""The metrics that a classifier can be judged by, and one value of them with its interval.

The names are scikit-learn's and the field's; every value is in percent. Not covered: computing them
(`datasets.metrics.scores`), and the sentences about them (`reporting.text.metrics`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bakeoff_core.errors import BakeoffError
from bakeoff_core.schema.parsing import Percent, parse_record


@dataclass(frozen=True)
class Metric:
    """One way to judge answers."""

    name: str
    """Key in files, in links and on the command line."""
    title: str
    """Name in a sentence."""
    meaning: str
    """What it is, in a sentence."""
    is_binary: bool = False
    """Whether it is of one class against one other, and needs to know which class matters."""
    can_decide: bool = True
    """Whether the better of two models may be told by it alone."""

    @property
    def heading(self) -> str:
        """The title as a sentence or a column begins with it: `"Macro F1"`."""
        return f"{self.title[0].upper()}{self.title[1:]}"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", "Share of the images that are answered rightly; frequent classes weigh most."),
        Metric(
            "balanced-accuracy",
            "balanced accuracy",
            "Mean over the classes of the share of their images that are found (mean recall); every class weighs the "
            "same.",
        ),
        Metric(
            "macro-f1",
            "macro F1",
            "Mean over the classes of F1, the harmonic mean of precision and recall; false alarms count too, and every "
            "class weighs the same.",
        ),
        Metric(
            "average-precision",
            "average precision",
            "Precision of the class that matters, averaged over all thresholds by the recall that each adds: how well "
            "its images are ranked before the others, whatever the threshold.",
            is_binary=True,
        ),
        # Neither decides alone: whoever answers one class always wins by recall, whoever answers it once by precision.
        Metric(
            "recall",
            "recall",
            "Share of the images of the class that matters that are found.",
            is_binary=True,
            can_decide=False,
        ),
        Metric(
            "precision",
            "precision",
            "Share of the images answered with the class that matters that are of it.",
            is_binary=True,
            can_decide=False,
        ),
    )
}
"""By name, in the order of pages and commands."""

ACCURACY, BALANCED_ACCURACY, MACRO_F1, AVERAGE_PRECISION, RECALL, PRECISION = METRICS
DECIDING = tuple(metric.name for metric in METRICS.values() if metric.can_decide)
"""Names of what can be asked to decide."""


@dataclass(frozen=True)
class Score:
    """One metric's value on a set of images."""

    value: Percent
    low: Percent
    """Lower end of the 95 % interval that so many images allow."""
    high: Percent
    """Upper end of it."""


@dataclass(frozen=True)
class Difference:
    """One number less another, both in percent of the same images."""

    points: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of it."""

    @property
    def differs(self) -> bool:
        """Whether they differ beyond the noise of so many images."""
        return self.low > 0 or self.high < 0


def parse_scores(content: Mapping[str, Any] | None) -> dict[str, Score]:
    """Return scores by metric from a file's object; metrics that are unknown here are passed over.

    Args:
        content: As `dataclasses.asdict` made it; `None`, as files of before there were metrics have it, holds none.

    Raises:
        ValueError: A value is no percentage.
    """
    return {name: parse_record(Score, found) for name, found in (content or {}).items() if name in METRICS}


def require_metric(name: str, class_count: int) -> Metric:
    """Return a metric that can decide between answers of so many classes.

    Raises:
        BakeoffError: It can't; the words say why, and which can.
    """
    metric = METRICS.get(name)
    fitting = [m for m in METRICS.values() if m.can_decide and (class_count == 2 or not m.is_binary)]
    if metric in fitting:
        return metric
    names = ", ".join(m.name for m in fitting)
    if metric is None or not metric.can_decide:
        raise BakeoffError(f"The metric that decides must be one of {names}. Got {name!r}.")
    raise BakeoffError(
        f"{metric.title.capitalize()} is of one class against one other, and these images have {class_count} classes. "
        f"Decide by one of {names}."
    )


def positive_class(classes: Sequence[str], images: Sequence[int], asked: str | None = None) -> int | None:
    """Return the label of the class that matters, of two.

    Args:
        classes: Their names by label.
        images: Training images of each, by label.
        asked: Its name; `None` for the rarer one, and the second where both are as frequent.

    Returns:
        `None` where there are not two classes and none was asked for.

    Raises:
        BakeoffError: There is no such class, or there are more than two.
    """
    if asked is None:
        if len(classes) != 2:
            return None
        return 0 if images[0] < images[1] else 1
    if len(classes) != 2:
        raise BakeoffError(
            f"Only of two classes can one be the class that matters, and these images have {len(classes)}. "
            "Leave it out."
        )
    if asked not in classes:
        raise BakeoffError(f"The class that matters must be {classes[0]} or {classes[1]}. Got {asked!r}.")
    return list(classes).index(asked)
