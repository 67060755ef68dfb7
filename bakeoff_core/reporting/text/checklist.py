"""The checklist's advice in sentences, each with what it rests on.

Like `reporting.text.decision`, whose sentences it uses where figures decide: names are as short as the table allows,
text from files passes through `escape` (see `reporting.text.names`), and every sentence carries its number. Not
covered: laying the sentences out (`reporting.documents.checklist_section`, the page).
"""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.finetuning.recipes import RECIPES, recommend_recipe
from bakeoff_core.formatting import Escape, counted, is_unknown, limit_text, listed, points, quantity
from bakeoff_core.reporting.text.decision import (
    explain_choice,
    explain_limits,
    explain_no_pick,
)
from bakeoff_core.reporting.text.names import COLUMN_WORDS, CandidateNames, Terms
from bakeoff_core.reporting.text.rejections import explain_off_frontier, explain_rejection
from bakeoff_core.schema.candidate import CandidateRef, Row
from bakeoff_core.schema.decision import LIMIT_COLUMNS, Limits, Rejection
from bakeoff_core.selection.checklist.advice import Advice, SetAside, ShortlistEntry, WeighedDispute
from bakeoff_core.selection.checklist.rules import Answers, Source

MEASURED = Source("measured", "figures", "Measured in the setting shown", "measured here", None)
PUBLISHED = Source("published", "figures", "Published figures, as the catalogue holds them", "catalogue", None)
"""What sentences rest on that rest on figures."""

TARGET_WORDS = {"server": "a server", "edge": "an edge box", "mobile": "a phone"}
TASK_WORDS = {
    "classification": "image classification",
    "detection": "object detection",
    "segmentation": "semantic segmentation",
    "generation": "image generation",
}
PRIORITY_WORDS = {"accuracy": "accuracy", "efficiency": "accuracy for its cost", "iteration": "speed of iteration"}
DOMAIN_WORDS = {"natural": "like natural photographs", "other": "unlike natural photographs"}
RECIPE_WORDS = {
    "linear-probe": "with a linear probe on its frozen features",
    "top-layers": "with its top layers fine-tuned",
    "full": "fully fine-tuned",
    "progressive": "fine-tuned with progressive unfreezing",
    "scratch": "trained from scratch",
}
"""How a model is adapted, after its name."""


@dataclass(frozen=True)
class Reason:
    """A sentence and where it comes from."""

    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Point:
    """One line of the advice."""

    text: str
    sources: tuple[Source, ...] = ()
    parts: tuple[Reason, ...] = ()
    """Lines below it, each with sources of its own."""


def describe_answers(answers: Answers) -> list[str]:
    """Say what was answered, a line a question; what was left open is not named."""
    lines = [f"For {TASK_WORDS[answers.task]}" + (f" on {TARGET_WORDS[answers.target]}." if answers.target else ".")]
    limits = explain_limits(answers.limits)
    if answers.max_macs is not None:
        compute = f"at most {limit_text('macs', answers.max_macs)} an image"
        limits = compute if limits == "no limit is set" else f"{limits}, {compute}"
    lines.append(f"{limits[0].upper()}{limits[1:]}.")
    if answers.priority:
        lines.append(f"What matters most is {PRIORITY_WORDS[answers.priority]}.")
    images = [counted(answers.labelled, "labelled image")] if answers.labelled else []
    images += [DOMAIN_WORDS[answers.domain]] if answers.domain else []
    if images:
        text = " ".join(images if answers.labelled else ["images", *images])
        lines.append(f"{text[0].upper()}{text[1:]}.")
    return lines


def headline(advice: Advice, *, escape: Escape = str) -> str:
    """Say the whole answer in a sentence."""
    if not advice.is_about_backbones:
        return "Generating images is not a choice of backbone."
    if advice.pick is None:
        if advice.shortlist:
            return "Nothing measured clears every limit; what is left has yet to be measured."
        return "No model at hand clears every limit."
    ref, recipe = advice.pick.candidate, advice.pick.recipe or (advice.adaptation and advice.adaptation.recipe)
    return f"Start from {_named(ref, advice, escape)}" + (f", {RECIPE_WORDS[recipe]}." if recipe else ".")


def explain_advice(advice: Advice, *, escape: Escape = str) -> list[Reason]:
    """Say why this is the answer, what it was judged by, and what would be the answer otherwise."""
    if not advice.is_about_backbones:
        return [
            Reason(
                "Backbones recognise images. What makes them is chosen in other ways, some of which are named here.", ()
            )
        ]
    by = (MEASURED,) if advice.is_measured else (PUBLISHED,)
    reasons = []
    decision, names = advice.decision, CandidateNames(advice.judged, Terms(escape=escape))
    if decision is not None and decision.pick is not None:
        reasons += [Reason(text, by) for text in explain_choice(decision.pick, decision, names)]
    elif decision is not None:
        reasons += [Reason(text, by) for text in explain_no_pick(decision, names)]
    elif advice.pick is not None:
        is_blind = not advice.is_measured and advice.answers.limits != Limits()
        open_still = "What was asked takes measuring" if is_blind else "Nothing was asked yet that figures could decide"
        reasons.append(Reason(f"{open_still}, so the order is that of the guides.", ()))
    if advice.over_compute:
        over = CandidateNames(advice.table, Terms(escape=escape)).listed(advice.over_compute)
        budget = limit_text("macs", advice.answers.max_macs or 0)
        reasons.append(Reason(f"Over the compute budget of {budget}, and so left out before: {over}.", (PUBLISHED,)))
    if advice.barred is not None:
        ref, caution = advice.barred
        instead = f"By the limits alone the answer would be {_named(ref, advice, escape)}, but not on this target."
        reasons.append(Reason(f"{instead} {caution.why}", caution.sources))
    reasons += _judged_by(advice)
    return reasons


def _judged_by(advice: Advice) -> list[Reason]:
    """What the figures can't say here."""
    if not advice.is_measured:
        limits = advice.answers.limits
        blind = [
            word
            for word, limit in (("latency", limits.max_latency_s), ("peak memory", limits.max_memory_bytes))
            if limit is not None
        ]
        text = "Nothing was measured here yet, so computation stands in for time, and it is a poor guide to it."
        return [Reason(f"{text} No limit on {listed(blind)} was judged." if blind else text, (PUBLISHED,))]
    if advice.answers.target == "mobile":
        return [Reason("Latency is that of the machine shown, which is no phone: it orders models, no more.", ())]
    return []


def explain_entry(entry: ShortlistEntry, advice: Advice, *, escape: Escape = str) -> list[Reason]:
    """Say why a model is on the shortlist, and what has to be known or watched; never empty."""
    names = CandidateNames(advice.table, Terms(escape=escape))
    reasons = []
    if entry.standing == "pick" and advice.decision is not None and advice.decision.pick is not None:
        judged = CandidateNames(advice.judged, Terms(escape=escape))
        first = explain_choice(advice.decision.pick, advice.decision, judged)[0]
        reasons.append(Reason(first, (MEASURED,) if advice.is_measured else (PUBLISHED,)))
    if entry.standing == "next":
        reasons.append(Reason("Next in line by the figures.", (MEASURED,) if advice.is_measured else (PUBLISHED,)))
    if entry.standing == "published" and not entry.nominations:
        reasons.append(
            Reason("Little computation, and no known figure rules it out: only measuring can tell.", (PUBLISHED,))
        )
    reasons += [
        Reason(f"Beats {names.name(ref)}{_by(ref, entry.candidate, advice)}.", (MEASURED,)) for ref in entry.beats
    ]
    reasons += [Reason(rule.why, rule.sources) for rule in entry.nominations]
    if entry.recipe:
        reasons.append(Reason(f"Use it {RECIPE_WORDS[entry.recipe]}.", _recipe_sources(entry)))
    if entry.unknown:
        unknown = listed([COLUMN_WORDS[column] for column in entry.unknown])
        reasons.append(Reason(f"Not known yet, and needed for the limits: {unknown}.", ()))
    for caution in entry.cautions:
        but = " The figures put it first all the same." if entry.standing in ("pick", "ahead") else ""
        reasons.append(Reason(f"{caution.what}: {caution.why}{but}", caution.sources))
    return reasons


def explain_set_aside(aside: SetAside, advice: Advice, *, escape: Escape = str) -> Reason:
    """Say what speaks against a model that guides name, by how much, and by which model it is beaten."""
    if aside.error is not None:
        return Reason(f"Could not be measured: {escape(aside.error)}", (MEASURED,))
    timed = not is_unknown(_row(aside.candidate, advice).get("latency_p50_s"))
    by = (MEASURED,) if timed else (PUBLISHED,)
    sentences = [_missed(aside, advice, escape)] if aside.misses else []
    if aside.dominator is not None:
        row = {**_row(aside.candidate, advice), "dominated_by": _label(aside.dominator)}
        sentences.append(explain_off_frontier(row, _row(aside.dominator, advice), terms=Terms(escape=escape)))
        if _is_noise(row, _row(aside.dominator, advice)):
            sentences.append("Both differences are within the noise of the measurement and of the test images.")
    if aside.caution is not None:
        sentences.append(f"{aside.caution.what}: {aside.caution.why}")
        by = (*by, *aside.caution.sources) if aside.misses else aside.caution.sources
    return Reason(" ".join(sentences), by)


def _missed(aside: SetAside, advice: Advice, escape: Escape) -> str:
    limits = tuple(miss.limit for miss in aside.misses if miss.limit in LIMIT_COLUMNS)
    parts = []
    if limits:
        names = CandidateNames(advice.table, Terms(escape=escape))
        parts.append(explain_rejection(Rejection(aside.candidate, limits), advice.answers.limits, names))
    parts += [
        f"{quantity('macs', miss.value)} are over the compute budget of {limit_text('macs', miss.bound)}."
        for miss in aside.misses
        if miss.limit == "max_macs"
    ]
    return " ".join(parts)


def explain_recipe(advice: Advice) -> Point | None:
    """Say how to adapt the model and why; `None` where the number of labelled images was not said.

    The number of labels comes first; that reason is the product's own recipes' and has no sources.
    """
    if advice.adaptation is None:
        return None
    recipe = RECIPES[advice.adaptation.recipe]
    by_labels = recommend_recipe(advice.answers.labelled)
    first = by_labels.reason
    if by_labels.recipe != advice.adaptation.recipe:
        first = f"By the number of labels alone: {RECIPES[by_labels.recipe].title.lower()}. {first}"
    reasons = (Reason(first, ()), *(Reason(rule.why, rule.sources) for rule in advice.adaptation.rules))
    return Point(f"{recipe.title}. {recipe.summary}", (), reasons)


def explain_mixture(advice: Advice, *, escape: Escape = str) -> str:
    """Say whether the shortlist's accuracies can be compared, by how its weights were trained and on what."""
    groups: dict[str, list[str]] = {}
    names = CandidateNames(advice.table, Terms(escape=escape))
    for entry in advice.shortlist:
        row = _row(entry.candidate, advice)
        training_class, data = row.get("recipe"), row.get("pretraining")
        training = [] if is_unknown(training_class) else [PRETRAINING_CLASSES[training_class].title]
        training += [] if is_unknown(data) else [escape(data)]
        if training:
            groups.setdefault(", ".join(training), []).append(names.name(entry.candidate))
    if len(groups) < 2:
        alike = f" ({next(iter(groups))})" if groups else ""
        return f"All of the shortlist was trained alike{alike}, as far as it is known."
    mixed = "; ".join(f"{training}: {listed(members)}" for training, members in groups.items())
    return f"The shortlist was not trained alike, so part of an accuracy's lead may be its training. {mixed}."


def explain_dispute(weighed: WeighedDispute, advice: Advice, *, escape: Escape = str) -> Point:
    """Say who says what, what the figures at hand are, and what to make of it."""
    dispute = weighed.dispute
    parts = [Reason(claim.text, claim.sources) for claim in dispute.claims]
    names = CandidateNames(advice.table, Terms(escape=escape))
    if weighed.figures:
        cost = "latency" if advice.is_measured else "macs"
        refs = sorted(weighed.figures, key=lambda ref: names.value(ref, "top1") or 0)
        figures = [f"{names.name(ref)} {names.numbers(ref, cost)}" for ref in refs]
        parts.append(
            Reason(f"Here: {'; '.join(figures)}.", (MEASURED, PUBLISHED) if advice.is_measured else (PUBLISHED,))
        )
    parts.append(Reason(dispute.settled, dispute.settled_sources))
    return Point(dispute.question, (), tuple(parts))


def numbers(ref: CandidateRef, advice: Advice, *, escape: Escape = str) -> str:
    """Return what is known of a model in a few words: `"77.7 % top-1, 11.8 ms, 0.4 G MACs"`."""
    return CandidateNames(advice.table, Terms(escape=escape)).numbers(ref, "macs")


def _named(ref: CandidateRef, advice: Advice, escape: Escape) -> str:
    names = CandidateNames(advice.table, Terms(escape=escape))
    return f"{names.name(ref)} ({names.numbers(ref, 'macs')})" if _row(ref, advice) else names.name(ref)


def _by(beaten: CandidateRef, winner: CandidateRef, advice: Advice) -> str:
    """By how much the winner is ahead: `": 2.10 ms faster, 1.2 points more accurate"`."""
    row, other = _row(beaten, advice), _row(winner, advice)
    faster, better = row["latency_p50_s"] - other["latency_p50_s"], other["top1"] - row["top1"]
    parts = [f"{quantity('latency_p50_s', faster)} faster"] if faster else ["as fast"]
    parts.append(f"{points(better)} more accurate" if better else "as accurate")
    return f": {', '.join(parts)}"


def _row(ref: CandidateRef, advice: Advice) -> dict:
    return advice.rows.get(ref, {})


def _is_noise(row: Row, other: Row) -> bool:
    """Tell whether the 95 % intervals of latency and of accuracy both overlap: measured again it may be otherwise."""
    slow, fast = row["latency_p50_low_s"], other["latency_p50_high_s"]
    low, high = other["top1_low"], row["top1_high"]
    known = not any(map(is_unknown, (slow, fast, low, high)))
    return known and slow <= fast and low <= high


def _label(ref: CandidateRef) -> str:
    return ref.label


def _recipe_sources(entry: ShortlistEntry) -> tuple[Source, ...]:
    return next(rule.sources for rule in entry.nominations if rule.recipe)
