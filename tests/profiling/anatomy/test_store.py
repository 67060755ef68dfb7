"""Anatomies kept and taken by real workers: cache, failures, kills, and machines that measure."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.jobs import manager
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.anatomy.request import Wanted, dissecting_now, failure_of, start_dissecting
from bakeoff_core.profiling.anatomy.store import anatomy_stamp, read_anatomy, write_anatomy
from bakeoff_core.system.paths import anatomy_path
from tests.support.anatomies import heavy_head
from tests.support.places import ROOT
from tests.support.processes import wait_until
from tests.support.warm_workers import WarmLauncher, WarmServer

VIT = "test_vit.r160_in1k"


def ended(job: Job) -> Job:
    assert wait_until(lambda: not read_job(job.job_id).active, 200), job.log()
    return read_job(job.job_id)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory, warm_server: WarmServer) -> Iterator[tuple[Path, Job]]:
    """The state after a first job: a plain name, a tag, a name that timm does not know and sizes that do not fit."""
    folder = tmp_path_factory.mktemp("first-run")
    wanted = [
        Wanted("test_vit"),
        Wanted("resnet51", 224),
        Wanted("test_byobnet.r160_in1k", 64),
        Wanted("swin_tiny_patch4_window7_224.ms_in1k", 1),
    ]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BAKEOFF_HOME", str(folder / "home"))
        environment.setenv("BAKEOFF_MEASURING_LOCK", str(folder / "lock"))
        environment.setattr(manager, "LAUNCHER", WarmLauncher(warm_server.address))
        job = ended(start_dissecting(wanted))
    yield folder / "home", job


@pytest.fixture
def after_first_run(first_run: tuple[Path, Job], home: Path) -> Job:
    """A copy of that state as this test's own."""
    shutil.copytree(first_run[0], home)
    return first_run[1]


def test_what_can_be_taken_apart_is_kept_with_its_full_name_and_size(after_first_run: Job) -> None:
    assert after_first_run.state == "done", after_first_run.log()
    assert after_first_run.status["found"] == [
        ["test_vit", None, VIT, 160],
        ["test_byobnet.r160_in1k", 64, "test_byobnet.r160_in1k", 64],
    ]
    assert after_first_run.status["message"] == "2 taken apart, 2 failed."
    found = read_anatomy(VIT, 160)
    assert (found.param_count, found.macs) == (371_240, 38_055_488)
    assert read_anatomy("test_byobnet.r160_in1k", 64).img_size == 64


def test_what_cannot_be_taken_apart_says_why_and_the_rest_go_on(after_first_run: Job) -> None:
    assert "timm has no model named 'resnet51'. Did you mean" in failure_of(after_first_run, Wanted("resnet51", 224))
    assert failure_of(after_first_run, Wanted("swin_tiny_patch4_window7_224.ms_in1k", 1))
    assert failure_of(after_first_run, Wanted("test_vit")) is None
    assert failure_of(after_first_run, Wanted("never-asked-for")) is None


def test_the_worker_never_loads_torch_itself() -> None:
    code = "import sys, bakeoff_core.profiling.anatomy.worker; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.usefixtures("warm_workers")
def test_what_is_kept_is_not_taken_again(after_first_run: Job) -> None:
    before = anatomy_path(VIT, 160).stat().st_mtime_ns
    job = ended(start_dissecting([Wanted(VIT, 160)]))
    assert job.status["found"] == [[VIT, 160, VIT, 160]]
    assert anatomy_path(VIT, 160).stat().st_mtime_ns == before


@pytest.mark.usefixtures("warm_workers")
def test_a_damaged_file_counts_as_absent_and_is_written_anew(after_first_run: Job) -> None:
    anatomy_path(VIT, 160).write_text('{"version": 1, "parts": "none"')
    assert read_anatomy(VIT, 160) is None
    ended(start_dissecting([Wanted(VIT, 160)]))
    assert read_anatomy(VIT, 160).param_count == 371_240


def test_a_file_under_another_models_name_is_not_believed(home: Path) -> None:
    write_anatomy(heavy_head())
    shutil.copy(anatomy_path("heavy.tag", 224), anatomy_path("light.tag", 224))
    assert read_anatomy("heavy.tag", 224) == heavy_head()
    assert read_anatomy("light.tag", 224) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "x" * 5000, "\n", "ünïcode", "<b>"])
def test_any_name_is_looked_up_inside_the_folder(home: Path, name: str) -> None:
    assert anatomy_path(name, 224).parent == anatomy_path("plain", 224).parent
    assert read_anatomy(name, 224) is None


@pytest.mark.usefixtures("warm_workers")
def test_a_worker_that_is_killed_leaves_a_failure_in_words(after_first_run: Job) -> None:
    wanted = Wanted("vgg11.tv_in1k", 224)
    job = start_dissecting([wanted])
    assert wait_until(lambda: read_job(job.job_id).status.get("current") == wanted.model_name, 120)
    os.killpg(read_job(job.job_id).status["pid"], signal.SIGKILL)
    job = ended(job)
    assert job.state == "failed"
    assert "was killed, or the machine went down" in failure_of(job, wanted)


def test_a_model_whose_process_is_killed_fails_and_says_that_memory_may_have_run_out(after_first_run: Job) -> None:
    wanted = Wanted("vgg19.tv_in1k", 224)
    job = start_dissecting([wanted])

    def children() -> list[psutil.Process]:
        try:
            worker = psutil.Process(read_job(job.job_id).status["pid"])
            return [model for helper in worker.children() for model in helper.children()]
        except (KeyError, psutil.NoSuchProcess):
            return []

    assert wait_until(lambda: read_job(job.job_id).status.get("current") == wanted.model_name and children(), 120)
    for process in children():
        process.kill()
    job = ended(job)
    assert job.state == "done"
    assert "most likely because memory ran out" in failure_of(job, wanted)


@pytest.mark.usefixtures("warm_workers")
def test_a_stopped_job_keeps_what_it_has_and_says_so(after_first_run: Job) -> None:
    wanted = [Wanted("vgg11.tv_in1k", 224), Wanted("vgg13.tv_in1k", 224)]
    job = start_dissecting(wanted)
    assert wait_until(lambda: read_job(job.job_id).status.get("current") == wanted[0].model_name, 120)
    job = stop_job(job.job_id)
    assert job.state == "stopped"
    assert failure_of(job, wanted[1]).startswith("Stopped.")


def test_nothing_is_taken_apart_while_the_machine_measures(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakeoff_core.jobs.manager.machine_holder", lambda: "20260101-120000-measure-abcdef")
    with pytest.raises(BusyError, match="would spoil its timings"):
        start_dissecting([Wanted(VIT)])
    assert dissecting_now() is None


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "`img_size` must be an integer >= 1. Got 0."),
        (-224, "`img_size` must be an integer >= 1. Got -224."),
        (5000, "`img_size` must be at most 4096. Got 5000."),
    ],
)
def test_absurd_sizes_are_refused_before_anything_starts(home: Path, size: int, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        start_dissecting([Wanted(VIT, size)])
    assert str(refused.value) == words
    with pytest.raises(ValueError, match="`wanted` must name 1 to 2000 models. Got 0"):
        start_dissecting([])


def test_an_anatomy_that_cannot_be_kept_is_an_error_in_words(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "anatomy").write_text("a file where the folder should be")
    with pytest.raises(BakeoffError, match="The anatomy of heavy.tag could not be kept"):
        write_anatomy(heavy_head())


def test_an_anatomys_stamp_changes_when_it_is_written(home: Path) -> None:
    found = heavy_head()
    absent = anatomy_stamp(found.model_name, found.img_size)
    write_anatomy(found)
    assert anatomy_stamp(found.model_name, found.img_size) != absent
