"""Metrics in sentences: what may help where accuracy hides a class, and what a threshold comes to.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`datasets.metrics.scores`), and the words that model cards have as well (`datasets.metrics.sentences`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_core.datasets.metrics.thresholds import OperatingPoint
from bakeoff_core.finetuning.request import BALANCED_SAMPLING, CLASS_WEIGHTS, NO_BALANCE
from bakeoff_core.formatting import Escape, counted
from bakeoff_core.schema.metrics import METRICS


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


def balance_offer(balance: str) -> str | None:
    """Offer what may help where accuracy hides a class; `None` where it was done already.

    Args:
        balance: What the run did: one of `finetuning.request.BALANCES`.
    """
    if balance != NO_BALANCE:
        return None
    return (
        "Class weights or balanced sampling let every class weigh the same in training: fine-tune again with "
        f"`--balance {CLASS_WEIGHTS}` or `--balance {BALANCED_SAMPLING}`."
    )


FLATTERS = (
    "A threshold chosen on these test images flatters: on new images it comes to less. Choose it on other images than "
    "those whose result you report."
)
"""What to know before a threshold is taken from a curve of the test."""

UNEQUAL = 2
"""Times that the most frequent class has the images of the rarest, from which on accuracy is warned of."""


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
