"""The measuring job, run for real on timm's tiny test models: rows, cache, kills, stops, full disks."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bakeoff_core.catalogue.timm_names import read_timm_models
from bakeoff_core.jobs import manager
from bakeoff_core.jobs.manager import go_on, read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.request import MeasureSpec, make_spec, start_listing, start_measuring
from bakeoff_core.profiling.rows import fold, share_spread
from bakeoff_core.profiling.session import find_entry
from bakeoff_core.profiling.store import profile_key, read_profiles, write_profiles
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search import measuring_worker
from bakeoff_core.system import locks, machine
from bakeoff_core.system.paths import own_accuracy_path, profiles_path, timm_models_path
from tests.support.examples import make_profile, make_round
from tests.support.processes import living_in_session, wait_until
from tests.support.warm_workers import WarmLauncher, WarmServer

VIT, NET = "test_vit.r160_in1k", "test_byobnet.r160_in1k"


def spec_of(*models: str, **options: object) -> MeasureSpec:
    """A job that is over soon: four passes a round and no time to fill."""
    return make_spec(
        models, **{"passes": 8, "min_seconds": 0, "threads": 1, "device": "cpu", "patience_s": 0, **options}
    )


def started(*models: str, **options: object) -> Job:
    return start_measuring(spec_of(*models, **options))


def ended(job: Job) -> Job:
    assert wait_until(lambda: not read_job(job.job_id).active, 120), job.log()
    return read_job(job.job_id)


def rows() -> dict[str, Profile]:
    """The store, by model name; these tests measure one size and setting a model."""
    return {profile.model_name: profile for profile in read_profiles(profiles_path())}


def children_of(job: Job) -> list[psutil.Process]:
    """The processes that run models: the fork server's children."""
    worker = psutil.Process(read_job(job.job_id).status["pid"])
    return [model for helper in worker.children() for model in helper.children()]


def measuring_now(job: Job, model_name: str) -> bool:
    """Whether the job has a process at work on this model."""
    try:
        return read_job(job.job_id).status.get("current") == model_name and bool(children_of(job))
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory, warm_server: WarmServer) -> Iterator[tuple[Path, Job]]:
    """The state after a first job: two tiny models, one by its plain name, and a name that timm does not know."""
    folder = tmp_path_factory.mktemp("first-run")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BAKEOFF_HOME", str(folder / "home"))
        environment.setenv("BAKEOFF_MEASURING_LOCK", str(folder / "lock"))
        environment.setattr(manager, "LAUNCHER", WarmLauncher(warm_server.address))
        job = ended(started("test_vit", VIT, "resnet51", NET))
    yield folder / "home", job


@pytest.fixture
def after_first_run(first_run: tuple[Path, Job], home: Path) -> Job:
    """A copy of that state as this test's own."""
    shutil.copytree(first_run[0], home)
    return first_run[1]


@pytest.fixture
def names_known(first_run: tuple[Path, Job], home: Path) -> None:
    """A state in which nothing is measured, but timm's names are listed already."""
    home.mkdir(parents=True, exist_ok=True)
    for path in first_run[0].glob("timm-*.json"):
        shutil.copy(path, home)


# --- a first job -----------------------------------------------------------------------------------------------------


def test_every_model_becomes_a_complete_row(after_first_run: Job) -> None:
    assert after_first_run.state == "done", after_first_run.log()
    for name, parameters, macs in ((VIT, 371_240, 38_055_488), (NET, 456_856, 32_015_744)):
        row = rows()[name]
        assert (row.param_count, row.macs, row.img_size) == (parameters, macs, 160)
        assert (row.passes, row.round_count, len(row.rounds)) == (8, 2, 2)
        assert [len(r.times_s) for r in row.rounds] == [4, 4]
        assert row.latency_p50_low_s < row.latency_p50_s < row.latency_p50_high_s
        assert row.throughput == pytest.approx(1 / row.latency_p50_s)
        assert row.peak_memory_bytes > 0
        assert row.error is None
        assert "few_passes" in [warning.code for warning in row.warnings]
        assert row.measured_at == row.rounds[-1].measured_at


def test_every_row_carries_the_machine_and_the_setting(after_first_run: Job) -> None:
    described = machine.this_machine()
    for row in rows().values():
        assert (row.machine_id, row.machine_name) == (described.machine_id, described.machine_name)
        assert (row.backend_version, row.timm_version) == (described.torch_version, described.timm_version)
        assert (row.device, row.threads, row.batch_size, row.precision) == ("cpu", 1, 1, "float32")
        assert row.backend == "pytorch"


def test_an_unknown_model_is_a_row_with_the_nearest_names_and_the_rest_go_on(after_first_run: Job) -> None:
    row = rows()["resnet51"]
    assert row.error.startswith("timm has no model named 'resnet51'. Did you mean resnet")
    assert row.latency_p50_s is None
    assert [failure["model_name"] for failure in after_first_run.status["failures"]] == ["resnet51"]


def test_all_models_get_their_first_round_before_any_gets_its_second(after_first_run: Job) -> None:
    order = [(metric["model_name"], metric["round"]) for metric in after_first_run.metrics()]
    assert order == [(VIT, 1), (NET, 1), (VIT, 2), (NET, 2)]


def test_a_plain_name_and_its_tag_in_one_job_are_one_model(after_first_run: Job) -> None:
    assert sorted(rows()) == ["resnet51", NET, VIT]


def test_a_finished_job_tells_what_became_of_it(after_first_run: Job) -> None:
    status = after_first_run.status
    assert (status["done"], status["total"], status["time_left_s"], status["current"]) == (4, 4, 0, None)
    assert status["message"] == "2 measured, 1 failed."
    assert [row[:2] for row in status["rows"]] == [[VIT, 160], ["resnet51", None], [NET, 160]]


def test_a_job_without_models_lists_timms_names_and_needs_no_machine_of_its_own(names_known: None) -> None:
    job = ended(start_listing())
    assert (job.state, job.status["message"]) == ("done", "timm's names are listed.")
    assert (job.status["done"], job.status["total"]) == (0, 0)


# --- what is cached --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_a_second_job_measures_nothing_that_is_cached(after_first_run: Job) -> None:
    before = rows()
    job = ended(started("test_vit", NET))
    assert job.state == "done", job.log()
    assert job.status["message"] == "2 already cached."
    assert job.metrics() == []
    assert rows() == before


@pytest.mark.usefixtures("warm_workers")
def test_forced_a_model_is_measured_again_from_the_start_and_a_cap_shows(after_first_run: Job) -> None:
    before = rows()
    job = ended(started(VIT, force=True, passes=100_000, cap_s=0.02))
    assert job.status["message"] == "1 measured."
    after = rows()
    assert after[NET].rounds == before[NET].rounds
    assert after[VIT].round_count == 2
    assert not {r.times_s for r in after[VIT].rounds} & {r.times_s for r in before[VIT].rounds}
    assert all(r.capped for r in after[VIT].rounds)


@pytest.mark.usefixtures("warm_workers")
def test_other_threads_batch_or_dtype_are_other_rows(after_first_run: Job) -> None:
    job = ended(started(VIT, batch_size=2, dtype="bfloat16", rounds=1))
    assert job.status["message"] == "1 measured."
    measured = [p for p in read_profiles(profiles_path()) if p.model_name == VIT]
    assert [(p.batch_size, p.precision, p.round_count) for p in measured] == [(1, "float32", 2), (2, "bfloat16", 1)]
    assert measured[1].weight_bytes * 2 == measured[0].weight_bytes
    assert measured[1].macs == measured[0].macs
    assert measured[1].throughput == pytest.approx(2 / measured[1].latency_p50_s)


# --- killed and stopped ----------------------------------------------------------------------------------------------


def test_a_killed_job_loses_no_finished_round_and_the_next_one_goes_on_from_there(
    names_known: None, request: pytest.FixtureRequest
) -> None:
    job = started(VIT, NET)
    assert wait_until(lambda: len(job.metrics()) >= 1, 120), job.log()
    worker = read_job(job.job_id).status["pid"]
    os.kill(worker, signal.SIGKILL)
    assert ended(job).state == "failed"
    assert wait_until(lambda: not living_in_session(worker))
    kept = rows()
    assert len(kept) >= 1
    assert len(job.metrics()) <= sum(row.round_count for row in kept.values()) <= 3

    request.getfixturevalue("warm_workers")  # how the next one starts is not asked
    resumed = ended(started(VIT, NET))
    assert resumed.state == "done", resumed.log()
    assert len(resumed.metrics()) == 4 - sum(row.round_count for row in kept.values())
    for name, row in rows().items():
        assert row.round_count == 2
        if name in kept:
            assert row.rounds[: kept[name].round_count] == kept[name].rounds


def test_a_stopped_job_keeps_what_it_measured_leaves_no_process_and_never_loaded_torch(names_known: None) -> None:
    job = started(VIT, NET, min_seconds=1.0, rounds=20)
    assert wait_until(lambda: len(job.metrics()) >= 1, 120), job.log()
    worker = read_job(job.job_id).status["pid"]
    maps = Path(f"/proc/{worker}/maps").read_text()
    assert "libtorch" not in maps
    stopped = stop_job(job.job_id)
    assert stopped.state == "stopped"
    assert stopped.status["message"] == "Stopped. Everything measured until then is kept."
    assert rows()[VIT].round_count >= 1
    assert locks.machine_holder() is None
    assert wait_until(lambda: not living_in_session(worker))


def test_a_job_stopped_before_it_looked_up_from_starting_measures_nothing(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "spec.json").write_text("{}")
    (folder / "stop").touch()
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert measuring_worker.main(str(folder)) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert '"state": "stopped"' in (folder / "status.json").read_text()
    assert not home.exists()


# --- models that fail, disks that fill -------------------------------------------------------------------------------


def test_a_model_whose_process_is_killed_is_a_row_and_the_rest_go_on(names_known: None) -> None:
    job = started(VIT, NET, min_seconds=3.0)
    assert wait_until(lambda: measuring_now(job, VIT), 120), job.log()
    for child in children_of(job):
        child.kill()  # as the kernel does when memory runs out
    assert wait_until(lambda: read_job(job.job_id).status["current"] == NET or not read_job(job.job_id).active, 60)
    assert rows()[VIT].error.startswith("Killed by the system while it ran, most likely because memory ran out.")
    done = ended(job)
    assert done.state == "done", done.log()
    assert done.status["message"] == "1 measured, 1 failed."
    assert (done.status["done"], done.status["total"]) == (3, 3)  # the failed model has no second round
    assert rows()[NET].round_count == 2


@pytest.mark.usefixtures("warm_workers")
def test_a_batch_that_no_memory_holds_is_a_row_that_says_so(names_known: None) -> None:
    job = ended(started(VIT, NET, batch_size=4096, img_size=4096))
    assert job.status["message"] == "2 failed.", job.log()
    assert [row.error.partition(":")[0] for row in rows().values()] == ["Out of memory"] * 2
    assert all((row.img_size, row.batch_size) == (4096, 4096) for row in rows().values())


def test_a_disk_that_fills_fails_the_job_in_words_and_keeps_the_rows(
    first_run: tuple[Path, Job], small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(small_disk))
    for path in first_run[0].glob("*.*"):
        shutil.copy(path, small_disk)
    before = rows()
    job = started(VIT, rounds=4, min_seconds=2.0)
    assert wait_until(lambda: measuring_now(job, VIT), 120), job.log()
    with (small_disk / "filler").open("wb", buffering=0) as handle, pytest.raises(OSError) as full:
        while True:
            handle.write(b"x" * 4096)
    assert full.value.errno == errno.ENOSPC
    job = ended(job)
    assert job.state == "failed"
    assert job.status["message"].startswith("profiles.parquet can't be written in ")
    assert rows() == before


# --- further rounds where they decide --------------------------------------------------------------------------------


def test_a_model_at_the_limit_gets_further_rounds_and_one_of_unknown_accuracy_none(after_first_run: Job) -> None:
    own_accuracy_path().write_text(f"model_name,img_size,top1\n{VIT},160,60\n")
    at_the_limit = Limits(max_latency_s=rows()[VIT].latency_p50_s)
    measured = ended(started(VIT, NET, limits=at_the_limit, further_s=2.0))
    assert measured.state == "done"
    after = rows()
    assert len(after[VIT].rounds) > 2
    assert after[VIT].round_count == len(after[VIT].rounds)
    assert len(after[NET].rounds) == 2
    status = read_job(measured.job_id).status
    assert status["done"] == status["total"] > 0


# --- folding rounds into a row ---------------------------------------------------------------------------------------

BLANK = replace(make_profile(), rounds=(), param_count=None, macs=None, latency_p50_s=None, round_count=None)


def test_a_round_is_folded_into_the_row_and_an_old_error_goes() -> None:
    failed = replace(BLANK, error="Timed out")
    row = fold(failed, make_round([0.1] * 32), {"param_count": 5, "weight_bytes": 20, "macs": 7})
    assert (row.param_count, row.weight_bytes, row.macs, row.round_count, row.error) == (5, 20, 7, 1, None)
    row = fold(row, make_round([0.2] * 32), None)
    assert (row.param_count, row.macs, row.round_count, row.passes) == (5, 7, 2, 64)
    assert row.latency_p50_s == pytest.approx(0.15)


def test_the_rows_of_a_setting_share_what_they_show_of_the_spread_between_processes() -> None:
    restless = [
        make_profile(f"net{at}", rounds=(make_round((0.010,) * 32), make_round((0.014,) * 32))) for at in range(8)
    ]
    calm = make_profile("calm", rounds=(make_round((0.010,) * 32), make_round((0.010,) * 32)))
    failed = make_profile("failed", rounds=(), latency_p50_s=None, error="out of memory")
    shared = {p.model_name: p for p in share_spread([*restless, calm, failed])}
    assert set(shared) == {"calm", *(p.model_name for p in restless)}, "a row without times has no interval"
    alone = share_spread([calm])[0]
    assert shared["calm"].latency_p50_high_s > alone.latency_p50_high_s
    drifts = {row.latency_drift_sd for row in shared.values()}
    assert len(drifts) == 1 and drifts.pop() > alone.latency_drift_sd
    spread = {"latency_p50_low_s": 0.0, "latency_p50_high_s": 0.0, "latency_drift_sd": 0.0}
    assert replace(shared["calm"], **spread) == replace(calm, **spread)


@pytest.mark.parametrize("macs", [None, 7])
def test_unknown_macs_are_warned_of_in_every_round(macs: int | None) -> None:
    row = fold(BLANK, make_round(), {"param_count": 5, "weight_bytes": 20, "macs": macs})
    row = fold(row, make_round(), None)
    assert ("macs_unknown" in [warning.code for warning in row.warnings]) is (macs is None)


def test_a_row_without_its_raw_rounds_is_measured_anew_and_not_resumed(after_first_run: Job) -> None:
    known = read_timm_models(timm_models_path())
    stored = replace(rows()[VIT], rounds=())
    write_profiles(profiles_path(), [stored])
    key = profile_key(stored)
    entry = find_entry(VIT, None, spec_of(VIT), known, "cpu", {key: stored})
    assert entry.rounds_left == 2


# --- waiting for a quiet machine ------------------------------------------------------------------------------------


@pytest.fixture
def hog() -> Iterator[None]:
    """Other programs that leave no core free for a model with a thread, and hardly hold up who is not measured."""
    spin = [sys.executable, "-c", "import os; os.nice(19)\nwhile True: pass"]
    programs = [subprocess.Popen(spin) for _ in range(machine.usable_cores())]
    yield
    for program in programs:
        program.kill()
        program.wait()


def waits(job: Job) -> bool:
    return bool(read_job(job.job_id).status.get("waiting"))


def test_a_job_waits_for_other_programs_until_it_is_stopped_or_told_to_measure_anyway(
    names_known: None, warm_workers: None, hog: None
) -> None:
    job = started(VIT, patience_s=3600, rounds=1)
    assert wait_until(lambda: waits(job), 120), job.log()
    status = read_job(job.job_id).status
    assert status["message"] == "Waiting for a quiet machine"
    assert status["waiting"]["outside_cores"] > 0.25
    stop_job(job.job_id)
    assert ended(job).state == "stopped"
    job = started(VIT, patience_s=3600, rounds=1)
    assert wait_until(lambda: waits(job), 120), job.log()
    go_on(job.job_id)
    job = ended(job)
    assert job.state == "done", job.log()
    assert job.status["waiting"] is None
    assert rows()[VIT].round_count == 1
