"""A search in words: how far it is, why it ended, what it found, and what may be left.

Not covered: why the answer is the answer (`reporting.text.decision`), and what a wait is for
(`reporting.text.measuring`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.formatting import (
    Escape,
    admitting,
    counted,
    duration,
    limit_text,
    markdown_code,
    markdown_text,
    milliseconds,
    points,
    quantity,
)
from bakeoff_core.reporting.text.names import CandidateNames, Terms
from bakeoff_core.reporting.text.stability import stability_sentence
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS
from bakeoff_core.search.records import IMPOSSIBLE, NOTHING_LEFT, STOPPED, SURE, TIME, PredictedModel
from bakeoff_core.search.results import SearchAnswer, SearchRun
from bakeoff_core.selection.stability import stability_of

if TYPE_CHECKING:
    import pandas as pd

AS_GOOD_POINTS = 0.1
"""Difference of accuracies under which one answer is as good as the other."""

WHAT_COUNTS = (
    "All weights of one architecture cost the same at one image size, so measuring one of them counts for all of them."
)
WHAT_PREDICTIONS_ARE = (
    "A faint point was not measured: it stands where it is predicted, with the range that 9 of 10 such models keep to. "
    "Predictions only say what to measure next."
)


def chance_text(chance: float | None) -> str:
    """Return a chance in whole percent: `"7 %"`, `"under 1 %"`."""
    if chance is None:
        return "not known yet"
    if chance < 0.01:
        return "under 1 %"
    return "over 99 %" if chance > 0.99 else f"{100 * chance:.0f} %"


def count_sentence(status: Mapping[str, Any]) -> str:
    """Say how far a search is: `"Measured 84 of 1,551; chance that something better is left: 7 %"`.

    Args:
        status: The job's; one that has not counted yet says so.
    """
    if status.get("candidates") is None:
        return "Counting the candidates"
    failed = f", {status['failed']:,} failed" if status.get("failed") else ""
    counted = f"Measured {status.get('measured') or 0:,} of {status['candidates']:,}{failed}"
    return f"{counted}; chance that something better is left: {chance_text(status.get('chance_better_left'))}"


def space_sentence(candidates: pd.DataFrame) -> str:
    """Say how many candidates a search chooses among.

    Args:
        candidates: As `search.narrowing.read_candidates` returns them: one row a tag and size.
    """
    architectures = candidates["model_name"].map(architecture_of)
    pairs = len(set(zip(architectures, candidates["img_size"], strict=True)))
    return f"Among **{len(candidates):,}** weights at their sizes; {pairs:,} measurements would settle all of them."


def failures_sentence(status: Mapping[str, Any], escape: Escape = str) -> str | None:
    """Say which models could not be measured, and why; `None` where none failed in this search.

    Args:
        status: The job's.
        escape: Makes names and errors harmless in the caller's medium.
    """
    failed = [f for f in status.get("failures") or () if isinstance(f, Mapping) and f.get("model_name")]
    if not failed:
        return None
    first = failed[0]
    others = f", and {counted(len(failed) - 1, 'other')}" if len(failed) > 1 else ""
    why = " ".join(str(first.get("error") or "").split())
    plain = escape if escape is not markdown_code else markdown_text
    return f"Could not be measured: {escape(str(first['model_name']))}{others}. {plain(why)}"


def progress_line(status: Mapping[str, Any]) -> str:
    """Say in one line what a search is at, for a terminal."""
    name, size = status.get("current"), status.get("img_size")
    what = f"{status.get('message')}: {name} at {size} px" if name else status.get("message") or ""
    left = status.get("time_left_s")
    return f"{count_sentence(status)}. {what}{f' ({duration(left)} left)' if left else ''}"


def prediction_text(model: PredictedModel, terms: Terms) -> str:
    """Say what is predicted of a model, and that it is."""
    low, high = milliseconds(model.low_s).removesuffix(" ms"), milliseconds(model.high_s)
    name = terms.escape(CandidateRef(model.model_name, model.img_size).label)
    return f"{name}: predicted, not measured: {milliseconds(model.latency_s)} ({low} to {high})"


def outcome_sentences(search: SearchRun, answer: SearchAnswer, escape: Escape = str) -> list[str]:
    """Say what came of a search that ended: the answer beside the default shortlist's, how sure it is, why the search
    ended, and what is left.

    Args:
        search: The search.
        answer: What follows from all that is measured.
        escape: Makes names harmless in the caller's medium.
    """
    names = CandidateNames(answer.view.candidates, Terms(answer.view.source, escape))
    told = [_answer_sentence(search, answer, names), _sure_sentence(answer, names), _ending_sentence(search)]
    if answer.decision.pick is None and search.relaxation is not None:
        told.append(_relaxation_sentence(search, names.terms))
    return [sentence for sentence in told if sentence]


def _answer_sentence(search: SearchRun, answer: SearchAnswer, names: CandidateNames) -> str:
    pick = answer.decision.pick
    if pick is None:
        return "Nothing that was measured clears the limits." if search.measured else ""
    name = f"{names.name(pick.candidate)} ({names.numbers(pick.candidate, answer.decision.cost)})"
    shortlist = answer.shortlist
    if pick.candidate.model_name in SHORTLISTS["default"].models:
        return f"The pick is {name}, of the default shortlist: it is as good as any that was measured."
    if shortlist is None:
        return f"The pick is {name}. No model of the default shortlist was found to clear the limits."
    other = names.terms.escape(shortlist.candidate.model_name)
    ahead = (names.value(pick.candidate, "top1") or 0.0) - shortlist.top1
    found = f"The pick is {name}, which the default shortlist does not hold"
    if search.spec.rule == "cheapest":
        column = COST_COLUMNS[search.spec.cost]
        return f"{found}; the shortlist's is {other}, at {quantity(column, shortlist.cost)}."
    if ahead < AS_GOOD_POINTS:
        return f"{found}; but the shortlist's {other} is as good, within {points(AS_GOOD_POINTS)}."
    return f"{found}: it is {names.terms.ahead(ahead)} than the shortlist's best within the limits, {other}."


def _sure_sentence(answer: SearchAnswer, names: CandidateNames) -> str | None:
    if answer.decision.pick is None:
        return None
    stability = stability_of(answer.decision, names.candidates)
    return stability_sentence(stability, answer.decision, names)


def _ending_sentence(search: SearchRun) -> str:
    chance = f"the chance that a model which was not measured is better is {chance_text(search.chance_better_left)}"
    because = search.stopped_because
    if because in (TIME, STOPPED) and not search.measured:
        return (
            "The time was up before a model could be measured: loading PyTorch and timm takes some of it. Give it more "
            "minutes."
            if because == TIME
            else "It was stopped before a model was measured."
        )
    if because == SURE:
        return f"Little is left to find: {chance}."
    if because == TIME:
        return f"The time was up: {chance}. Another search goes on from here."
    if because == STOPPED:
        known = f"Until then, {chance}. " if search.chance_better_left is not None else ""
        return f"It was stopped. {known}Another search goes on from here."
    if because == NOTHING_LEFT:
        return "Every candidate was measured or failed, so nothing better is left."
    if because == IMPOSSIBLE:
        return (
            "Nothing that is left is likely to clear them either: the chance that a model which was not measured does "
            f"is {chance_text(search.chance_better_left)}."
            if search.measured
            else "Nothing in the catalogue is likely to clear the limits, so nothing was measured."
        )
    return "The search failed; what was measured until then is kept. Another search goes on from here."


def _relaxation_sentence(search: SearchRun, terms: Terms) -> str:
    found = search.relaxation
    if found is None:
        return ""
    column = LIMIT_COLUMNS[found.limit]
    verb = "lower" if found.limit == "min_top1" else "raise"
    needed = limit_text(column, admitting(column, found.needed))
    name = terms.escape(found.candidate.model_name)
    return (
        f"By prediction, which is no measurement: {verb} the {terms.limit(found.limit)} from "
        f"{limit_text(column, found.given)} to {needed}, and {name} at {found.candidate.img_size} px may come in."
    )
