"""The checklist's advice as text, as a section of the report, and as JSON.

All three come from one list of parts, so that they can't tell different stories. Not covered: the sentences
(`reporting.text.checklist`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from bakeoff_core.formatting import Escape, is_unknown, markdown_code, markdown_text
from bakeoff_core.reporting.text.checklist import (
    Point,
    Reason,
    describe_answers,
    explain_advice,
    explain_dispute,
    explain_entry,
    explain_mixture,
    explain_recipe,
    explain_set_aside,
    headline,
    numbers,
)
from bakeoff_core.reporting.text.decision import explain_limits
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.checklist.advice import Advice, ShortlistEntry
from bakeoff_core.selection.checklist.rules import SOURCE_KINDS, Answers, Caution, Remark, Source

FIGURES = ("top1", "latency_p50_s", "param_count", "macs", "peak_memory_bytes")
"""Columns of each model in the JSON."""


@dataclass(frozen=True)
class AdvicePart:
    """A part of the advice under one title."""

    title: str
    points: tuple[Point, ...]


def advice_parts(advice: Advice, *, escape: Escape = str) -> list[AdvicePart]:
    """Return the whole advice, part by part, without parts that have nothing to say."""

    def models(entries: Iterable, explain: Any) -> tuple[Point, ...]:
        return tuple(
            Point(f"{_label(entry.candidate, escape)}: {numbers(entry.candidate, advice, escape=escape)}", (), reasons)
            for entry in entries
            if (reasons := explain(entry))
        )

    recipe = explain_recipe(advice)
    parts = [
        AdvicePart("What was asked", tuple(Point(line) for line in describe_answers(advice.answers))),
        AdvicePart(
            headline(advice, escape=escape),
            tuple(Point(r.text, r.sources) for r in explain_advice(advice, escape=escape)),
        ),
        AdvicePart("Shortlist", models(advice.shortlist, lambda e: tuple(explain_entry(e, advice, escape=escape)))),
        AdvicePart(
            "Named by guides, and set aside",
            models(advice.set_aside, lambda a: (explain_set_aside(a, advice, escape=escape),)),
        ),
        AdvicePart("How to adapt it", (recipe,) if recipe else ()),
        AdvicePart("What the task needs besides", _remarks(advice.additions)),
        AdvicePart(
            "Comparing like with like", (Point(explain_mixture(advice, escape=escape)),) if advice.shortlist else ()
        ),
        AdvicePart("What not to consider yet", _remarks(advice.cautions)),
        AdvicePart("What comes next", _remarks(advice.next_steps)),
        AdvicePart(
            "Where sources differ",
            tuple(explain_dispute(weighed, advice, escape=escape) for weighed in advice.disputes),
        ),
    ]
    parts = [part for part in parts if part.points]
    return [
        *parts,
        AdvicePart("Sources", tuple(Point(source.title, (source,)) for source in _sources(parts))),
    ]


def _sources(parts: Iterable[AdvicePart]) -> list[Source]:
    """Return the sources that parts cite, once each, in their order; figures are no literature."""
    points = [point for part in parts for point in part.points]
    cited = [source for point in points for cites in (point, *point.parts) for source in cites.sources]
    return [source for source in dict.fromkeys(cited) if source.kind in SOURCE_KINDS]


def advice_text(advice: Advice) -> str:
    """Return the advice for a terminal."""
    *parts, sources = advice_parts(advice)
    lines = []
    for part in parts:
        lines += ["", part.title]
        for point in part.points:
            lines.append(f"- {point.text}{_cite(point.sources)}")
            lines += [f"    {reason.text}{_cite(reason.sources)}" for reason in point.parts]
    lines += ["", sources.title]
    for source in (point.sources[0] for point in sources.points):
        lines.append(f"- {_named(source)}{source.title}" + (f", {source.where}" if source.where else ""))
    return "\n".join(lines[1:])


def advice_section(advice: Advice, decided: Limits | None = None) -> list[str]:
    """Return the advice as a section of the decision report: lines of Markdown, everything from files escaped.

    Args:
        advice: What was advised.
        decided: The limits that the report's decision was made under, to say where the checklist was asked others.
    """
    lines = ["## The checklist", ""]
    if decided is not None and decided != advice.answers.limits:
        lines += [f"Asked with other limits than the decision above, which goes by: {explain_limits(decided)}.", ""]
    *parts, sources = advice_parts(advice, escape=markdown_code)
    for part in parts:
        lines += [f"### {part.title.rstrip('.')}", ""]
        for point in part.points:
            lines.append(f"- {point.text}{_cite(point.sources)}")
            lines += [f"  - {reason.text}{_cite(reason.sources)}" for reason in point.parts]
        lines.append("")
    lines += [f"### {sources.title}", ""]
    for source in (point.sources[0] for point in sources.points):
        title = markdown_text(source.title)
        lines.append(f"- {_named(source)}" + (f"[{title}]({source.where})" if source.where else title))
    return lines


def advice_json(advice: Advice) -> dict[str, Any]:
    """Return the advice as JSON; figures in base units as in `schema`, unknown as null."""
    pick, recipe = advice.pick, explain_recipe(advice)
    relaxation = advice.decision.relaxation if advice.decision else None
    return {
        "answers": _answers_json(advice.answers),
        "headline": headline(advice),
        "pick": _reference(pick.candidate) if pick else None,
        "reason": [_reason_json(reason) for reason in explain_advice(advice)],
        "measured": advice.is_measured,
        "shortlist": [_entry_json(entry, advice) for entry in advice.shortlist],
        "set_aside": [
            {
                **_figures_json(aside.candidate, advice),
                "failed_limits": [miss.limit for miss in aside.misses],
                "dominated_by": _reference(aside.dominator) if aside.dominator else None,
                "reason": _reason_json(explain_set_aside(aside, advice)),
            }
            for aside in advice.set_aside
        ],
        "nearest": None
        if relaxation is None
        else {"limit": relaxation.limit, "needed": relaxation.needed, **_reference(relaxation.candidate)},
        "recipe": None
        if recipe is None
        else {"name": advice.adaptation.recipe, "reasons": [_reason_json(reason) for reason in recipe.parts]},
        "additions": _remarks_json(advice.additions),
        "not_yet": _remarks_json(advice.cautions),
        "next": _remarks_json(advice.next_steps),
        "disputes": [
            {"question": point.text, "says": [_reason_json(reason) for reason in point.parts]}
            for point in (explain_dispute(weighed, advice) for weighed in advice.disputes)
        ],
        "to_measure": list(advice.to_measure),
    }


def _remarks(remarks: Iterable[Remark | Caution]) -> tuple[Point, ...]:
    return tuple(Point(f"{remark.what}. {remark.why}", remark.sources) for remark in remarks)


def _cite(sources: Iterable[Source]) -> str:
    names = list(dict.fromkeys(source.short for source in sources))
    return f" ({', '.join(names)})" if names else ""


def _named(source: Source) -> str:
    """What a source is cited by, where its title does not begin with it."""
    return "" if source.title.startswith(source.short) else f"{source.short}: "


def _label(ref: CandidateRef, escape: Escape) -> str:
    return escape(ref.label)


def _reference(ref: CandidateRef) -> dict[str, Any]:
    return {"model_name": ref.model_name, "img_size": ref.img_size}


def _reason_json(reason: Reason) -> dict[str, Any]:
    sources = [{"title": source.title, "where": source.where} for source in dict.fromkeys(reason.sources)]
    return {"text": reason.text, "sources": sources}


def _remarks_json(remarks: Iterable[Remark | Caution]) -> list[dict[str, Any]]:
    return [{"what": remark.what, **_reason_json(Reason(remark.why, remark.sources))} for remark in remarks]


def _figures_json(ref: CandidateRef, advice: Advice) -> dict[str, Any]:
    row = advice.rows.get(ref, {})
    figures = {name: None if is_unknown(row.get(name)) else row[name] for name in FIGURES}
    whole = {
        name: int(figures[name]) for name in ("param_count", "macs", "peak_memory_bytes") if figures[name] is not None
    }
    return {**_reference(ref), **figures, **whole}


def _entry_json(entry: ShortlistEntry, advice: Advice) -> dict[str, Any]:
    return {
        **_figures_json(entry.candidate, advice),
        "standing": entry.standing,
        "recipe": entry.recipe,
        "unknown": list(entry.unknown),
        "reasons": [_reason_json(reason) for reason in explain_entry(entry, advice)],
    }


def _answers_json(answers: Answers) -> dict[str, Any]:
    values = asdict(answers)
    return {**values.pop("limits"), **values}
