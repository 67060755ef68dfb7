"""Searches as jobs, and what came of one: the answer among all that is measured, and the shortlist's beside it.

Not covered: the words (`reporting.text.search`), and the predictions (`search.records`), which no answer rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.pretraining import pretraining_counts
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_understood, read_understood
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.request import deployment_of
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.decision import COST_COLUMNS, Decision, Relaxation
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.schema.profile import Setting
from bakeoff_core.search.narrowing import SearchCandidates, shortlisted
from bakeoff_core.search.records import FAILED, STOPPED, STOPPED_BECAUSE
from bakeoff_core.search.spec import SearchSpec, measure_spec
from bakeoff_core.selection.candidates import MeasuredSetting, View, candidates_of
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from bakeoff_core.system.machine import this_machine, usable_cores


@dataclass(frozen=True)
class SearchRun:
    """A search as a job, at work or ended."""

    job: Job
    spec: SearchSpec

    @property
    def candidates(self) -> int | None:
        """Tags at sizes that it chooses among; `None` until they are counted."""
        return self._count("candidates")

    @property
    def measured(self) -> int | None:
        """Those whose cost is measured, at their own tag or at another of their architecture; `None` likewise."""
        return self._count("measured")

    @property
    def failed(self) -> int:
        """Those whose architecture could not be measured."""
        return self._count("failed") or 0

    @property
    def chance_better_left(self) -> float | None:
        """The chance, 0 to 1, that something better is left; `None` until it is worked out."""
        chance = self.job.status.get("chance_better_left")
        return float(chance) if isinstance(chance, int | float) else None

    @property
    def stopped_because(self) -> str | None:
        """One of `search.records.STOPPED_BECAUSE`; `None` while it is at work."""
        if self.job.active:
            return None
        told = self.job.status.get("stopped_because")
        if self.job.state == "done" and told in STOPPED_BECAUSE:
            return told
        return STOPPED if self.job.state == "stopped" else FAILED

    @property
    def relaxation(self) -> Relaxation | None:
        """Where nothing clears the limits: the nearest change of one that would let something in, by prediction."""
        told = self.job.status.get("relaxation")
        try:
            ref = CandidateRef(str(told["model_name"]), int(told["img_size"]))
            return Relaxation(told["limit"], float(told["given"]), float(told["needed"]), ref)
        except (TypeError, KeyError, ValueError):
            return None

    @property
    def setting(self) -> Setting:
        """Where it measures."""
        asked = self.spec.device
        device = self.job.status.get("device") or ("cpu" if asked == "auto" else asked)
        threads = self.spec.threads or usable_cores()
        return Setting(this_machine().machine_id, device, threads, self.spec.batch_size)

    def _count(self, name: str) -> int | None:
        count = self.job.status.get(name)
        return count if isinstance(count, int) else None


@dataclass(frozen=True)
class ShortlistAnswer:
    """Who would be the answer of the default shortlist, its models timed by any tag of their architecture."""

    candidate: CandidateRef
    top1: float
    """Its accuracy in percent, of the search's source."""
    cost: float
    """What it costs, of the search's cost, in base units; NaN if unknown."""


@dataclass(frozen=True, eq=False)
class SearchAnswer:
    """What follows from all that is measured of a search's candidates."""

    view: View
    """The candidates that were measured or failed, with the frontier by the search's cost."""
    decision: Decision
    """Who is the answer."""
    shortlist: ShortlistAnswer | None
    """Who would be the answer of the default shortlist; `None` where none of its models is measured and clears the
    limits."""

    @property
    def frontier(self) -> list[CandidateRef]:
        """Those that nothing measured beats, the cheapest first."""
        table = self.view.candidates
        best = table[table["non_dominated"].fillna(False).astype(bool)]
        return candidate_refs(best.sort_values([COST_COLUMNS[self.decision.cost], "top1"]))


def search_of(job: Job) -> SearchRun:
    """Return a job as the search that it is.

    Raises:
        ValueError: Its request is not understood by this version.
    """
    return SearchRun(job, parse_record(SearchSpec, job.spec))


def read_search(job_id: str) -> SearchRun:
    """Return one search.

    Raises:
        BakeoffError: There is no such job, it is no search, or only another version understands it.
    """
    return read_understood(job_id, (kinds.SEARCH,), search_of, "search")


def list_searches() -> list[SearchRun]:
    """Return every search, the newest first, without those that only another version understands."""
    return list(list_understood(kinds.SEARCH, search_of))


def answer_of(search: SearchRun, among: SearchCandidates, profiles: pd.DataFrame) -> SearchAnswer:
    """Return what follows from all that is measured by now of a search's candidates, by this search or before.

    Args:
        search: The search.
        among: What it chooses among, as `search.narrowing.read_candidates` returns it.
        profiles: As `profiling.store.read_frame` returns it.
    """
    spec, setting, deployment = search.spec, search.setting, deployment_of(measure_spec(search.spec))
    measured = candidates_of(profiles, setting, deployment, among.table)
    wanted = set(candidate_refs(among.table))
    is_wanted = np.array([ref.undeployed in wanted for ref in candidate_refs(measured)], dtype=bool)
    table = annotate(measured[is_wanted].reset_index(drop=True), cost=spec.cost)
    rows = MeasuredSetting(setting, deployment, this_machine().machine_name, True, len(table), "")
    decision = decide(table, spec.limits, spec.rule, spec.cost)
    view = View(rows, table, among.source, (), among.recipe, pretraining_counts(table))
    return SearchAnswer(view, decision, _shortlist_answer(spec, among, measured))


def _shortlist_answer(spec: SearchSpec, among: SearchCandidates, measured: pd.DataFrame) -> ShortlistAnswer | None:
    """The default shortlist's answer, each of its models with the costs that any tag of its architecture has shown."""
    known = measured[measured["latency_p50_s"].notna() & measured["img_size"].notna()]
    places = {
        (architecture_of(name), int(size)): at
        for at, name, size in zip(known.index, known["model_name"], known["img_size"], strict=True)
    }
    rows = [
        {**known.loc[places[pair]].to_dict(), "model_name": row["model_name"], "top1": row["top1"], "error": None}
        for row in shortlisted(among.table).to_dict("records")
        if (pair := (architecture_of(row["model_name"]), int(row["img_size"]))) in places
    ]
    if not rows:
        return None
    table = pd.DataFrame(rows, columns=measured.columns)
    choice = decide(table, spec.limits, spec.rule, spec.cost).pick
    if choice is None:
        return None
    row = table[[ref == choice.candidate for ref in candidate_refs(table)]].iloc[0]
    return ShortlistAnswer(choice.candidate.undeployed, float(row["top1"]), float(row[COST_COLUMNS[spec.cost]]))
