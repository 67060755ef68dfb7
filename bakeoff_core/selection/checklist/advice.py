"""From answers to advice: a shortlist with reasons, set against what was measured and published.

The rules (`selection.checklist.rules`) say which models guides and papers name for such answers; the table says what is
known of them. Where the two disagree the table wins: a favourite that misses a limit, or that another measured model
beats, is set aside with the figures, and the model that beats it comes in. Only measured latency beats anyone;
computation decides where nothing was measured, and is said to be a poor guide. Not covered: the sentences
(`reporting.text.checklist`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.finetuning.recipes import recommend_recipe
from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.candidate import CandidateRef, Row
from bakeoff_core.schema.decision import Decision
from bakeoff_core.selection.checklist.evidence import Evidence, MissedLimit
from bakeoff_core.selection.checklist.rules import Answers, Caution, Dispute, Nomination, Remark, Rules, Transfer

MOST_ENTRIES = 6
"""Entries of a shortlist at most; more would be a catalogue."""

FEWEST_ENTRIES = 3
"""Entries below which the second best by the figures joins, though no guide names it."""

STANDINGS = ("pick", "ahead", "measured", "published", "unknown", "next")
"""What puts a model on the shortlist, strongest first: the figures at hand call for it; it beats a guide's favourite;
a guide names it and its measured figures allow it; a guide names it and nothing known speaks against it; a guide names
it and no figures are at hand; by the figures it comes after the pick."""


@dataclass(frozen=True)
class ShortlistEntry:
    """A model of the shortlist."""

    candidate: CandidateRef
    """Without a size where nothing is known of it but its name."""
    standing: str
    """One of `STANDINGS`."""
    nominations: tuple[Nomination, ...] = ()
    """The rules that name it."""
    cautions: tuple[Caution, ...] = ()
    """The rules that ask for care with it."""
    beats: tuple[CandidateRef, ...] = ()
    """Favourites that were set aside because of it."""
    unknown: tuple[str, ...] = ()
    """Columns that a limit needs and nobody has measured."""

    @property
    def recipe(self) -> str | None:
        """The recipe that a rule names with it, where one does."""
        return next((rule.recipe for rule in self.nominations if rule.recipe), None)


@dataclass(frozen=True)
class SetAside:
    """A model that rules name and figures speak against."""

    candidate: CandidateRef
    nominations: tuple[Nomination, ...]
    misses: tuple[MissedLimit, ...] = ()
    """Limits it does not clear."""
    dominator: CandidateRef | None = None
    """A measured model within the limits that is at least as fast and as accurate, and better in one."""
    caution: Caution | None = None
    """The rule that excludes it on this target."""
    error: str | None = None
    """Why it could not be measured."""


@dataclass(frozen=True)
class Adaptation:
    """How to adapt the model."""

    recipe: str
    """Key of `finetuning.recipes.RECIPES`."""
    rules: tuple[Transfer, ...] = ()
    """What has a say in it beside the number of labels."""


@dataclass(frozen=True)
class WeighedDispute:
    """A dispute between sources, and the candidates whose figures bear on it."""

    dispute: Dispute
    figures: tuple[CandidateRef, ...]


@dataclass(frozen=True, eq=False)
class Advice:
    """All that follows from the answers."""

    answers: Answers
    shortlist: tuple[ShortlistEntry, ...]
    """The best first; empty where nothing is left, or where backbones are not the question."""
    set_aside: tuple[SetAside, ...]
    adaptation: Adaptation | None
    """`None` where the number of labelled images was not said."""
    cautions: tuple[Caution, ...]
    """What not to consider yet."""
    additions: tuple[Remark, ...]
    """What the task needs beside a backbone; for generation, where to look instead."""
    next_steps: tuple[Remark, ...]
    disputes: tuple[WeighedDispute, ...]
    decision: Decision | None = None
    """What the figures alone call for; `None` where the answers ask for nothing that figures could decide."""
    is_measured: bool = False
    """Whether the figures are measured latencies; else computation stands in for them."""
    over_compute: tuple[CandidateRef, ...] = ()
    """Whom the compute budget left out before the decision."""
    barred: tuple[CandidateRef, Caution] | None = None
    """Who would be the answer, did a rule for this target not exclude it."""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    """The figures at hand, as given."""
    judged: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    """The rows the decision was made on."""
    rows: Mapping[CandidateRef, Row] = field(default_factory=dict, repr=False)
    """The figures at hand, by model and size."""

    @property
    def is_about_backbones(self) -> bool:
        """Whether choosing a backbone is the question."""
        return self.answers.task != "generation"

    @property
    def pick(self) -> ShortlistEntry | None:
        """The model to start from; `None` where none is left, or where the only ones left have yet to be measured."""
        is_open = self.decision is not None and self.decision.pick is None
        return None if is_open or not self.shortlist else self.shortlist[0]

    @property
    def to_measure(self) -> tuple[str, ...]:
        """Names of the shortlist's models that were not measured here."""
        refs = (entry.candidate for entry in self.shortlist)
        return tuple(ref.model_name for ref in refs if is_unknown(self.rows.get(ref, {}).get("latency_p50_s")))


def advise(answers: Answers, table: pd.DataFrame, rules: Rules) -> Advice:
    """Apply the checklist to answers.

    Args:
        answers: What was answered.
        table: What is known, as `selection.candidates.evidence_of` returns it: the candidates of one setting and what
            is published of others, one row a model and size.
        rules: As `selection.checklist.rules.read_rules` returns them.
    """
    found = {
        "cautions": tuple(c for c in _holding(rules.cautions, answers) if c.excludes or c.macs_from is None),
        "additions": _holding(rules.additions, answers),
        "next_steps": _holding(rules.next_steps, answers) if answers.task != "generation" else (),
        "table": table,
    }
    if answers.task == "generation":
        return Advice(answers, (), (), None, **{**found, "cautions": ()}, disputes=())
    figures = Evidence(answers, table, _holding(rules.cautions, answers))
    entries, aside = _sort(figures, _nominated(rules, answers))
    return Advice(
        answers=answers,
        shortlist=tuple(entries[:MOST_ENTRIES]),
        set_aside=tuple(aside),
        adaptation=_adaptation(answers, rules),
        disputes=tuple(_disputes(rules, answers, figures, [e.candidate for e in (*entries, *aside)])),
        decision=figures.decision,
        is_measured=figures.is_measured,
        over_compute=figures.over_compute,
        barred=figures.barred,
        judged=figures.judged,
        rows=figures.rows,
        **found,
    )


def _holding(rules: Iterable, answers: Answers) -> tuple:
    return tuple(rule for rule in rules if rule.when.holds(answers))


def _nominated(rules: Rules, answers: Answers) -> dict[str, tuple[Nomination, ...]]:
    """Return the architectures that rules name, the most specific rule's first, with these rules."""
    named: dict[str, list[Nomination]] = {}
    for rule in _holding(rules.nominations, answers):
        for architecture in rule.models:
            named.setdefault(architecture, []).append(rule)
    return {architecture: tuple(by) for architecture, by in named.items()}


def _sort(
    figures: Evidence, nominated: Mapping[str, tuple[Nomination, ...]]
) -> tuple[list[ShortlistEntry], list[SetAside]]:
    """Sort what rules name into a shortlist, the strongest standing first, and what figures speak against."""
    entries: dict[CandidateRef, ShortlistEntry] = {}
    aside: list[SetAside] = []

    def enter(ref: CandidateRef, standing: str, **more: tuple) -> None:
        known = entries.get(ref) or ShortlistEntry(
            ref,
            standing,
            cautions=tuple(c for c in figures.cautions_about(ref) if not c.excludes),
            unknown=figures.unknown(ref),
        )
        joined = {name: tuple(dict.fromkeys((*getattr(known, name), *values))) for name, values in more.items()}
        entries[ref] = replace(known, standing=min(known.standing, standing, key=STANDINGS.index), **joined)

    if figures.pick is not None:
        enter(figures.pick, "pick")
    for architecture, rules in nominated.items():
        ref = figures.row_of(architecture)
        error = figures.rows.get(ref, {}).get("error")
        against = SetAside(
            ref,
            rules,
            misses=figures.misses(ref),
            dominator=figures.dominators.get(ref),
            caution=figures.barring(ref),
            error=None if is_unknown(error) else str(error),
        )
        if against != SetAside(ref, rules):
            aside.append(against)
            if against.dominator is not None:
                enter(against.dominator, "ahead", beats=(ref,))
            continue
        is_timed = figures.number(ref, "latency_p50_s") is not None
        enter(ref, "measured" if is_timed else "published" if ref in figures.rows else "unknown", nominations=rules)
    for ref in figures.untried():
        enter(ref, "published")
    runner_up = figures.decision.pick.runner_up if figures.decision and figures.decision.pick else None
    if runner_up is not None and runner_up not in figures.dominators and len(entries) < FEWEST_ENTRIES:
        enter(runner_up, "next")
    return sorted(entries.values(), key=lambda entry: STANDINGS.index(entry.standing)), aside


def _adaptation(answers: Answers, rules: Rules) -> Adaptation | None:
    """Return the recipe for so many labels, corrected by how far the images are from natural photographs."""
    if answers.labelled is None:
        return None
    fitting = _holding(rules.transfers, answers)
    by_labels = recommend_recipe(answers.labelled).recipe
    return Adaptation(next((rule.recipe for rule in fitting if rule.recipe), by_labels), fitting)


def _disputes(rules: Rules, answers: Answers, figures: Evidence, named: list[CandidateRef]) -> Iterator[WeighedDispute]:
    """Yield the disputes that matter here, with the candidates whose figures bear on them."""
    architectures = {architecture_of(ref.model_name) for ref in named}
    for dispute in _holding(rules.disputes, answers):
        if dispute.about and not architectures.intersection(dispute.about):
            continue
        refs = [figures.row_of(architecture) for architecture in dispute.compare]
        if dispute.tags_of:
            refs += [ref for ref in figures.rows if architecture_of(ref.model_name) == dispute.tags_of]
        yield WeighedDispute(dispute, tuple(ref for ref in dict.fromkeys(refs) if ref in figures.rows))
