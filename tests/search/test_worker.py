"""The search, run for real on timm's tiny test models: its answer, going on, kills, stops, limits, two at once."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.jobs import manager
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.store import read_frame, read_profiles
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.narrowing import read_candidates
from bakeoff_core.search.records import IMPOSSIBLE, NOTHING_LEFT, STOPPED, SURE, TIME, read_predictions
from bakeoff_core.search.request import start_search
from bakeoff_core.search.results import SearchAnswer, answer_of, list_searches, read_search
from bakeoff_core.system import locks
from bakeoff_core.system.paths import profiles_path
from tests.support.processes import living_in_session, wait_until
from tests.support.tiny_searches import TINY, tiny_spec, write_tiny_accuracies
from tests.support.warm_workers import WarmLauncher, WarmServer

BEST, UNBUILDABLE = "test_convnext.r160_in1k", "test_mambaout.in1k"


def ended(job: Job) -> Job:
    assert wait_until(lambda: not read_job(job.job_id).active, 120), job.log()
    return read_job(job.job_id)


def rows() -> dict[str, Profile]:
    return {profile.model_name: profile for profile in read_profiles(profiles_path())}


def answer(job: Job) -> SearchAnswer:
    search = read_search(job.job_id)
    return answer_of(search, read_candidates(search.spec), read_frame(profiles_path()))


@pytest.fixture(scope="module")
def first_search(tmp_path_factory: pytest.TempPathFactory, warm_server: WarmServer) -> Iterator[tuple[Path, Job]]:
    """The state after a search without limits over six tiny models, one of which can't be built."""
    folder = tmp_path_factory.mktemp("first-search")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BAKEOFF_HOME", str(folder / "home"))
        environment.setenv("BAKEOFF_MEASURING_LOCK", str(folder / "lock"))
        environment.setattr(manager, "LAUNCHER", WarmLauncher(warm_server.address))
        write_tiny_accuracies()
        job = ended(start_search(tiny_spec()))
    yield folder / "home", job


@pytest.fixture
def after_first_search(first_search: tuple[Path, Job], home: Path) -> Job:
    """A copy of that state as this test's own."""
    shutil.copytree(first_search[0], home)
    return read_job(first_search[1].job_id)


@pytest.fixture
def names_known(first_search: tuple[Path, Job], home: Path) -> None:
    """A state in which nothing is measured, but timm's names are listed already."""
    home.mkdir(parents=True, exist_ok=True)
    for path in first_search[0].glob("timm-*.json"):
        shutil.copy(path, home)
    write_tiny_accuracies()


def test_a_search_ends_with_the_best_of_what_can_be_measured(after_first_search: Job) -> None:
    job = after_first_search
    assert job.state == "done", job.log()
    search, found = read_search(job.job_id), answer(job)
    assert (search.candidates, search.measured, search.failed) == (6, 5, 1)
    assert (search.stopped_because, search.chance_better_left) == (NOTHING_LEFT, 0.0)
    assert found.decision.pick.candidate.model_name == BEST
    assert BEST in [ref.model_name for ref in found.frontier]
    assert job.status["message"] == "5 of 6 candidates are measured, 1 failed."


def test_what_was_screened_is_an_ordinary_row_and_who_matters_has_rounds_of_a_full_measurement(
    after_first_search: Job,
) -> None:
    measured = rows()
    assert sorted(measured) == sorted(TINY)
    assert "timm has no model named" in measured[UNBUILDABLE].error
    assert all(
        row.error is None and row.macs and row.param_count
        for name, row in measured.items()
        if name in TINY and name != UNBUILDABLE
    )
    assert measured[BEST].round_count >= 2 and measured[BEST].passes >= 64
    screened = [row for row in measured.values() if row.round_count == 1]
    assert all("one_process" in [warning.code for warning in row.warnings] for row in screened)


def test_no_prediction_is_left_where_all_is_measured_and_none_is_in_the_store(after_first_search: Job) -> None:
    assert read_predictions(after_first_search.folder) == ()
    assert len(read_frame(profiles_path())) == len(TINY)


@pytest.mark.usefixtures("warm_workers")
def test_where_everything_is_measured_already_a_search_measures_nothing_and_tries_no_failure_again(
    after_first_search: Job,
) -> None:
    before = rows()
    job = ended(start_search(tiny_spec()))
    assert job.state == "done", job.log()
    assert job.metrics() == [] and rows() == before
    assert read_search(job.job_id).stopped_because == NOTHING_LEFT
    assert answer(job).decision.pick.candidate.model_name == BEST
    assert [search.job.job_id for search in list_searches()] == [job.job_id, after_first_search.job_id]


@pytest.mark.usefixtures("warm_workers")
def test_limits_that_nothing_can_meet_end_it_at_once_with_the_nearest_way_out_by_prediction(
    after_first_search: Job,
) -> None:
    job = ended(start_search(tiny_spec(limits=Limits(min_top1=60.0))))
    search = read_search(job.job_id)
    assert (job.metrics(), search.stopped_because) == ([], NOTHING_LEFT)
    assert (search.relaxation.limit, search.relaxation.needed) == ("min_top1", TINY[BEST])
    assert answer(job).decision.pick is None


@pytest.mark.usefixtures("warm_workers", "names_known")
def test_limits_beyond_the_catalogue_end_a_search_before_it_measures_anything() -> None:
    job = ended(start_search(tiny_spec(limits=Limits(min_top1=60.0))))
    search = read_search(job.job_id)
    assert (job.metrics(), search.measured, search.stopped_because) == ([], 0, IMPOSSIBLE)
    assert search.relaxation.candidate.model_name == UNBUILDABLE  # nobody has tried it yet
    assert not profiles_path().exists()


@pytest.mark.usefixtures("warm_workers", "names_known")
def test_a_time_shorter_than_one_model_is_said_to_be_up_and_nothing_is_begun() -> None:
    job = ended(start_search(tiny_spec(minutes=0.001)))
    search = read_search(job.job_id)
    assert job.state == "done", job.log()
    assert (search.stopped_because, search.measured, job.metrics()) == (TIME, 0, [])
    predicted = read_predictions(job.folder)
    assert sorted(model.model_name for model in predicted) == sorted(TINY)
    assert all(0 < model.low_s < model.latency_s < model.high_s for model in predicted)


@pytest.mark.usefixtures("warm_workers", "names_known")
def test_a_killed_search_loses_nothing_another_is_refused_meanwhile_and_the_next_goes_on() -> None:
    job = start_search(tiny_spec())
    with pytest.raises(BusyError):
        start_search(tiny_spec())
    assert wait_until(lambda: len(job.metrics()) >= 2, 120), job.log()
    worker = read_job(job.job_id).status["pid"]
    os.kill(worker, signal.SIGKILL)
    assert ended(job).state == "failed"
    assert wait_until(lambda: not living_in_session(worker))
    kept, counted = rows(), len(job.metrics())
    assert len(kept) >= 2

    resumed = ended(start_search(tiny_spec()))
    assert resumed.state == "done", resumed.log()
    told = [metric["model_name"] for metric in resumed.metrics() if metric["round"] == 1 or metric["error"]]
    assert not set(told) & set(kept)
    assert counted >= 2 and sorted(rows()) == sorted(TINY)


@pytest.mark.usefixtures("warm_workers", "names_known")
def test_a_stopped_search_says_so_and_keeps_what_it_measured() -> None:
    job = start_search(tiny_spec())
    assert wait_until(lambda: len(job.metrics()) >= 1, 120), job.log()
    stopped = stop_job(job.job_id)
    assert (stopped.state, read_search(job.job_id).stopped_because) in (("stopped", STOPPED), ("done", NOTHING_LEFT))
    assert rows() and locks.machine_holder() is None


def test_a_search_among_nothing_is_not_started(home: Path) -> None:
    with pytest.raises(BakeoffError, match="No candidate is of the family 'Tiny'"):
        start_search(tiny_spec())
    assert not list(home.rglob("spec.json"))


def test_a_search_that_only_another_version_understands_is_passed_over(after_first_search: Job) -> None:
    path = after_first_search.folder / "spec.json"
    request = json.loads(path.read_text())
    path.write_text(json.dumps({**request, "spec": {**request["spec"], "rule": "by-colour"}}))
    assert list_searches() == []
    with pytest.raises(BakeoffError, match="asks for what this version does not know"):
        read_search(after_first_search.job_id)


@pytest.mark.usefixtures("warm_workers", "names_known")
def test_a_search_that_is_sure_measures_no_more() -> None:
    job = ended(start_search(tiny_spec(limits=Limits(min_top1=44.5, max_latency_s=10.0))))
    search = read_search(job.job_id)
    assert search.stopped_because == SURE and search.chance_better_left < 0.05
    assert set(rows()) == {BEST, UNBUILDABLE}
