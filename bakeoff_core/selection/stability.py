"""How sure a pick is: what would be picked, were everything measured again.

Not covered: the other measurements (`selection.remeasuring`), the decision itself (`selection.decision`), and the words
(`reporting.text.stability`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, Decision
from bakeoff_core.selection.columns import floats_of
from bakeoff_core.selection.frozen import once
from bakeoff_core.selection.remeasuring import SURE, remeasure


@dataclass(frozen=True)
class Stability:
    """How often each would be picked, were everything measured again."""

    share: float
    """Percent of the draws that have the same pick, or no pick again where there was none."""
    others: tuple[tuple[CandidateRef | None, float], ...]
    """Who else would be picked, and in what percent of the draws, the most frequent first; `None` stands for nobody."""

    @property
    def is_sure(self) -> bool:
        """Whether the pick stands in as many draws as make it sure."""
        return self.share >= SURE


def stability_of(decision: Decision, candidates: pd.DataFrame, latencies: np.ndarray | None = None) -> Stability:
    """Decide again in every draw, and count.

    Args:
        decision: As `selection.decision.decide` returns it for these candidates.
        candidates: One row each.
        latencies: As `selection.remeasuring.remeasure` returns them; `None` draws them, for a frozen table once.
    """
    latencies = once(remeasure, candidates) if latencies is None else latencies
    refs = once(candidate_refs, candidates)
    picked = _picks(decision, candidates, latencies)
    places, counts = np.unique(picked, return_counts=True)
    shares = {
        None if place < 0 else refs[place]: 100 * count / len(picked)
        for place, count in zip(places.tolist(), counts.tolist(), strict=True)
    }
    own = decision.pick.candidate if decision.pick else None
    share = shares.pop(own, 0.0)
    return Stability(share, tuple(sorted(shares.items(), key=lambda item: -item[1])))


def _picks(decision: Decision, candidates: pd.DataFrame, latencies: np.ndarray) -> np.ndarray:
    """The row that each draw picks, shape (draws,); -1 for none. As `decide` orders them, but for exact ties.

    Of a thousand candidates a handful can be picked in any draw: the others are put aside first.
    """
    numbers = once(_numbers, candidates)
    rows = np.flatnonzero(_may_be_picked(decision, candidates, numbers, latencies))
    if not rows.size:
        return np.full(len(latencies), -1)
    drawn, accuracy = latencies[:, rows], numbers["top1"][rows]
    limit = decision.limits.max_latency_s
    fits = np.ones(drawn.shape, dtype=bool) if limit is None else drawn <= limit
    if decision.rule == "cheapest":
        cost = COST_COLUMNS[decision.cost]
        keys = (drawn if cost == "latency_p50_s" else numbers[cost][rows], -accuracy, drawn)
    else:
        keys = (-accuracy, drawn)
    for key in keys:
        value = np.where(fits & ~np.isnan(key), key, np.inf)
        fits = fits & (value == value.min(axis=1, keepdims=True))
    return np.where(fits.any(axis=1), rows[fits.argmax(axis=1)], -1)


def _numbers(candidates: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: floats_of(candidates[name]) for name in ("top1", *COST_COLUMNS.values())}


def _may_be_picked(
    decision: Decision, candidates: pd.DataFrame, numbers: dict[str, np.ndarray], latencies: np.ndarray
) -> np.ndarray:
    """Mark the rows that some draw may pick, bool[n]: within the limits there, and not surely worse than another."""
    by_cost = COST_COLUMNS[decision.cost] if decision.rule == "cheapest" else None
    may = candidates["error"].isna().to_numpy() & ~np.isnan(numbers["top1"])
    if by_cost is not None:
        may &= ~np.isnan(numbers[by_cost])
    for name, column in LIMIT_COLUMNS.items():
        limit = getattr(decision.limits, name)
        if limit is not None and column != "latency_p50_s":
            may &= numbers[column] >= limit if name == "min_top1" else numbers[column] <= limit
    lowest, highest = latencies.min(axis=0), latencies.max(axis=0)
    sure, limit = may, decision.limits.max_latency_s
    if limit is not None:
        may, sure = may & (lowest <= limit), may & (highest <= limit)
    if not sure.any():
        return may
    if by_cost is None:
        return may & (numbers["top1"] >= numbers["top1"][sure].max())
    if by_cost == "latency_p50_s":
        return may & (lowest <= highest[sure].min())
    return may & (numbers[by_cost] <= numbers[by_cost][sure].min())
