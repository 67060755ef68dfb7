"""Which measurements are to be doubted, and whether the pick rests on one of them.

Not covered: when a warning is raised (`profiling.warnings`), the words (`reporting.text.doubts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.decision import Decision
from bakeoff_core.schema.profile import MeasurementWarning
from bakeoff_core.selection.columns import floats_of
from bakeoff_core.selection.frozen import rows_of, values_of

SPOILING = ("load", "throttled", "drift", "very_noisy", "process_spread")
"""Warnings under which a median may not be the model's own; the others leave it as it is."""


@dataclass(frozen=True)
class Doubts:
    """The measurements of one setting that are to be doubted."""

    rows: tuple[CandidateRef, ...]
    """Doubtful ones, in the order of the table."""
    measured: int
    """Rows that have a latency."""
    kinds: tuple[tuple[str, int], ...]
    """Codes of `SPOILING` with the rows that carry them, the most frequent first."""
    off_by: float | None
    """Factor by which a latency among them may be off at most, by the farther end of its interval; `None` where no
    interval is known."""


@dataclass(frozen=True)
class DoubtfulAnswer:
    """The pick or the runner-up, measured doubtfully."""

    candidate: CandidateRef
    codes: tuple[str, ...]
    """Of its warnings, those of `SPOILING`."""


def find_doubts(candidates: pd.DataFrame) -> Doubts:
    """Find the doubtful rows.

    Args:
        candidates: Of one setting, with `warnings` (tuples of `MeasurementWarning`), `latency_p50_s` and its ends.
    """
    point = floats_of(candidates["latency_p50_s"])
    low, high = (floats_of(candidates[f"latency_p50_{end}_s"]) for end in ("low", "high"))
    codes = [_codes(warnings) for warnings in candidates["warnings"]]
    measured = ~np.isnan(point)
    doubtful = np.array([bool(of) for of in codes], dtype=bool) & measured
    counts = {code: sum(code in of for of, is_one in zip(codes, doubtful, strict=True) if is_one) for code in SPOILING}
    refs = list(candidate_refs(candidates))
    off_by = None
    if doubtful.any():
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.concatenate([(point / low)[doubtful], (high / point)[doubtful]])
        known = ratios[np.isfinite(ratios)]
        off_by = float(known.max()) if known.size else None
    return Doubts(
        rows=tuple(ref for ref, is_one in zip(refs, doubtful, strict=True) if is_one),
        measured=int(measured.sum()),
        kinds=tuple(sorted(((c, n) for c, n in counts.items() if n), key=lambda kind: -kind[1])),
        off_by=off_by,
    )


def decisive_doubts(candidates: pd.DataFrame, decision: Decision) -> tuple[DoubtfulAnswer, ...]:
    """Return the pick and the runner-up as far as they are doubtful; empty where the pick can be trusted.

    It can where latencies decide nothing: by accuracy alone, or by another cost, without a latency budget. Only rows of
    these two are looked at, so that a slider can ask at every step.

    Args:
        candidates: The table that was decided on, as for `find_doubts`.
        decision: What followed.
    """
    if decision.pick is None or not rests_on_latency(decision):
        return ()
    found = []
    for answer in (decision.pick.candidate, decision.pick.runner_up):
        for at in () if answer is None else rows_of(candidates, answer):
            if codes := _codes(values_of(candidates, "warnings")[at]):
                found.append(DoubtfulAnswer(answer, codes))
    return tuple(found)


def rests_on_latency(decision: Decision) -> bool:
    """Tell whether measured latencies have a part in the pick: by cost, or by a budget."""
    by_cost = decision.rule == "cheapest" and decision.cost == "latency"
    return by_cost or decision.limits.max_latency_s is not None


def _codes(warnings: object) -> tuple[str, ...]:
    known = warnings if isinstance(warnings, list | tuple) else ()
    found = {warning.code for warning in known if isinstance(warning, MeasurementWarning)}
    return tuple(code for code in SPOILING if code in found)
