"""Which of the measured models deserve another round: those that contest the pick, or a place on the frontier.

Not covered: the measuring (`profiling.worker`), and which models to measure at all (`search.outlook`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.decision import Decision, Limits
from bakeoff_core.selection.columns import floats_of
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.doubts import rests_on_latency
from bakeoff_core.selection.pareto import annotate
from bakeoff_core.selection.remeasuring import SURE, remeasure
from bakeoff_core.selection.stability import stability_of

LEAST_SHARE = 2.0
"""Percent of the draws from which on somebody contests the pick: less would not keep it from being sure."""


def contenders(candidates: pd.DataFrame, limits: Limits, rule: str, cost: str) -> tuple[CandidateRef, ...]:
    """Return the models whose latencies decide, and are not known well enough for it, the least known first.

    Where latencies have a part in the pick, these are the pick and whoever would be picked instead if all were measured
    again, as far as their own latency decides that, until it is sure. Where they have none, the frontier is the answer:
    those that the draws put now on it, now off it, and whoever is before them.

    Args:
        candidates: Of one setting, as `selection.candidates.candidates_of` returns them.
        limits: What the pick must clear.
        rule: One of `schema.decision.RULES`.
        cost: Key of `schema.decision.COST_COLUMNS`.

    Returns:
        Empty where another round would change nothing.
    """
    drawn = remeasure(candidates)
    decision = decide(candidates, limits, rule=rule, cost=cost)
    if rests_on_latency(decision):
        wanted = _contest_pick(decision, candidates, drawn)
    else:
        wanted = _contest_frontier(candidates)
    refs = candidate_refs(candidates)
    with np.errstate(invalid="ignore"):
        spread = np.log(drawn).std(axis=0)
    return tuple(refs[at] for at in np.argsort(-spread, kind="stable") if refs[at] in wanted)


def _contest_pick(decision: Decision, candidates: pd.DataFrame, drawn: np.ndarray) -> set[CandidateRef]:
    stability = stability_of(decision, candidates, drawn)
    if stability.is_sure:
        return set()
    others: Iterable[CandidateRef | None] = (who for who, share in stability.others if share >= LEAST_SHARE)
    contest = {who for who in (decision.pick.candidate if decision.pick else None, *others) if who is not None}
    if decision.rule == "cheapest" and decision.cost == "latency":
        return contest
    # Of who only waits for another to be too slow, the own latency decides nothing.
    over = 100 * np.mean(drawn > decision.limits.max_latency_s, axis=0)
    at_the_limit = (over >= LEAST_SHARE) & (over <= 100 - LEAST_SHARE)
    return {ref for ref, is_at_it in zip(candidate_refs(candidates), at_the_limit, strict=True) if is_at_it} & contest


def _contest_frontier(candidates: pd.DataFrame) -> set[CandidateRef]:
    annotated = annotate(candidates)
    shares = floats_of(annotated["dominated_share"])
    contested = (shares < SURE) & (shares > 100 - SURE)
    ahead = set(annotated.loc[contested, "dominated_by"].dropna())
    return {
        ref
        for ref, is_contested in zip(candidate_refs(annotated), contested, strict=True)
        if is_contested or ref.label in ahead
    }
