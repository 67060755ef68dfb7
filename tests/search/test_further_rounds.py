"""Who deserves another round, and the rounds that the measuring job gives them; rounds are scripted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bakeoff_core.jobs.isolation import ChildFailure
from bakeoff_core.jobs.worker import Reporter
from bakeoff_core.profiling.patience import Patience
from bakeoff_core.profiling.progress import MeasuredModel, Progress
from bakeoff_core.profiling.request import make_spec
from bakeoff_core.profiling.session import MeasuringSession
from bakeoff_core.profiling.worker import MOST_ROUNDS, further_rounds
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import Profile, Round
from bakeoff_core.search.further_rounds import contenders
from tests.support.bare_candidates import between, candidate, frame
from tests.support.examples import make_profile, make_round


def names_of(candidates, limits=None, rule="most-accurate") -> list[str]:
    return [ref.model_name for ref in contenders(candidates, limits or Limits(), rule, "latency")]


def row(name: str, top1: float, ms: float, half: float = 0.05) -> dict:
    seconds = ms / 1e3
    return candidate(name, top1, seconds, **between(seconds * (1 - half), seconds * (1 + half)))


ROWS = frame(row("small", 70, 5), row("near", 76, 9.9, 0.04), row("behind", 75, 8, 0.1), row("large", 80, 40))


def test_a_pick_at_the_limit_contests_and_who_would_follow_it_far_inside_does_not() -> None:
    assert names_of(ROWS, Limits(max_latency_s=0.010)) == ["near"]


def test_several_at_the_limit_contest_the_least_known_first() -> None:
    rows = frame(row("small", 70, 5), row("near", 76, 9.9, 0.04), row("too", 75, 10.0, 0.1))
    assert names_of(rows, Limits(max_latency_s=0.010)) == ["too", "near"]


def test_the_quickest_that_clear_a_floor_contest_each_other() -> None:
    level = frame(row("a", 75, 10.0, 0.02), row("b", 75, 10.1, 0.08), row("c", 75, 40.0))
    assert names_of(level, Limits(min_top1=70), rule="cheapest") == ["b", "a"]


def test_a_pick_that_is_sure_needs_no_further_round() -> None:
    assert names_of(ROWS, Limits(max_latency_s=0.030)) == []
    assert names_of(ROWS, Limits(), rule="cheapest") == []


def test_somebody_just_over_the_limit_contests_where_nothing_clears_it() -> None:
    assert names_of(frame(row("only", 70, 10.1)), Limits(max_latency_s=0.010)) == ["only"]


def test_without_limits_the_places_on_the_frontier_are_contested() -> None:
    assert names_of(ROWS) == []
    level = frame(row("a", 75, 10.0, 0.02), row("b", 74.9, 9.99, 0.08), row("c", 74, 10.1, 0.08), row("d", 80, 40))
    assert names_of(level) == ["c", "b", "a"] or names_of(level) == ["b", "c", "a"]


IMPATIENT = Patience(0, cores=2, threads=2)


@pytest.fixture
def further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Gives further rounds of a second each, for five seconds; returns whose they were."""

    def run(
        entries: list[MeasuredModel], contested: Callable, result: Round | ChildFailure, patience: Patience = IMPATIENT
    ) -> list[str]:
        made = []

        def measured(session: MeasuringSession, profile: Profile) -> tuple[Round, None]:
            made.append(profile.model_name)
            if isinstance(result, ChildFailure):
                raise result
            return result, None

        monkeypatch.setattr(MeasuringSession, "__init__", lambda session, spec: setattr(session, "spec", spec))
        monkeypatch.setattr(MeasuringSession, "_round", measured)
        monkeypatch.setattr(Progress, "finished", lambda progress, entry: 1.0)
        session = MeasuringSession(make_spec(["a", "b"], further_s=5))
        progress = Progress(Reporter(tmp_path), entries, 0.0)
        further_rounds(session, entries, contested, patience, progress, lambda: True)
        return made

    return run


def entry_of(name: str, **changes: object) -> MeasuredModel:
    return MeasuredModel(make_profile(name, **changes), 0, measured_here=True)


def ref_of(entry: MeasuredModel) -> CandidateRef:
    return CandidateRef(entry.profile.model_name, entry.profile.img_size, entry.profile.deployment)


def test_rounds_go_to_who_is_contested_until_nobody_is(further) -> None:
    one, two = entry_of("a"), entry_of("b")

    def contested(profiles: list[Profile]) -> list[CandidateRef]:
        assert {p.model_name for p in profiles} == {"a", "b"}
        return [ref_of(two)] if len(two.profile.rounds) < 4 else []

    assert further([one, two], contested, make_round()) == ["b", "b"]
    assert (len(one.profile.rounds), len(two.profile.rounds), two.rounds_left) == (2, 4, 0)


def test_rounds_end_when_their_time_is_up(further) -> None:
    one = entry_of("a")
    assert further([one], lambda profiles: [ref_of(one)], make_round()) == ["a"] * 5
    assert len(one.profile.rounds) == 7 < MOST_ROUNDS


def test_a_further_round_that_fails_leaves_the_row_as_it_was(further) -> None:
    one = entry_of("a")
    before = one.profile
    assert further([one], lambda profiles: [ref_of(one)], ChildFailure("It was killed.")) == ["a"] * 5
    assert one.profile == before


def test_a_model_that_is_not_of_the_job_gets_none(further) -> None:
    assert further([entry_of("a")], lambda profiles: [ref_of(entry_of("b"))], make_round()) == []


def test_whoever_says_to_measure_anyway_ends_the_wait_for_a_quiet_machine(further) -> None:
    busy = Patience(3600, cores=2, threads=2, load=lambda seconds: 1.5)
    one = entry_of("a")
    assert further([one], lambda profiles: [ref_of(one)], make_round(), busy) == ["a"] * 5
    assert busy.left_s == 0
