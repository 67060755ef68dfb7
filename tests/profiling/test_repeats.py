"""Rounds that were disturbed, made again by the measuring job; the machine's load and the rounds are scripted."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bakeoff_core.jobs.isolation import ChildFailure
from bakeoff_core.jobs.worker import Reporter
from bakeoff_core.profiling.patience import Patience
from bakeoff_core.profiling.progress import AGAIN, MeasuredModel, Progress
from bakeoff_core.profiling.request import make_spec
from bakeoff_core.profiling.session import MeasuringSession
from bakeoff_core.profiling.store import read_profiles
from bakeoff_core.profiling.worker import repeat_disturbed
from bakeoff_core.schema.profile import Round
from bakeoff_core.system.paths import profiles_path
from tests.support.examples import make_profile, make_round

SPEC = make_spec(["a", "b"], rounds=2)


def busy(seconds: float, outside_cores: float = 0.9) -> Round:
    return make_round([seconds] * 8, outside_cores=outside_cores)


def entry_of(name: str, *rounds: Round) -> MeasuredModel:
    return MeasuredModel(make_profile(name, rounds=rounds), 0, measured_here=True)


@pytest.fixture
def repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[MeasuredModel], Iterable[Round | ChildFailure], float], list[str]]:
    """Makes disturbed rounds again with these results and that much patience; returns which models were measured."""

    def run(entries: list[MeasuredModel], results: Iterable[Round | ChildFailure], patience_s: float = 60) -> list[str]:
        made, left = [], iter(results)

        def measured(session: MeasuringSession, profile: object) -> tuple[Round, None]:
            made.append(profile.model_name)
            result = next(left)
            if isinstance(result, ChildFailure):
                raise result
            return result, None

        monkeypatch.setattr(MeasuringSession, "__init__", lambda session, spec: setattr(session, "spec", spec))
        monkeypatch.setattr(MeasuringSession, "_round", measured)
        reporter = Reporter(tmp_path)
        patience = Patience(patience_s, cores=2, threads=2, load=lambda seconds: 0.0)
        progress = Progress(reporter, entries, 0.0)
        repeat_disturbed(MeasuringSession(SPEC), entries, patience, progress, lambda: False)
        return made

    return run


def test_the_most_disturbed_round_is_made_again_first_and_the_quieter_one_counts(repeat) -> None:
    entries = [entry_of("a", make_round(), busy(0.05, 0.5)), entry_of("b", make_round(), busy(0.08, 1.5))]
    assert repeat(entries, [make_round([0.02] * 8), make_round([0.01] * 8)]) == ["b", "a"]
    assert [r.times_s[0] for r in entries[1].profile.rounds] == [0.01, 0.02]
    assert {p.model_name: len(p.rounds) for p in read_profiles(profiles_path())} == {"a": 2, "b": 2}
    assert not [w for e in entries for w in e.profile.warnings if w.code == "load"]


def test_a_round_that_stays_disturbed_is_given_up_after_some_tries(repeat) -> None:
    entries = [entry_of("a", make_round(), busy(0.05))]
    before = entries[0].profile
    assert repeat(entries, [busy(0.05)] * 9) == ["a"] * 4
    assert entries[0].profile == before


def test_a_round_that_fails_now_changes_nothing(repeat) -> None:
    entries = [entry_of("a", make_round(), busy(0.05))]
    before = entries[0].profile
    assert repeat(entries, [ChildFailure("It was killed.")] * 4) == ["a"] * 4
    assert entries[0].profile == before
    assert entries[0].profile.error is None


def test_without_patience_nothing_is_made_again(repeat) -> None:
    assert repeat([entry_of("a", busy(0.05))], [], 0) == []


def test_what_an_earlier_job_measured_and_what_was_quiet_is_left_alone(repeat) -> None:
    cached = MeasuredModel(make_profile("a", rounds=(busy(0.05),)), 0)
    assert repeat([cached, entry_of("b", make_round(), make_round())], []) == []


def test_the_status_says_that_it_measures_again(repeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(Reporter, "report", lambda self, **fields: told.append(fields))
    repeat([entry_of("a", make_round(), busy(0.05))], [make_round([0.02] * 8)])
    (starting,) = [fields for fields in told if fields.get("message") == AGAIN]
    assert (starting["current"], starting["total"]) == ("a", 1)
