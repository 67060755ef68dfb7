"""What became of an imported table, in sentences: how much joined, what did not, and why.

Not covered: the joining and the counts (`catalogue.published`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bakeoff_core.catalogue.published import JoinCount


class ReasonWords(NamedTuple):
    """What a reason means, of one row and of several."""

    one: str
    several: str


REASON_WORDS = {
    "no_weights": ReasonWords(
        "left out: timm publishes no weights for it", "left out: timm publishes no weights for them"
    ),
    "no_accuracy": ReasonWords(
        "left out: timm has weights for it, but the table of accuracies has no row of it at any size",
        "left out: timm has weights for them, but the table of accuracies has no row of them at any size",
    ),
    "other_size": ReasonWords(
        "left out: the table of accuracies has it at other sizes only",
        "left out: the table of accuracies has them at other sizes only",
    ),
    "removed": ReasonWords(
        "left out: timm removed it without a successor", "left out: timm removed them without a successor"
    ),
    "unknown": ReasonWords(*["left out: this version of timm knows no such name, today or before"] * 2),
    "failed": ReasonWords(*["left out: the table of speeds gives an error, or no speed"] * 2),
    "repeated": ReasonWords(*["left out: listed again with a lower speed"] * 2),
    "other_row": ReasonWords(
        "joined, but another row of the same architecture names its weights more closely, and counts",
        "joined, but other rows of the same architectures name their weights more closely, and count",
    ),
    "no_speed": ReasonWords(
        "has an accuracy only: the table of speeds does not have it at this size",
        "have an accuracy only: the table of speeds does not have them at these sizes",
    ),
}
"""What each of `catalogue.published.REASONS` means. They speak of the two tables that were imported: what else is
published, the catalogue says."""

EXAMPLES_PER_REASON = 3
"""Names that are given for each reason."""


def explain_joins(count: JoinCount) -> list[str]:
    """Say what became of a table: what joined, and what did not and why, with a few names for each reason."""
    return [_joined(count), *(_left(REASON_WORDS[reason], labels) for reason, labels in count.alone.items())]


def _left(words: ReasonWords, labels: Sequence[str]) -> str:
    return f"{len(labels):,} {words.one if len(labels) == 1 else words.several}: {_few(labels)}"


def _joined(count: JoinCount) -> str:
    pairs = f"{count.joined:,} of {count.listed:,} {'pair' if count.listed == 1 else 'pairs'}"
    has, joins = ("has", "joins") if count.joined == 1 or count.listed == 1 else ("have", "join")
    text = f"{pairs} of architecture and image size {has} an accuracy in the table and {joins}"
    if not count.joined:
        return f"{text}."
    text += f", with {count.rows:,} weights {'tag' if count.rows == 1 else 'tags'}."
    if not count.renamed:
        return text
    stand = "stands under a name" if count.renamed == 1 else "stand under names"
    return f"{text} {count.renamed:,} of them {stand} that timm has changed since."


def _few(labels: Sequence[str]) -> str:
    more = len(labels) - EXAMPLES_PER_REASON
    return ", ".join(labels[:EXAMPLES_PER_REASON]) + (f" and {more:,} more." if more > 0 else ".")
