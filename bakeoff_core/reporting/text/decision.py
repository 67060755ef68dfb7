"""A decision in sentences: why this pick, or why none, what is tied with it, and what would change it.

Every sentence carries its number. Names are the shortest that nothing else in the table goes by, and text from files is
made harmless for the medium, both by `reporting.text.names`.

Not covered: deciding anything (`selection.decision`), why the others are not the pick (`reporting.text.rejections`),
and laying the sentences out (the pages, `reporting.documents.report`).
"""

from __future__ import annotations

from bakeoff_core.formatting import SCALES, admitting, limit_text, listed, points, quantity
from bakeoff_core.reporting.text.names import PLAIN_TERMS, CandidateNames, Terms, quantity_apart
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, Choice, Decision, Limits, Relaxation, Tie


def explain_decision(decision: Decision, names: CandidateNames) -> list[str]:
    """Say all there is to say about a decision: why this pick and what would change it, or why there is none."""
    if decision.pick is None:
        return explain_no_pick(decision, names)
    return [
        *explain_choice(decision.pick, decision, names),
        *explain_alternatives(decision, names),
    ]


def explain_limits(limits: Limits, terms: Terms = PLAIN_TERMS) -> str:
    """Say what was asked: `"top-1 accuracy at least 75 %, latency at most 15 ms"`, or that nothing was."""
    sides = {"min_top1": "at least"}
    parts = [
        f"{terms.column(column)} {sides.get(limit, 'at most')} {limit_text(column, value)}"
        for limit, column in LIMIT_COLUMNS.items()
        if (value := getattr(limits, limit)) is not None
    ]
    return ", ".join(parts) or "no limit is set"


def explain_choice(choice: Choice, decision: Decision, names: CandidateNames) -> list[str]:
    """Say why this answer: by what it won, the room it leaves, what is tied with it, and who comes next.

    Args:
        choice: One of the decision's two answers.
        decision: What it belongs to.
        names: Those of the table that was decided on.

    Returns:
        The reason, the room under the limits (where any is set), the tie (where there is one), the runner-up.

    Raises:
        ValueError: `choice` is neither answer of `decision`.
    """
    sentences = [_explain_reason(choice, decision, names, len(names.candidates) - len(decision.rejections))]
    room = _explain_room(choice.candidate, decision.limits, names)
    if room:
        sentences.append(room)
    if choice.tie:
        sentences.append(_explain_tie(choice.candidate, choice.tie, decision.limits, names))
    if choice.runner_up:
        numbers = names.numbers(choice.runner_up, decision.cost)
        sentences.append(f"Runner-up: {names.name(choice.runner_up)} ({numbers}).")
    else:
        sentences.append("There is no runner-up: nobody else clears every limit.")
    return sentences


def _explain_reason(choice: Choice, decision: Decision, names: CandidateNames, cleared: int) -> str:
    if choice == decision.pick:
        rule = decision.rule
    elif choice in (decision.cheapest, decision.most_accurate):
        rule = "cheapest" if choice == decision.cheapest else "most-accurate"
    else:
        raise ValueError("`choice` must be one of the two answers of `decision`.")
    who = f"{names.name(choice.candidate)} ({names.numbers(choice.candidate, decision.cost)})"
    if cleared == 1:
        return f"{who} is the only candidate that clears every limit."
    unlimited = decision.limits == Limits()
    which = "whose numbers are known; no limit is set" if unlimited else "that clear every limit"
    field = f"{cleared} candidates {which}"
    if rule == "cheapest":
        return f"{who} has the lowest {names.terms.column(COST_COLUMNS[decision.cost])} of the {field}."
    return f"{who} is {names.terms.most} of the {field}."


def _explain_room(ref: CandidateRef, limits: Limits, names: CandidateNames) -> str:
    parts = []
    for limit, column in LIMIT_COLUMNS.items():
        bound, value = getattr(limits, limit), names.value(ref, column)
        if bound is None or value is None:
            continue
        named = f"the {names.terms.limit(limit)} of {limit_text(column, bound)}"
        if value == bound:
            parts.append(f"exactly at {named}")
        elif limit == "min_top1":
            parts.append(f"{points(value - bound)} above {named}")
        else:
            parts.append(f"{quantity(column, bound - value)} under {named}")
    return f"It is {listed(parts)}." if parts else ""


def _explain_tie(ref: CandidateRef, tie: Tie, limits: Limits, names: CandidateNames) -> str:
    """Who is tied, by what, and what decided; every such sentence begins with "Tie"."""
    if not tie.rivals:
        return f"Tied to its limit: {_at_limit(ref, tie, limits, names)}, and nobody else does."
    overlap = _at_limit(ref, tie, limits, names) if tie.measure == "limit" else _overlap(ref, tie, names)
    if tie.measure == "limit" and limits.max_latency_s is not None:
        decided = _fit(_cut(ref, tie, limits.max_latency_s, names), limits.max_latency_s, names)
    elif tie.broken_on == "model_name":
        decided = "Nothing that was measured separates them, so the order of their names decided"
    else:
        decided = f"It was broken on {_against(ref, tie.rivals[0], tie.broken_on, names)}"
    return f"Tie with {names.listed(tie.rivals)}: {overlap}. {decided}."


def _at_limit(ref: CandidateRef, tie: Tie, limits: Limits, names: CandidateNames) -> str:
    """Which candidate the latency budget cuts in two: the choice itself, or the first rival of whom it is so."""
    budget = limits.max_latency_s
    if budget is None:
        return "measured again, the answer may not clear the limits"
    cut = _cut(ref, tie, budget, names)
    interval = names.interval(cut, "latency_p50_s")
    where = f"of {names.name(cut)}" + (f" ({interval})" if interval else "")
    fate = "might not fit" if cut == ref else "might fit"
    named = f"the latency budget of {limit_text('latency_p50_s', budget)}"
    return f"{named} lies within the 95 % interval {where}, which measured again {fate}"


def _cut(ref: CandidateRef, tie: Tie, budget: float, names: CandidateNames) -> CandidateRef:
    """Whose interval the latency budget lies in: the choice's, or that of the first rival of whom it is so."""

    def is_cut(who: CandidateRef) -> bool:
        low, high = (names.value(who, f"latency_p50_{end}_s") for end in ("low", "high"))
        return low is not None and high is not None and low <= budget < high

    return next((who for who in (ref, *tie.rivals) if is_cut(who)), ref)


def _fit(cut: CandidateRef, budget: float, names: CandidateNames) -> str:
    """That the median measured, on one side of the budget, decided: nothing else keeps a rival in or out."""
    latency = names.value(cut, "latency_p50_s")
    if latency is None:
        return "Its median, as measured, decided"
    side = "fits" if latency <= budget else "does not fit"
    return f"By the median as measured, {quantity_apart('latency_p50_s', latency, budget)}, it {side}; that decided"


def _overlap(ref: CandidateRef, tie: Tie, names: CandidateNames) -> str:
    """What the tied candidates share, with the numbers of the choice and its closest rival."""
    first = tie.rivals[0]
    column = "top1" if tie.measure == "accuracy" else COST_COLUMNS[tie.measure]
    if names.value(ref, column) == names.value(first, column) is not None:
        return f"their {names.terms.column(column)} is equal ({quantity(column, names.value(ref, column))})"
    intervals = [names.interval(who, column) for who in (ref, first)]
    if None in intervals:
        return f"too close to tell apart by {_against(ref, first, column, names)}"
    if tie.measure == "accuracy":
        images = (
            f"{names.terms.source.test_images:,} {'validation' if names.terms.source.is_imagenet else 'test'} images"
        )
        sample = f"the 95 % sampling intervals of {images} overlap"
        return f"{sample} ({intervals[0]} and {intervals[1]})"
    return f"the 95 % intervals of their {names.terms.column(column)} overlap ({intervals[0]} and {intervals[1]})"


def _against(ref: CandidateRef, rival: CandidateRef, column: str, names: CandidateNames) -> str:
    """A column and both numbers: `"latency (11.8 ms against 14.2 ms)"`; without numbers where unknown."""
    name = names.terms.column(column)
    values = [names.value(who, column) for who in (ref, rival)]
    if column not in SCALES or None in values:
        return name
    ours, theirs = (quantity_apart(column, *pair) for pair in (values, values[::-1]))
    return f"{name} ({ours} against {theirs})"


def explain_no_pick(decision: Decision, names: CandidateNames) -> list[str]:
    """Say why nothing is picked: which limit is to blame, and the smallest change that would admit whom.

    Args:
        decision: One without a pick.
        names: Those of the table that was decided on.

    Returns:
        What happened, the blame, the way out.
    """
    if names.candidates.empty:
        return ["There is nothing to choose from yet. Measure this machine first."]
    if not decision.blame:
        return [
            f"None of the {len(names.candidates)} candidates has both {names.terms.a_metric} and the numbers the "
            "limits need.",
            "Measure more models, or models with a published accuracy at the size they are measured at."
            if names.terms.source.is_published
            else f"{'Rank' if names.terms.source.is_ranked else 'Fine-tune'} more models on {names.terms.images}, or "
            "measure those that were, at their size.",
        ]
    sentences = [f"Nothing clears every limit: {explain_limits(decision.limits, names.terms)}."]
    # Whoever lacks a number would be out under any limit, so it says nothing about one limit alone.
    judged = [r for r in decision.rejections if r.error is None and not r.unknown_columns]
    if len(decision.blame) == 1 or all(set(decision.blame) <= set(r.failed_limits) for r in judged):
        sentences += [_explain_blame(limit, decision, names) for limit in decision.blame]
    else:
        named = listed([f"the {names.terms.limit(limit)}" for limit in decision.blame])
        sentences.append(f"No limit excludes everyone on its own; {named} do so together.")
    if decision.relaxation:
        sentences.append(f"{_relaxing(decision.relaxation, decision, names)} comes in.")
    else:
        sentences.append("No limit relaxed on its own admits a model: relax two of them.")
    return sentences


def _explain_blame(limit: str, decision: Decision, names: CandidateNames) -> str:
    column = LIMIT_COLUMNS[limit]
    known = {
        r.candidate: value
        for r in decision.rejections
        if r.error is None
        and names.value(r.candidate, "top1") is not None
        and (value := names.value(r.candidate, column)) is not None
    }
    bound = getattr(decision.limits, limit)
    sentence = f"The {names.terms.limit(limit)} of {limit_text(column, bound)} alone excludes every candidate"
    if not known:
        return f"{sentence}: none has a known {names.terms.column(column)}."
    best = (max if limit == "min_top1" else min)(known, key=lambda ref: known[ref])
    extreme = "highest" if limit == "min_top1" else "lowest"
    value = quantity_apart(column, known[best], bound)
    return f"{sentence}: the {extreme} {names.terms.column(column)} is that of {names.name(best)}, {value}."


def _relaxing(relaxation: Relaxation, decision: Decision, names: CandidateNames) -> str:
    """`"Raise the latency budget from 10 ms to 11.8 ms and efficientnet_b0 (77.7 % top-1, 11.8 ms)"`."""
    column = LIMIT_COLUMNS[relaxation.limit]
    verb = "Lower" if relaxation.limit == "min_top1" else "Raise"
    needed = limit_text(column, admitting(column, relaxation.needed))
    who = f"{names.name(relaxation.candidate)} ({names.numbers(relaxation.candidate, decision.cost)})"
    change = f"from {limit_text(column, relaxation.given)} to {needed}"
    return f"{verb} the {names.terms.limit(relaxation.limit)} {change} and {who}"


def explain_alternatives(decision: Decision, names: CandidateNames) -> list[str]:
    """Say what would change the pick, a sentence a limit; empty without a pick (see `explain_no_pick`)."""
    if decision.pick is None:
        return []
    if decision.limits == Limits():
        return ["No limit is set, so there is none to relax."]
    sentences = [f"{_relaxing(a, decision, names)} becomes the pick." for a in decision.alternatives]
    return sentences or ["Relaxing any one limit leaves the pick as it is."]
