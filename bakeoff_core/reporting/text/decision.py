"""Decisions and warnings in sentences: the only place where the product argues in words.

Every sentence carries its number; every warning ends with a next step. Names are the shortest that
nothing else in the table goes by (`reporting.text.names.short_names`). The `escape` argument of every function is
the one described in `reporting.text.names`: it is applied to what came from a file, and to nothing else. `source` says
what the accuracies in the table are of, and so what the sentences call them.

Not covered: deciding anything (`selection.pareto`), and laying the sentences out (the pages,
`reporting.documents.report`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bakeoff_core.formatting import SCALES, Escape, admitting, is_unknown, limit_text, listed, points, quantity
from bakeoff_core.reporting.text.names import LIMIT_WORDS, Wording, column_words, own_way, source_name
from bakeoff_core.reporting.text.warnings import explain_warning as explain_warning  # the other half of "in sentences"
from bakeoff_core.reporting.text.warnings import warning_line as warning_line
from bakeoff_core.schema.candidate import Row
from bakeoff_core.schema.records import (
    COST_COLUMNS,
    IMAGENET,
    LIMIT_COLUMNS,
    AccuracySource,
    CandidateRef,
    Choice,
    Decision,
    Limits,
    Rejection,
    Relaxation,
    Tie,
)

if TYPE_CHECKING:
    import pandas as pd


def explain_decision(
    decision: Decision, candidates: pd.DataFrame, *, escape: Escape = str, source: AccuracySource = IMAGENET
) -> list[str]:
    """Say all there is to say about a decision: why this pick and what would change it, or why there is none."""
    if decision.pick is None:
        return explain_no_pick(decision, candidates, escape=escape, source=source)
    return [
        *explain_choice(decision.pick, decision, candidates, escape=escape, source=source),
        *explain_alternatives(decision, candidates, escape=escape, source=source),
    ]


def explain_limits(limits: Limits, *, escape: Escape = str, source: AccuracySource = IMAGENET) -> str:
    """Say what was asked: `"top-1 accuracy at least 75 %, latency at most 15 ms"`, or that nothing was."""
    sides = {"min_top1": "at least"}
    parts = [
        f"{column_words(column, source, escape)} {sides.get(limit, 'at most')} {limit_text(column, value)}"
        for limit, column in LIMIT_COLUMNS.items()
        if (value := getattr(limits, limit)) is not None
    ]
    return ", ".join(parts) or "no limit is set"


def explain_choice(
    choice: Choice,
    decision: Decision,
    candidates: pd.DataFrame,
    *,
    escape: Escape = str,
    source: AccuracySource = IMAGENET,
) -> list[str]:
    """Say why this answer: by what it won, the room it leaves, what is tied with it, and who comes next.

    Args:
        choice: One of the decision's two answers.
        decision: What it belongs to.
        candidates: The table that was decided on.
        escape: See `reporting.text.names`.

    Returns:
        The reason, the room under the limits (where any is set), the tie (where there is one), the runner-up.

    Raises:
        ValueError: `choice` is neither answer of `decision`.
    """
    words = Wording(candidates, escape, source)
    sentences = [_explain_reason(choice, decision, words, len(candidates) - len(decision.rejections))]
    room = _explain_room(choice.candidate, decision.limits, words)
    if room:
        sentences.append(room)
    if choice.tie:
        sentences.append(_explain_tie(choice.candidate, choice.tie, decision.limits, words))
    if choice.runner_up:
        numbers = words.numbers(choice.runner_up, decision.cost)
        sentences.append(f"Runner-up: {words.name(choice.runner_up)} ({numbers}).")
    else:
        sentences.append("There is no runner-up: nobody else clears every limit.")
    return sentences


def _explain_reason(choice: Choice, decision: Decision, words: Wording, cleared: int) -> str:
    if choice == decision.pick:
        rule = decision.rule
    elif choice in (decision.cheapest, decision.most_accurate):
        rule = "cheapest" if choice == decision.cheapest else "most-accurate"
    else:
        raise ValueError("`choice` must be one of the two answers of `decision`.")
    who = f"{words.name(choice.candidate)} ({words.numbers(choice.candidate, decision.cost)})"
    if cleared == 1:
        return f"{who} is the only candidate that clears every limit."
    unlimited = decision.limits == Limits()
    which = "whose numbers are known; no limit is set" if unlimited else "that clear every limit"
    field = f"{cleared} candidates {which}"
    if rule == "cheapest":
        return f"{who} has the lowest {words.column(COST_COLUMNS[decision.cost])} of the {field}."
    return f"{who} is the most accurate of the {field}."


def _explain_room(ref: CandidateRef, limits: Limits, words: Wording) -> str:
    parts = []
    for limit, column in LIMIT_COLUMNS.items():
        bound, value = getattr(limits, limit), words.value(ref, column)
        if bound is None or value is None:
            continue
        named = f"the {LIMIT_WORDS[limit]} of {limit_text(column, bound)}"
        if value == bound:
            parts.append(f"exactly at {named}")
        elif limit == "min_top1":
            parts.append(f"{points(value - bound)} above {named}")
        else:
            parts.append(f"{quantity(column, bound - value)} under {named}")
    return f"It is {listed(parts)}." if parts else ""


def _explain_tie(ref: CandidateRef, tie: Tie, limits: Limits, words: Wording) -> str:
    """Who is tied, by what, and what decided; every such sentence begins with "Tie"."""
    if not tie.rivals:
        return f"Tied to its limit: {_at_limit(ref, tie, limits, words)}, and nobody else does."
    overlap = _at_limit(ref, tie, limits, words) if tie.measure == "limit" else _overlap(ref, tie, words)
    if tie.broken_on == "model_name":
        decided = "Nothing that was measured separates them, so the order of their names decided"
    else:
        decided = f"It was broken on {_against(ref, tie.rivals[0], tie.broken_on, words)}"
    return f"Tie with {words.names(tie.rivals)}: {overlap}. {decided}."


def _at_limit(ref: CandidateRef, tie: Tie, limits: Limits, words: Wording) -> str:
    """Which candidate the latency budget cuts in two: the choice itself, or the first rival of whom it is so."""
    budget = limits.max_latency_s
    if budget is None:
        return "measured again, the answer may not clear the limits"

    def is_cut(who: CandidateRef) -> bool:
        low, high = (words.value(who, f"latency_p50_{end}_s") for end in ("low", "high"))
        return low is not None and high is not None and low <= budget < high

    cut = next((who for who in (ref, *tie.rivals) if is_cut(who)), ref)
    interval = words.interval(cut, "latency_p50_s")
    where = f"of {words.name(cut)}" + (f" ({interval})" if interval else "")
    fate = "might not fit" if cut == ref else "might fit"
    named = f"the latency budget of {limit_text('latency_p50_s', budget)}"
    return f"{named} lies within the 95 % interval {where}, which measured again {fate}"


def _overlap(ref: CandidateRef, tie: Tie, words: Wording) -> str:
    """What the tied candidates share, with the numbers of the choice and its closest rival."""
    first = tie.rivals[0]
    column = "top1" if tie.measure == "accuracy" else COST_COLUMNS[tie.measure]
    if words.value(ref, column) == words.value(first, column) is not None:
        return f"their {words.column(column)} is equal ({quantity(column, words.value(ref, column))})"
    intervals = [words.interval(who, column) for who in (ref, first)]
    if None in intervals:
        return f"too close to tell apart by {_against(ref, first, column, words)}"
    if tie.measure == "accuracy":
        images = f"{words.source.test_images:,} {'validation' if words.source.is_imagenet else 'test'} images"
        sample = f"the 95 % sampling intervals of {images} overlap"
        return f"{sample} ({intervals[0]} and {intervals[1]})"
    return f"the 95 % intervals of their {words.column(column)} overlap ({intervals[0]} and {intervals[1]})"


def _against(ref: CandidateRef, rival: CandidateRef, column: str, words: Wording) -> str:
    """A column and both numbers: `"latency (11.8 ms against 14.2 ms)"`; without numbers where unknown."""
    name = words.column(column)
    values = [words.value(who, column) for who in (ref, rival)]
    if column not in SCALES or None in values:
        return name
    return f"{name} ({_apart(column, values[0], values[1])} against {_apart(column, values[1], values[0])})"


def _apart(column: str, value: float, other: float) -> str:
    """A number with as many digits as show that it is not `other`: 10.04 ms is not "10.0" beside 10."""
    texts = ((quantity(column, value, digits), quantity(column, other, digits)) for digits in range(3, 10))
    return next((mine for mine, theirs in texts if mine != theirs), quantity(column, value))


def explain_no_pick(
    decision: Decision, candidates: pd.DataFrame, *, escape: Escape = str, source: AccuracySource = IMAGENET
) -> list[str]:
    """Say why nothing is picked: which limit is to blame, and the smallest change that would admit whom.

    Args:
        decision: One without a pick.
        candidates: The table that was decided on.
        escape: See `reporting.text.names`.

    Returns:
        What happened, the blame, the way out.
    """
    if candidates.empty:
        return ["There is nothing to choose from yet. Measure this machine first."]
    words = Wording(candidates, escape, source)
    if not decision.blame:
        return [
            f"None of the {len(candidates)} candidates has both an accuracy and the numbers the limits need.",
            "Measure more models, or models with a published accuracy at the size they are measured at."
            if source.is_published
            else f"{'Rank' if source.is_ranked else 'Fine-tune'} more models on {source_name(source, escape)}, or "
            "measure those that were, at their size.",
        ]
    sentences = [f"Nothing clears every limit: {explain_limits(decision.limits, escape=escape, source=source)}."]
    # Whoever lacks a number would be out under any limit, so it says nothing about one limit alone.
    judged = [r for r in decision.rejections if r.error is None and not r.unknown_columns]
    if len(decision.blame) == 1 or all(set(decision.blame) <= set(r.failed_limits) for r in judged):
        sentences += [_explain_blame(limit, decision, words) for limit in decision.blame]
    else:
        named = listed([f"the {LIMIT_WORDS[limit]}" for limit in decision.blame])
        sentences.append(f"No limit excludes everyone on its own; {named} do so together.")
    if decision.relaxation:
        sentences.append(f"{_relaxing(decision.relaxation, decision, words)} comes in.")
    else:
        sentences.append("No limit relaxed on its own admits a model: relax two of them.")
    return sentences


def _explain_blame(limit: str, decision: Decision, words: Wording) -> str:
    column = LIMIT_COLUMNS[limit]
    known = {
        r.candidate: value
        for r in decision.rejections
        if r.error is None
        and words.value(r.candidate, "top1") is not None
        and (value := words.value(r.candidate, column)) is not None
    }
    bound = getattr(decision.limits, limit)
    sentence = f"The {LIMIT_WORDS[limit]} of {limit_text(column, bound)} alone excludes every candidate"
    if not known:
        return f"{sentence}: none has a known {words.column(column)}."
    best = (max if limit == "min_top1" else min)(known, key=lambda ref: known[ref])
    extreme = "highest" if limit == "min_top1" else "lowest"
    value = _apart(column, known[best], bound)
    return f"{sentence}: the {extreme} {words.column(column)} is that of {words.name(best)}, {value}."


def _relaxing(relaxation: Relaxation, decision: Decision, words: Wording) -> str:
    """`"Raise the latency budget from 10 ms to 11.8 ms and efficientnet_b0 (77.7 % top-1, 11.8 ms)"`."""
    column = LIMIT_COLUMNS[relaxation.limit]
    verb = "Lower" if relaxation.limit == "min_top1" else "Raise"
    needed = limit_text(column, admitting(column, relaxation.needed))
    who = f"{words.name(relaxation.candidate)} ({words.numbers(relaxation.candidate, decision.cost)})"
    change = f"from {limit_text(column, relaxation.given)} to {needed}"
    return f"{verb} the {LIMIT_WORDS[relaxation.limit]} {change} and {who}"


def explain_alternatives(
    decision: Decision, candidates: pd.DataFrame, *, escape: Escape = str, source: AccuracySource = IMAGENET
) -> list[str]:
    """Say what would change the pick, a sentence a limit; empty without a pick (see `explain_no_pick`)."""
    if decision.pick is None:
        return []
    if decision.limits == Limits():
        return ["No limit is set, so there is none to relax."]
    words = Wording(candidates, escape, source)
    sentences = [f"{_relaxing(a, decision, words)} becomes the pick." for a in decision.alternatives]
    return sentences or ["Relaxing any one limit leaves the pick as it is."]


def explain_rejection(
    rejection: Rejection,
    candidates: pd.DataFrame,
    decision: Decision,
    *,
    escape: Escape = str,
    source: AccuracySource = IMAGENET,
) -> str:
    """Say why a candidate does not clear the limits, without naming it: `"Latency 37.0 ms is over …"`.

    For a whole table use `explain_rejections`, which reads the table once.
    """
    own = candidates[candidates["model_name"] == rejection.candidate.model_name]
    return _explain_rejection(rejection, decision.limits, Wording(own, escape, source))


def explain_rejections(
    decision: Decision, candidates: pd.DataFrame, *, escape: Escape = str, source: AccuracySource = IMAGENET
) -> dict[CandidateRef, str]:
    """Say of every rejected candidate why it does not clear the limits."""
    words = Wording(candidates, escape, source)
    return {r.candidate: _explain_rejection(r, decision.limits, words) for r in decision.rejections}


def _explain_rejection(rejection: Rejection, limits: Limits, words: Wording) -> str:
    if rejection.error is not None:
        return f"Could not be measured: {words.escape(rejection.error)}"
    parts, ref = [], rejection.candidate
    for limit in rejection.failed_limits:
        column = LIMIT_COLUMNS[limit]
        bound, value = getattr(limits, limit), words.value(ref, column)
        named = f"the {LIMIT_WORDS[limit]} of {limit_text(column, bound)}"
        if value is None and column == "top1" and not words.source.is_published:
            parts.append(_unknown(column, ref.img_size, words.source, words.escape))
        elif value is None:
            parts.append(f"{words.column(column)} is not known, and {named} needs it")
        else:
            side = "under" if limit == "min_top1" else "over"
            parts.append(f"{words.column(column)} {_apart(column, value, bound)} is {side} {named}")
    said = {LIMIT_COLUMNS[limit] for limit in rejection.failed_limits}
    parts += [
        _unknown(column, ref.img_size, words.source, words.escape)
        for column in rejection.unknown_columns
        if column not in said
    ]
    text = "; ".join(parts) or "a number the decision needs is not known"
    return f"{text[0].upper()}{text[1:]}."


def _unknown(column: str, img_size: int | None, source: AccuracySource, escape: Escape) -> str:
    if column == "top1":
        size = "this size" if img_size is None else f"{img_size} px"
        if not source.is_published:
            return f"not {own_way(source)} on {source_name(source, escape)} at {size}"
        named = "" if source.is_imagenet else f" on {source_name(source, escape)}"
        return f"no accuracy{named} is published for this tag at {size}"
    return f"{column_words(column, source, escape)} is not known"


def explain_off_frontier(
    row: Row,
    dominator: Row | None = None,
    *,
    cost: str = "latency",
    escape: Escape = str,
    source: AccuracySource = IMAGENET,
) -> str:
    """Say where a candidate stands: on the frontier, dominated by whom and by how much, or without a place.

    Args:
        row: The candidate, with the frontier's columns.
        dominator: The row of the candidate that `dominated_by` names; without it no difference is given.
        cost: Key of `COST_COLUMNS`: the axis the frontier was drawn on.
        escape: See `reporting.text.names`.
        source: What the accuracy is of.
    """
    if not is_unknown(row.get("error")):
        return f"Could not be measured: {escape(str(row['error']))}"
    if not is_unknown(row.get("dominated_by")):
        named = f"Dominated by {escape(str(row['dominated_by']))}"
        return f"{named}{_lead(row, dominator, cost)}." if dominator is not None else f"{named}."
    if not is_unknown(row.get("non_dominated")) and row["non_dominated"]:
        return "On the frontier: no other is at least as good on both axes and better on one."
    size = row.get("img_size")
    missing = [c for c in ("top1", COST_COLUMNS[cost]) if is_unknown(row.get(c))]
    reasons = [_unknown(column, None if is_unknown(size) else int(size), source, escape) for column in missing]
    text = listed(reasons) or "a number that the axes need is not known"
    return f"Not on these axes: {text}."


_LEADS = {
    "latency": ("is {} faster", "is as fast"),
    "macs": ("needs {} fewer", "needs as many MACs"),
    "params": ("has {} fewer", "has as many parameters"),
    "memory": ("needs {} less peak memory", "needs as much peak memory"),
}


def _lead(row: Row, dominator: Row, cost: str) -> str:
    """By how much the dominator is ahead: `", which is 2.10 ms faster and as accurate"`."""
    column = COST_COLUMNS[cost]
    ahead = row[column] - dominator[column]
    better = dominator["top1"] - row["top1"]
    if is_unknown(ahead) or is_unknown(better):
        return ""
    cheaper = _LEADS[cost][1] if ahead == 0 else _LEADS[cost][0].format(quantity(column, ahead))
    accurate = "as accurate" if better == 0 else f"{points(better)} more accurate"
    return f", which {cheaper} and {'' if cheaper.startswith('is ') else 'is '}{accurate}"
