"""What became of an imported table: how much joined, and what did not and why, counted and in words.

Not covered: the joining itself (`catalogue.published`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff_core.catalogue.published import REASONS, PublishedRow

_NO_PAIR = ("repeated", "no_speed")
"""Reasons of rows that are no pair of the speed table, or not the first of it."""

EXAMPLES = 3
"""Names that are given for each reason in words."""


@dataclass(frozen=True)
class JoinCount:
    """What became of one table."""

    machine: str
    part: str
    listed: int
    """Pairs of a name and a size in the speed table."""
    joined: int
    """Those of them whose architecture has a published accuracy at the size."""
    renamed: int
    """Those of `joined` that timm calls by another name today."""
    rows: int
    """Tags at a size with both. Each takes one speed: of two that join, the other is an `other_row`."""
    alone: dict[str, tuple[str, ...]]
    """For each of `REASONS` that occurs, the names and sizes it holds for."""


def count_joins(rows: Sequence[PublishedRow]) -> tuple[JoinCount, ...]:
    """Count what became of each table, in the order in which they come."""
    counts = []
    for machine, part in dict.fromkeys((row.machine, row.part) for row in rows):
        own = [row for row in rows if (row.machine, row.part) == (machine, part)]
        alone: dict[str, tuple[str, ...]] = {}
        for reason in REASONS:
            labels = tuple(_label(row) for row in own if row.reason == reason)
            if labels:
                alone[reason] = labels
        pairs = {(row.listed_as, row.img_size): row for row in own if row.reason not in _NO_PAIR}
        joined = [row for row in pairs.values() if row.reason in (None, "other_row")]
        renamed = sum(row.listed_as != row.architecture for row in joined)
        both = sum(row.reason is None for row in own)
        counts.append(JoinCount(machine, part, len(pairs), len(joined), renamed, both, alone))
    return tuple(counts)


def count_sentences(count: JoinCount) -> list[str]:
    """Say what became of a table: what joined, and what did not and why, with a few names for each reason."""
    renamed = f" {count.renamed:,} of them stand under a name that timm has changed since." if count.renamed else ""
    head = (
        f"{count.joined:,} of {count.listed:,} pairs of architecture and image size have a published accuracy and "
        f"join, with {count.rows:,} weights tags.{renamed}"
    )
    return [head, *(f"{len(labels):,} {REASONS[reason]}: {_few(labels)}" for reason, labels in count.alone.items())]


def _few(labels: Sequence[str]) -> str:
    more = len(labels) - EXAMPLES
    return ", ".join(labels[:EXAMPLES]) + (f" and {more:,} more." if more > 0 else ".")


def _label(row: PublishedRow) -> str:
    size = f" @ {row.img_size}" if row.img_size else ""
    detail = f" ({row.detail})" if row.detail else ""
    return f"{row.listed_as}{size}{detail}"
