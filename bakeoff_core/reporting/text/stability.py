"""How sure a pick is, in words: how often it would be picked again, and who else would be.

Not covered: working it out (`selection.stability`).
"""

from __future__ import annotations

from bakeoff_core.formatting import listed
from bakeoff_core.reporting.text.names import CandidateNames
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Decision
from bakeoff_core.selection.doubts import rests_on_latency
from bakeoff_core.selection.stability import Stability

OTHERS_NAMED = 2
LEAST_NAMED = 0.5
"""Percent of the draws below which nobody is named: it would read as 0."""


def stability_sentence(stability: Stability, decision: Decision, names: CandidateNames) -> str | None:
    """Say how often measuring again would lead to the same pick, and to whom else.

    Args:
        stability: That of the decision.
        decision: What was asked and found.
        names: Those of the table that was decided on.

    Returns:
        A sentence; `None` where latencies decide nothing, so that measuring again can change nothing.
    """
    if not rests_on_latency(decision):
        return None
    what = "Would be picked again" if decision.pick else "Measured again, nothing would clear the limits"
    others = [(who, share) for who, share in stability.others if share >= LEAST_NAMED][:OTHERS_NAMED]
    if not others:
        return f"{what} every time."
    told = [_other(who, share, names, len(others) > 1) for who, share in others]
    return f"{what} {_times(stability.share)}; else {listed(told)}."


def _other(who: CandidateRef | None, share: float, names: CandidateNames, with_share: bool) -> str:
    name = "nothing would clear the limits" if who is None else names.name(who)
    return f"{name} ({round(share)})" if with_share else name


def _times(share: float) -> str:
    """Draws in words; never all or none of 100 where it was not so: `"97 times in 100"`."""
    return f"{min(99, max(1, round(share)))} times in 100" if 0 < share < 100 else f"{round(share)} times in 100"
