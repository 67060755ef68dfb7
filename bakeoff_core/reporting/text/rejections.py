"""Why a candidate is not the pick, in sentences: the limits it does not clear, and where it is off the frontier.

Not covered: why the pick is the pick (`reporting.text.decision`).
"""

from __future__ import annotations

from bakeoff_core.formatting import is_unknown, limit_text, listed, quantity
from bakeoff_core.reporting.text.names import (
    PLAIN_TERMS,
    CandidateNames,
    Terms,
    origin_verb,
    quantity_apart,
)
from bakeoff_core.schema.candidate import CandidateRef, Row
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, Decision, Limits, Rejection
from bakeoff_core.selection.remeasuring import is_surely_dominated


def explain_rejections(decision: Decision, names: CandidateNames) -> dict[CandidateRef, str]:
    """Say of every rejected candidate why it does not clear the limits."""
    return {r.candidate: explain_rejection(r, decision.limits, names) for r in decision.rejections}


def explain_rejection(rejection: Rejection, limits: Limits, names: CandidateNames) -> str:
    """Say why a candidate does not clear the limits, without naming it: `"Latency 37.0 ms is over …"`."""
    if rejection.error is not None:
        return f"Could not be measured: {names.terms.escape(rejection.error)}"
    parts, ref = [], rejection.candidate
    for limit in rejection.failed_limits:
        column = LIMIT_COLUMNS[limit]
        bound, value = getattr(limits, limit), names.value(ref, column)
        named = f"the {names.terms.limit(limit)} of {limit_text(column, bound)}"
        if value is None and column == "top1" and not names.terms.source.is_published:
            parts.append(_unknown(column, ref.img_size, names.terms))
        elif value is None:
            parts.append(f"{names.terms.column(column)} is not known, and {named} needs it")
        else:
            side = "under" if limit == "min_top1" else "over"
            parts.append(f"{names.terms.column(column)} {quantity_apart(column, value, bound)} is {side} {named}")
    named_columns = {LIMIT_COLUMNS[limit] for limit in rejection.failed_limits}
    parts += [
        _unknown(column, ref.img_size, names.terms)
        for column in rejection.unknown_columns
        if column not in named_columns
    ]
    text = "; ".join(parts) or "a number the decision needs is not known"
    return f"{text[0].upper()}{text[1:]}."


def _unknown(column: str, img_size: int | None, terms: Terms) -> str:
    if column == "top1":
        size = "this size" if img_size is None else f"{img_size} px"
        if not terms.source.is_published:
            return f"not {origin_verb(terms.source)} on {terms.images} at {size}"
        named = "" if terms.source.is_imagenet else f" on {terms.images}"
        return f"no accuracy{named} is published for this tag at {size}"
    return f"{terms.column(column)} is not known"


def explain_off_frontier(
    row: Row, dominator: Row | None = None, *, cost: str = "latency", terms: Terms = PLAIN_TERMS
) -> str:
    """Say where a candidate stands: on the frontier, dominated by whom and by how much, or without a place.

    Args:
        row: The candidate, with the frontier's columns.
        dominator: The row of the candidate that `dominated_by` names; without it no difference is given.
        cost: Key of `COST_COLUMNS`: the axis the frontier was drawn on.
        terms: What the accuracy is called, and the medium.
    """
    if not is_unknown(row.get("error")):
        return f"Could not be measured: {terms.escape(str(row['error']))}"
    if not is_unknown(row.get("dominated_by")):
        is_sure = is_surely_dominated(row)
        named = f"{'Dominated by' if is_sure else 'Behind'} {terms.escape(str(row['dominated_by']))}"
        lead = _lead(row, dominator, cost, terms) if dominator is not None else ""
        return f"{named}{lead}." if is_sure else f"{named}{lead}, but {_undecided(row)}."
    if not is_unknown(row.get("non_dominated")) and row["non_dominated"]:
        return "On the frontier: no other is at least as good on both axes and better on one."
    size = row.get("img_size")
    missing = [c for c in ("top1", COST_COLUMNS[cost]) if is_unknown(row.get(c))]
    reasons = [_unknown(column, None if is_unknown(size) else int(size), terms) for column in missing]
    text = listed(reasons) or "a number that the axes need is not known"
    return f"Not on these axes: {text}."


def _undecided(row: Row) -> str:
    """That measuring again may put it on the frontier: `"can't be told apart: … on the frontier 23 times in 100"`."""
    on_it = 100 - float(row["dominated_share"])
    return f"can't be told apart: measured again, it would be on the frontier {max(1, round(on_it))} times in 100"


_LEADS = {
    "latency": ("is {} faster", "is as fast"),
    "macs": ("needs {} fewer", "needs as many MACs"),
    "params": ("has {} fewer", "has as many parameters"),
    "memory": ("needs {} less peak memory", "needs as much peak memory"),
}


def _lead(row: Row, dominator: Row, cost: str, terms: Terms) -> str:
    """By how much the dominator is ahead: `", which is 2.10 ms faster and as accurate"`."""
    column = COST_COLUMNS[cost]
    ahead = row[column] - dominator[column]
    better = dominator["top1"] - row["top1"]
    if is_unknown(ahead) or is_unknown(better):
        return ""
    cheaper = _LEADS[cost][1] if ahead == 0 else _LEADS[cost][0].format(quantity(column, ahead))
    return f", which {cheaper} and {'' if cheaper.startswith('is ') else 'is '}{terms.ahead(better)}"
