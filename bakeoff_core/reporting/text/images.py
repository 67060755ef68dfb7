"""What became of a data set's files, in words for those who can't look into it.

Not covered: where the splits come from, frames, ranges and litter, which are notes of the data set itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bakeoff_core.datasets.records import MOST_NAMES

_SPOILING = ("test_identical", "test_alike", "val_identical", "val_alike")


def skipped_sentences(status: Mapping[str, Any]) -> list[str]:
    """Return how many files a job skipped and why the first ones, by its status; nothing where there are none."""
    count, skipped = status.get("skipped_count"), status.get("skipped")
    if not isinstance(count, int) or count < 1 or not isinstance(skipped, list):
        return []
    reasons = [str(file["reason"]) for file in skipped[:MOST_NAMES] if isinstance(file, dict) and "reason" in file]
    more = f"And {count - len(reasons):,} more." if reasons and count > len(reasons) else ""
    return [" ".join(filter(None, [f"Skipped {count:,}{':' if reasons else '.'}", *reasons, more]))]


def copies_offer(copies: Mapping[str, Any] | None) -> list[str]:
    """Return how to leave out copies that spoil a test; nothing where there are none, or they are left out by now.

    Args:
        copies: As `asdict` makes it of `datasets.records.Copies`; older results have none.
    """
    if not isinstance(copies, Mapping) or copies.get("left_out") or not any(copies.get(name) for name in _SPOILING):
        return []
    return ["`--leave-out-copies` leaves out those that are also among earlier images."]
