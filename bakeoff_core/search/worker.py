"""The search: screens the models that may be the answer, measures in full those that matter, and says what may be left.

What it knows is the profile store: rows of this machine and setting count wherever they came from, each is saved as
soon as it is measured, and a model that failed is not tried again. So nothing is lost when a search ends, however it
ends, and the next one goes on from there.

Not covered: what is worth measuring next (`search.outlook`), how a model is measured (`profiling.session`), and what
came of it (`search.results`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bakeoff_core.jobs.worker import Reporter, run_worker
from bakeoff_core.profiling.patience import Patience, on_battery
from bakeoff_core.profiling.progress import FURTHER, MeasuredModel
from bakeoff_core.profiling.request import WARM_UP_PASSES
from bakeoff_core.profiling.rows import blank_profile, most_disturbed
from bakeoff_core.profiling.session import Effort, MeasuringSession
from bakeoff_core.profiling.store import read_profiles
from bakeoff_core.profiling.worker import MOST_ROUNDS
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.narrowing import read_candidates, shortlisted
from bakeoff_core.search.outlook import Outlook, look_ahead, nearest_relaxation
from bakeoff_core.search.pace import OVERHEAD_S, Pace
from bakeoff_core.search.progress import IN_FULL, LOADING, LOOKING, SCREENING, SearchProgress
from bakeoff_core.search.records import (
    IMPOSSIBLE,
    NOTHING_LEFT,
    SURE,
    SURE_BELOW,
    TIME,
    PredictedModel,
    write_predictions,
)
from bakeoff_core.search.space import search_space
from bakeoff_core.search.spec import CAP_S, PROCESSES, SearchSpec, measure_spec
from bakeoff_core.search.survey import Survey, rows_of
from bakeoff_core.system.machine import usable_cores
from bakeoff_core.system.paths import profiles_path

SCREENING_PASSES, SCREENING_SECONDS, SCREENING_CAP_S = 8, 0.15, 3.0
"""Passes and seconds of timing of a screening at least, and seconds after which no further pass is begun: its median is
then within a few percent of what the process would show in full, and processes differ by more."""
USUAL_PASSES = SCREENING_PASSES + WARM_UP_PASSES
"""Passes of a screening with a usual warm-up."""
LIMIT_S = 90.0
"""Seconds after which the process of a screening is ended, at least; more where all takes longer than is usual."""
LIMIT_FACTOR = 20.0
"""Times what a model is expected to take, after which it is hung."""
BATCH = 8
"""Models that are screened between two looks at what to measure next."""
MOST_RESERVED, MOST_WAITED = 0.25, 0.5
"""Shares of the time that are kept for full rounds, and that are spent on waiting for a quiet machine, at most."""
MOST_REPEATS = 2
"""Times that a disturbed round of a model that matters is made again at most."""

STOPPED_WORDS = "Stopped. Everything measured until then is kept; another search goes on from there."


class Search:
    """One search, from its first look to its last word."""

    def __init__(
        self,
        spec: SearchSpec,
        space: pd.DataFrame,
        shortlist: Sequence[int],
        session: MeasuringSession,
        reporter: Reporter,
        told: SearchProgress,
    ) -> None:
        """Begin with what is stored.

        Args:
            spec: What was asked for.
            space: As `search.space.search_space` returns it.
            shortlist: Places of the rows that stand for the default shortlist's models.
            session: What measures.
            reporter: The job's.
            told: What it tells, and its time.
        """
        self._spec, self._space, self._session, self._reporter, self._told = spec, space, session, reporter, told
        blank = blank_profile("", session.spec, session.device)
        alike = (p for p in read_profiles(profiles_path()) if p.setting == blank.setting)
        self._survey = Survey(space, (p for p in alike if p.deployment == blank.deployment))
        self._entries: dict[int, MeasuredModel] = {}
        self._rounds: dict[int, int] = {}
        self._pace = Pace(USUAL_PASSES, 2 * SCREENING_CAP_S)
        seconds = min(spec.patience_s, MOST_WAITED * told.left_s)
        self._patience = Patience(seconds, cores=usable_cores(), threads=spec.threads or usable_cores())
        self._shortlist = shortlist

    def run(self) -> str:
        """Search until it is known why to end; returns the last word."""
        self._told.counted(self._survey)
        because, outlook = None, self._look()
        while because is None:
            batch = self._batch(outlook)
            if batch and self._told.left_s > self._reserve():
                because = None if self._screen(batch, outlook) else TIME
            elif not self._in_full():
                because = self._reason(bool(batch))
                break
            outlook = self._look()
        if self._in_full():  # of what came last
            outlook = self._look()
        self._repeat_disturbed()
        self._make_sure()
        self._session.share_spread(list(self._entries.values()))
        is_empty = not self._survey.has_answer(self._spec.limits)
        self._told.ended(
            IMPOSSIBLE if because == SURE and is_empty else because,
            outlook.chance_better_left,
            nearest_relaxation(self._space, outlook, self._spec.limits) if is_empty else None,
        )
        failed = f", {self._survey.failed_tags:,} failed" if self._survey.failed_tags else ""
        return f"{self._survey.measured_tags:,} of {self._survey.candidates:,} candidates are measured{failed}."

    def _look(self) -> Outlook:
        """Predict what is not measured, and write it down for whoever watches."""
        self._told.at(LOOKING)
        spec, space, open_rows = self._spec, self._space, self._survey.open
        found = look_ahead(space, self._survey.measured, spec.limits, rule=spec.rule, cost=spec.cost, batch=BATCH)
        values = zip(
            *(space[name].tolist() for name in ("model_name", "img_size", "top1")),
            *(column.tolist() for column in (found.latency_s, found.low_s, found.high_s, open_rows)),
            strict=True,
        )
        write_predictions(
            self._reporter.folder, (PredictedModel(*told) for *told, is_open in values if is_open and told[3] > 0)
        )
        self._told.counted(self._survey)
        self._reporter.report(chance_better_left=found.chance_better_left)
        return found

    def _batch(self, outlook: Outlook) -> list[int]:
        """Return the rows to screen next; none where it is sure enough that nothing better is left.

        The default shortlist comes first, as far as it can be the answer: whatever is found must not be worse. Then
        come rows that would matter by another tag's measurement.
        """
        limits, is_open = self._spec.limits, self._survey.open
        is_open[list(self._rounds)] = False  # whatever came of it
        possible = [at for at in self._shortlist if is_open[at] and self._may_clear(at, outlook)]
        due = [at for at in self._survey.due(limits, self._spec.cost) if at not in self._rounds]
        if possible or due:
            return [*possible, *due][:BATCH]
        if outlook.chance_better_left < SURE_BELOW:
            return []
        likeliest = [at for at in outlook.next_up if is_open[at]]
        return likeliest or [at for at in np.flatnonzero(is_open).tolist() if self._may_clear(at, outlook)][:BATCH]

    def _may_clear(self, at: int, outlook: Outlook) -> bool:
        """Tell whether a row that was not measured may clear the limits, by what is known and predicted of it."""
        limits, row = self._spec.limits, self._space.iloc[at]
        return not (
            (limits.min_top1 is not None and row["top1"] < limits.min_top1)
            or (limits.max_param_count is not None and row["param_count"] > limits.max_param_count)
            or (limits.max_latency_s is not None and outlook.low_s[at] > limits.max_latency_s)
        )

    def _screen(self, batch: list[int], outlook: Outlook) -> bool:
        """Screen rows while there is time; returns whether there was time for all that could be begun."""
        was_begun = False
        for at in batch:
            latency, params = float(outlook.latency_s[at]), float(self._space["param_count"].iat[at])
            if was_begun and self._told.left_s <= self._reserve():
                break
            expected = self._pace.expected(latency, params)
            if expected > self._told.left_s:
                continue  # a smaller one may still be done
            was_begun = True
            effort = Effort(SCREENING_PASSES, SCREENING_SECONDS, SCREENING_CAP_S, max(LIMIT_S, LIMIT_FACTOR * expected))
            profile, seconds = self._measure(at, SCREENING, effort)
            self._pace.note(profile.latency_p50_s or latency, params, seconds)
        return was_begun

    def _measure(self, at: int, message: str, effort: Effort | None = None) -> tuple[Profile, float]:
        """Measure one round of a row, and keep it; returns its profile and the seconds it took."""
        entry = self._entry(at)
        self._patience.wait(self._told.waiting, self._reporter.go_on_requested)
        self._told.starting(entry.profile, message)
        began = self._told.clock()
        self._rounds[at] = self._rounds.get(at, 0) + 1
        if entry.profile.error is None or entry.rounds_left:
            self._session.measure(entry, effort)
        self._session.keep([entry])
        self._survey.note(replace(entry.profile, model_name=self._space["model_name"].iat[at]))
        seconds = self._told.clock() - began
        self._told.finished(entry.profile, self._survey, seconds)
        return entry.profile, seconds

    def _entry(self, at: int) -> MeasuredModel:
        if at not in self._entries:
            row = self._space.iloc[at]
            self._entries[at] = self._session.entry(row["model_name"], int(row["img_size"]))
        return self._entries[at]

    def _contenders(self) -> list[int]:
        spec = self._spec
        return self._survey.contenders(spec.limits, spec.rule, spec.cost, self._shortlist)

    def _in_full(self) -> bool:
        """Give the models that matter the rounds they lack, while there is time; returns whether any got one."""
        was_any = False
        while (at := next(filter(self._can_go_on, self._contenders()), None)) is not None:
            self._measure(at, IN_FULL)
            was_any = True
        return was_any

    def _make_sure(self) -> None:
        """Give further rounds to the models that contest the answer, until it is sure or their time is up.

        A search that had nothing to measure has nothing to make surer, either: what is there was made so by an earlier.
        """
        if not self._rounds:
            return
        spec, until_s = self._spec, self._told.left_s - MOST_RESERVED * self._spec.budget_s
        while self._told.left_s > until_s:
            contested = self._survey.contested(spec.limits, spec.rule, spec.cost)
            at = next((at for at in contested if self._may_be_surer(at)), None)
            if at is None:
                return
            self._measure(at, FURTHER)

    def _may_be_surer(self, at: int) -> bool:
        """Tell whether another round of a measured model would tell more, and whether there is time for it."""
        profile = self._entry(at).profile
        if profile.error or len(profile.rounds) >= MOST_ROUNDS:
            return False
        return self._full_round_s(at) <= self._told.left_s

    def _can_go_on(self, at: int) -> bool:
        """Tell whether a model lacks a round for which there is time."""
        if not self._survey.needs_rounds(at) or self._rounds.get(at, 0) >= PROCESSES:
            return False
        return not self._entry(at).profile.error and self._full_round_s(at) <= self._told.left_s

    def _full_round_s(self, at: int) -> float:
        """Seconds that a full round of a measured row takes."""
        spec, latency = self._session.spec, self._entry(at).profile.latency_p50_s or 0.0
        timed = max(spec.min_seconds, spec.passes / spec.rounds * latency)
        return OVERHEAD_S * max(1.0, self._pace.slowness) + min(timed, CAP_S) + WARM_UP_PASSES * latency

    def _reserve(self) -> float:
        """Seconds to keep for the full rounds of the models that matter by now."""
        open_rounds = sum(
            self._full_round_s(at) * max(0, PROCESSES - len(self._entry(at).profile.rounds))
            for at in self._contenders()
            if self._survey.needs_rounds(at)
        )
        return min(open_rounds, MOST_RESERVED * self._spec.budget_s)

    def _reason(self, has_batch: bool) -> str:
        if has_batch:
            return TIME
        return SURE if self._survey.open.any() else NOTHING_LEFT

    def _repeat_disturbed(self) -> None:
        """Make rounds of models that matter again where something disturbed them, while patience and time last."""
        for _ in range(MOST_REPEATS):
            for at in self._contenders():
                entry = self._entry(at)
                if not entry.measured_here or entry.profile.error or most_disturbed(entry.profile) is None:
                    continue
                self._patience.wait(self._told.waiting, self._reporter.go_on_requested)
                if self._patience.left_s <= 0 or self._full_round_s(at) > self._told.left_s:
                    return
                self._told.starting(entry.profile, IN_FULL)
                began = self._told.clock()
                self._session.repeat(entry)
                self._survey.note(entry.profile)
                self._patience.spend(self._told.clock() - began)


def run(reporter: Reporter, spec: SearchSpec) -> str:
    """Search, saving after each model; returns the last word.

    Raises:
        BakeoffError: There is nothing to search among, nothing can be measured, or nothing more can be saved.
    """
    told = SearchProgress(reporter, spec.budget_s)
    told.at(LOADING)
    table = read_candidates(spec).table
    space = search_space(table)
    session = MeasuringSession(measure_spec(spec))
    reporter.report(on_battery=on_battery(), device=session.device)
    return Search(spec, space, rows_of(shortlisted(table), space), session, reporter, told).run()


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""

    def work(reporter: Reporter) -> str:
        return run(reporter, parse_record(SearchSpec, reporter.spec))

    return run_worker(folder, work, STOPPED_WORDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
