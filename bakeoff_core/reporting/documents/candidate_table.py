"""Every candidate of a report in order: its numbers in a table, and the reason why each is not the pick.

Not covered: the rest of the report (`reporting.documents.report`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bakeoff_core.formatting import UNKNOWN, count, is_unknown, markdown_code, megabytes, milliseconds, percent
from bakeoff_core.reporting.text.candidate import clearance_in_words, place_in_words
from bakeoff_core.reporting.text.names import CandidateNames, interval_text
from bakeoff_core.reporting.text.rejections import explain_off_frontier, explain_rejections
from bakeoff_core.schema.candidate import CandidateRef, Row, candidate_label, candidate_refs
from bakeoff_core.schema.decision import COST_COLUMNS, Decision, Rejection

_HEAD = (
    *("Model", "Size", "Top-1", "Latency p50 (interval)", "p90", "MACs", "Parameters", "Peak memory"),
    *("Frontier", "Limits"),
)


@dataclass(frozen=True)
class Standing:
    """One candidate, with its place on the frontier and under the limits."""

    ref: CandidateRef
    row: Row
    dominator: tuple[CandidateRef, Row] | None
    """Who dominates it, where somebody does."""
    rejection: Rejection | None
    """Which limits it does not clear, where it does not."""
    is_pick: bool


def rank_candidates(candidates: pd.DataFrame, decision: Decision, cost: str) -> list[Standing]:
    """Order candidates: the frontier by rising cost, then the dominated, then those without a place.

    Args:
        candidates: With frontier columns.
        decision: What follows from them.
        cost: Key of `COST_COLUMNS`: the axis the frontier columns were made for.
    """
    pairs = list(zip(candidate_refs(candidates), candidates.to_dict("records"), strict=True))
    by_label = {ref.label: (ref, row) for ref, row in pairs}
    rejections = {rejection.candidate: rejection for rejection in decision.rejections}
    column = COST_COLUMNS[cost]

    def rank(pair: tuple[CandidateRef, Row]) -> tuple[int, float]:
        row = pair[1]
        if is_unknown(row["non_dominated"]):
            return (2, 0)  # sorting is stable: these keep the order of the table
        return (0 if row["non_dominated"] else 1, row[column])

    return [
        Standing(
            ref=ref,
            row=row,
            dominator=None if is_unknown(row["dominated_by"]) else by_label.get(row["dominated_by"]),
            rejection=rejections.get(ref),
            is_pick=decision.pick is not None and decision.pick.candidate == ref,
        )
        for ref, row in sorted(pairs, key=rank)
    ]


def candidate_table(names: CandidateNames, decision: Decision, cost: str) -> list[str]:
    """Return the lines of the Markdown table of all candidates.

    Args:
        names: Those of the candidates, in Markdown.
        decision: As for `rank_candidates`, like the next.
        cost: See `decision`.
    """
    of_own = {} if names.terms.source.is_published else {"Top-1": names.terms.metric_heading}
    head = [of_own.get(name, name) for name in _HEAD]
    lines = [f"| {' | '.join(head)} |", "|---|---:|---:|---:|---:|---:|---:|---:|---|---|"]
    for standing in rank_candidates(names.candidates, decision, cost):
        name = markdown_code(standing.ref.model_name)
        cells = [
            f"★ {name}" if standing.is_pick else name,
            *_numbers(standing.row),
            place_in_words(standing.row, standing.dominator and standing.dominator[0], names),
            clearance_in_words(standing.rejection, names),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def candidate_reasons(names: CandidateNames, decision: Decision, cost: str) -> list[str]:
    """Say of every candidate but the pick why it is not it; arguments as for `candidate_table`."""
    rejected = explain_rejections(decision, names)
    reasons = []
    for standing in rank_candidates(names.candidates, decision, cost):
        if standing.is_pick:
            continue
        place = ""
        if standing.dominator is not None:
            place = explain_off_frontier(standing.row, standing.dominator[1], cost=cost, terms=names.terms)
        cleared = "Clears every limit; the rule puts the pick first."
        parts = [rejected.get(standing.ref, "" if place else cleared), place]
        label = markdown_code(candidate_label(standing.ref.model_name, standing.ref.img_size))
        reasons.append(f"{label}: {' '.join(part for part in parts if part)}")
    return reasons


def _numbers(row: Row) -> list[str]:
    latency = milliseconds(row["latency_p50_s"])
    low, high = row["latency_p50_low_s"], row["latency_p50_high_s"]
    if not is_unknown(low) and not is_unknown(high):
        latency += f" ({interval_text('latency_p50_s', low, high).removesuffix(' ms')})"
    return [
        UNKNOWN if is_unknown(row["img_size"]) else str(int(row["img_size"])),
        percent(row["top1"]),
        latency,
        milliseconds(row["latency_p90_s"]),
        count(row["macs"]),
        count(row["param_count"]),
        megabytes(row["peak_memory_bytes"]),
    ]
