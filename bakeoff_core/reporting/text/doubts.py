"""Doubtful measurements in words: how many and why, and that a pick which rests on one is not to be relied on.

Not covered: finding them (`selection.doubts`), each warning by itself (`reporting.text.warnings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bakeoff_core.formatting import counted, listed, significant
from bakeoff_core.reporting.text.names import CandidateNames
from bakeoff_core.selection.doubts import DoubtfulAnswer, Doubts

NOT_RELIED_ON = "not to be relied on"

_REASONS = {
    "load": "other programs were busy",
    "throttled": "the CPU quota held back",
    "drift": "times drifted",
    "very_noisy": "times scatter widely",
    "process_spread": "processes disagree",
}
"""Why, by code of `selection.doubts.SPOILING`."""


def doubts_sentence(doubts: Doubts) -> str | None:
    """Say how many measurements are doubtful, by what, and how far they may be off; `None` where none is."""
    if not doubts.rows:
        return None
    kinds = listed([f"{_REASONS[code]} ({count})" for code, count in doubts.kinds])
    are = "is" if len(doubts.rows) == 1 else "are"
    told = f"{len(doubts.rows):,} of {counted(doubts.measured, 'measurement')} {are} doubtful: {kinds}."
    return (
        told
        if doubts.off_by is None
        else f"{told} By its interval a latency may be off by up to {_off(doubts.off_by)}."
    )


def distrust_sentence(decisive: Sequence[DoubtfulAnswer], names: CandidateNames) -> str | None:
    """Say that the pick is not to be relied on, and why; `None` where it is.

    Args:
        decisive: As `selection.doubts.decisive_doubts` returns them.
        names: Those of the table that was decided on.
    """
    if not decisive:
        return None
    told = listed([f"{names.name(answer.candidate)} ({_why(answer.codes)})" for answer in decisive])
    what, them = ("a doubtful measurement", "it") if len(decisive) == 1 else ("doubtful measurements", "them")
    return f"{NOT_RELIED_ON.capitalize()}: the pick rests on {what}, that of {told}. Measure {them} again."


def _off(factor: float) -> str:
    """A factor as a percentage below two, where that reads more easily: `"8 %"`, `"5.1 times"`."""
    return f"{significant(factor, 2)} times" if factor >= 2 else f"{significant(100 * (factor - 1), 2)} %"


def _why(codes: Iterable[str]) -> str:
    return listed([_REASONS[code] for code in codes])
