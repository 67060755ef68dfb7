"""What became of an imported table, in sentences: how much joined, what did not, and why.

Not covered: the joining and the counts (`catalogue.published`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_core.catalogue.published import JoinCount

REASON_WORDS = {
    "no_weights": "left out: timm publishes no weights for them",
    "no_accuracy": "left out: there are weights, but no published ImageNet-1k accuracy (encoders, other classes)",
    "other_size": "left out: their accuracy is published at other sizes only",
    "removed": "left out: timm removed them without a successor",
    "unknown": "left out: this version of timm knows no such name, today or before",
    "failed": "left out: the table gives an error, or no speed",
    "repeated": "left out: listed again with a lower speed",
    "other_row": "joined, but another row of the same architecture names its weights more closely, and counts",
    "no_speed": "accuracies are published at sizes or for models that this table has no speed for",
}
"""What each of `catalogue.published.REASONS` means."""

EXAMPLES_PER_REASON = 3
"""Names that are given for each reason."""


def explain_joins(count: JoinCount) -> list[str]:
    """Say what became of a table: what joined, and what did not and why, with a few names for each reason."""
    renamed = f" {count.renamed:,} of them stand under a name that timm has changed since." if count.renamed else ""
    joined = (
        f"{count.joined:,} of {count.listed:,} pairs of architecture and image size have a published accuracy and "
        f"join, with {count.rows:,} weights tags.{renamed}"
    )
    reasons = [f"{len(labels):,} {REASON_WORDS[reason]}: {_few(labels)}" for reason, labels in count.alone.items()]
    return [joined, *reasons]


def _few(labels: Sequence[str]) -> str:
    more = len(labels) - EXAMPLES_PER_REASON
    return ", ".join(labels[:EXAMPLES_PER_REASON]) + (f" and {more:,} more." if more > 0 else ".")
