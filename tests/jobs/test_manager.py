"""Jobs: real worker processes, really killed, stopped, orphaned and out of disk."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_core.errors import BakeoffError, BusyError, NoSpaceError
from bakeoff_core.jobs import manager as jobs_manager
from bakeoff_core.jobs import parts as jobs_parts
from bakeoff_core.jobs.kinds import MEASURE, JobKind
from bakeoff_core.jobs.manager import list_jobs, list_parts, read_job, resume_job, start_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.system.locks import machine_holder
from tests.support.disks import fill
from tests.support.places import ROOT
from tests.support.processes import is_alive, living_in_session, wait_until

SLEEPER = "tests.workers.sleeper"
SLEEP = JobKind("sleep", "Sleeping", SLEEPER)


@pytest.fixture
def sleep() -> Iterator[Callable[..., Job]]:
    """Start sleepers; whatever of them is left at the end is killed."""
    started: list[Job] = []

    def start(exclusive: bool = True, **spec: object) -> Job:
        started.append(start_job(replace(SLEEP, exclusive=exclusive), spec))
        return started[-1]

    yield start
    for job in started:
        if pid := read_job(job.job_id).status.get("pid"):
            for process in living_in_session(pid):
                process.kill()


def ready(job: Job) -> Job:
    assert wait_until(lambda: read_job(job.job_id).status.get("ready")), job.log()
    return read_job(job.job_id)


def ended(job: Job) -> Job:
    assert wait_until(lambda: not read_job(job.job_id).active), job.log()
    return read_job(job.job_id)


# --- states ----------------------------------------------------------------------------------------------------------


def test_a_job_starts_runs_and_is_done(sleep) -> None:
    job = sleep(before=0.5, seconds=600)
    assert job.state == "starting"
    assert job.active
    job = ready(job)
    assert (job.state, job.kind, job.spec["seconds"]) == ("running", "sleep", 600)
    assert job.status["message"] == "Asleep"
    assert wait_until(lambda: "asleep" in job.log())
    done = ended(sleep(exclusive=False))
    assert (done.state, done.status["message"]) == ("done", "Slept well.")


def test_a_job_that_reports_a_failure_has_failed_in_its_own_words(sleep) -> None:
    job = ended(sleep(ending="failed"))
    assert (job.state, job.status["message"]) == ("failed", "Slept well.")


def test_a_job_that_crashes_has_failed_and_its_log_says_why(sleep) -> None:
    job = ended(sleep(ending="crash"))
    assert job.state == "failed"
    assert job.status["message"].startswith("The worker process ended without a word")
    assert "RuntimeError: a bad dream" in job.log()


def test_a_worker_that_cannot_even_start_has_failed(sleep) -> None:
    job = ended(start_job(replace(SLEEP, module="tests.workers.no_such_worker"), {}))
    assert job.state == "failed"
    assert "no_such_worker" in job.log()


def test_a_killed_worker_has_failed_though_nobody_reaped_it(sleep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)  # the thread that reaps it
    job = ready(sleep(seconds=600))
    os.kill(job.status["pid"], signal.SIGKILL)
    job = ended(job)
    os.kill(job.status["pid"], 0)  # its process id still answers: it is a zombie
    assert job.state == "failed"
    assert job.status["message"].startswith("The worker process ended without a word: it was killed")
    os.waitpid(job.status["pid"], 0)


def test_a_job_is_never_seen_without_its_lock_while_it_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    write = jobs_manager.write_json

    def look_after(path: Path, content: dict) -> None:
        write(path, content)
        seen.extend(job.state for job in list_jobs())

    monkeypatch.setattr(jobs_manager, "write_json", look_after)
    ended(start_job(SLEEP, {}))
    assert seen == ["starting"]


def test_a_worker_outlives_its_launcher(home: Path) -> None:
    code = (
        "from bakeoff_core.jobs.kinds import MEASURE, JobKind; from bakeoff_core.jobs.manager import start_job; "
        f"print(start_job(JobKind('sleep', 'Sleeping', {SLEEPER!r}), {{'seconds': 600}}).job_id)"
    )
    launcher = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    job = ready(read_job(launcher.stdout.strip()))
    assert job.state == "running"
    assert machine_holder() == job.job_id
    stop_job(job.job_id)


def test_a_relative_home_means_the_same_folder_to_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BAKEOFF_HOME", "state")
    job = ended(start_job(replace(SLEEP, module="tests.workers.tell_home"), {}))
    assert job.log().strip() == str(tmp_path / "state")


def test_a_job_that_has_said_its_last_word_runs_until_its_process_is_gone(sleep) -> None:
    job = ready(sleep(seconds=600))
    status = json.loads((job.folder / "status.json").read_text())
    (job.folder / "status.json").write_text(json.dumps({**status, "state": "done"}))
    assert read_job(job.job_id).state == "running"
    os.kill(job.status["pid"], signal.SIGKILL)
    assert ended(job).state == "done"


# --- listing and reading ---------------------------------------------------------------------------------------------


def test_jobs_are_listed_newest_first_and_by_kind(sleep, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ended(sleep())
    monkeypatch.setattr(jobs_manager.time, "strftime", lambda *args: "29990101-000000")
    second = ended(start_job(replace(SLEEP, key="nap"), {}))
    assert [job.job_id for job in list_jobs()] == [second.job_id, first.job_id]
    assert [job.job_id for job in list_jobs(SLEEP)] == [first.job_id]
    assert list_jobs(MEASURE) == []


@pytest.mark.parametrize(
    "job_id",
    ["", "..", "../../etc", "20260101-120000-x-abc/../../..", "/etc", "20260101-120000-sleep-abcdef\n", "20260101"],
)
def test_what_is_no_job_id_is_refused_and_leads_nowhere(home: Path, job_id: str) -> None:
    (home / "jobs").mkdir(parents=True)
    (home / "spec.json").write_text("{}")
    with pytest.raises(BakeoffError, match="There is no job"):
        read_job(job_id)


def test_a_job_that_was_never_there_is_refused() -> None:
    with pytest.raises(BakeoffError) as caught:
        stop_job("20260101-120000-sleep-abcdef")
    assert str(caught.value) == "There is no job '20260101-120000-sleep-abcdef'."


def test_a_kind_that_makes_no_job_id_is_refused_before_anything_starts(home: Path) -> None:
    with pytest.raises(ValueError, match="`kind.key` must be lower-case letters, digits and dashes. Got 'My Job'"):
        start_job(replace(SLEEP, key="My Job"), {})
    assert not (home / "jobs").exists()


def test_half_written_and_garbled_metrics_are_left_out(sleep) -> None:
    job = ended(sleep())
    good = [{"model_name": "a|b\n", "latency_p50_s": 0.1}, {"model_name": "c"}]
    lines = [json.dumps(good[0]), '{"model_name": "ha{"', "[1]", json.dumps(good[1]), '{"model_name": "half']
    (job.folder / "metrics.jsonl").write_text("\n".join(lines))
    assert job.metrics() == good


def test_a_job_without_metrics_or_log_has_none(sleep) -> None:
    job = ended(sleep())
    (job.folder / "log.txt").unlink()
    assert job.metrics() == []
    assert job.log() == ""


def test_the_log_is_given_from_its_end(sleep) -> None:
    job = ended(sleep())
    (job.folder / "log.txt").write_text("beginning" + "." * 100 + "end")
    assert job.log(characters=5) == "..end"


# --- stopping --------------------------------------------------------------------------------------------------------


def test_a_worker_that_listens_stops_says_so_and_has_freed_the_machine(sleep) -> None:
    job = ready(sleep(seconds=600))
    stopped = stop_job(job.job_id)
    assert (stopped.state, stopped.status["message"]) == ("stopped", "Woken up.")
    assert machine_holder() is None


def test_a_deaf_worker_is_killed_with_all_its_children(sleep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_manager, "STOP_GRACE_S", 0.5)
    job = ready(sleep(seconds=600, ignore_term=True, children=3))
    session = job.status["pid"]
    assert wait_until(lambda: len(living_in_session(session)) == 4)
    assert stop_job(job.job_id).state == "stopped"
    assert wait_until(lambda: not living_in_session(session))


def test_a_worker_that_is_still_starting_finds_the_request_to_stop(sleep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_manager, "STOP_GRACE_S", 0.2)
    job = sleep(before=2, seconds=600)
    stop_job(job.job_id)
    assert ended(job).state == "stopped"


def test_a_job_that_was_killed_after_the_request_to_stop_is_stopped_and_not_failed(sleep) -> None:
    job = ready(sleep(seconds=600, ignore_term=True))
    (job.folder / "stop").touch()
    os.kill(job.status["pid"], signal.SIGKILL)
    assert ended(job).state == "stopped"


def test_a_job_that_is_over_stays_as_it_ended_when_stopped(sleep) -> None:
    job = ended(sleep())
    assert stop_job(job.job_id).state == "done"
    assert not (job.folder / "stop").exists()


# --- one at a time ---------------------------------------------------------------------------------------------------


def test_a_second_measuring_job_is_refused_and_told_who_holds_the_machine(sleep, home: Path) -> None:
    job = sleep(seconds=600)
    with pytest.raises(BusyError) as caught:
        sleep()
    assert caught.value.job_id == job.job_id
    assert str(caught.value) == (
        f"Another job ({job.job_id}) is at work on this machine; two at once would spoil both. "
        "Wait for it or stop it first."
    )
    assert len(list_jobs()) == 1


def test_a_job_that_measures_nothing_runs_beside_one_that_does(sleep) -> None:
    holder = sleep(seconds=600)
    assert ended(sleep(exclusive=False)).state == "done"
    assert machine_holder() == holder.job_id


def test_another_state_folder_is_still_the_same_machine(sleep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sleep(seconds=600)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("BAKEOFF_HOME", str(tmp_path / "other"))
        with pytest.raises(BusyError):
            start_job(SLEEP, {})
        assert machine_holder() == first.job_id


def test_the_machine_is_free_again_after_its_worker_was_killed(sleep) -> None:
    job = ready(sleep(seconds=600, children=1))
    os.kill(job.status["pid"], signal.SIGKILL)
    assert wait_until(lambda: machine_holder() is None)
    assert ended(sleep()).state == "done"


def test_someone_who_only_looks_does_not_keep_a_job_from_starting(sleep, tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from bakeoff_core.system.locks import machine_holder\n"
        f"print('looking', flush=True)\nwhile not Path({str(tmp_path / 'enough')!r}).exists(): machine_holder()"
    )
    looker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with looker:
        looker.stdout.readline()
        for _ in range(5):
            assert ended(sleep()).state == "done"
        (tmp_path / "enough").touch()


# --- a full disk -----------------------------------------------------------------------------------------------------


def test_a_job_that_finds_no_space_is_not_started_and_leaves_the_machine_free(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(small_disk))
    fill(small_disk)
    with pytest.raises(NoSpaceError, match="could not be set up in .*, and was not started: No space left on device"):
        start_job(SLEEP, {"models": "x" * 10_000})
    assert machine_holder() is None
    assert list_jobs() == []


def test_a_folder_that_cannot_be_written_is_no_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "a-file"))
    with pytest.raises(BakeoffError, match="could not be set up in .*a-file.*Not a directory") as caught:
        start_job(SLEEP, {})
    assert not isinstance(caught.value, NoSpaceError)


def test_a_stopped_job_goes_on_in_its_folder_under_its_old_id(sleep) -> None:
    job = ready(sleep(seconds=600))
    first = job.status["pid"]
    assert stop_job(job.job_id).state == "stopped"
    again = ready(resume_job(job.job_id))
    assert (again.job_id, again.state) == (job.job_id, "running")
    assert again.status["pid"] != first
    assert machine_holder() == job.job_id
    assert stop_job(job.job_id).state == "stopped"


def test_a_killed_job_can_be_resumed_and_is_not_mistaken_for_stopped(sleep) -> None:
    job = ready(sleep(seconds=600))
    os.killpg(job.status["pid"], signal.SIGKILL)
    assert ended(job).state == "failed"
    resume_job(job.job_id)
    assert "pid" not in read_job(job.job_id).status or read_job(job.job_id).status["pid"] != job.status["pid"]
    assert ready(job).state == "running"
    stop_job(job.job_id)


def test_a_job_at_work_or_done_is_not_resumed(sleep) -> None:
    job = ready(sleep(seconds=600))
    with pytest.raises(BakeoffError, match="is running; only a stopped or failed one can be resumed"):
        resume_job(job.job_id)
    stop_job(job.job_id)
    done = ended(sleep())
    with pytest.raises(BakeoffError, match="is done; only"):
        resume_job(done.job_id)


def test_a_job_is_not_resumed_while_another_has_the_machine(sleep) -> None:
    job = ready(sleep(seconds=600))
    stop_job(job.job_id)
    ready(sleep(seconds=600))
    with pytest.raises(BusyError):
        resume_job(job.job_id)
    assert read_job(job.job_id).state == "stopped"


def test_no_sleeper_is_left_when_its_job_is_stopped(sleep) -> None:
    job = ready(sleep(seconds=600))
    stop_job(job.job_id)
    assert wait_until(lambda: not is_alive(job.status["pid"]))


# --- parts -----------------------------------------------------------------------------------------------------------

OWNER = "tests.workers.owner"


@pytest.fixture
def owner() -> Iterator[Callable[..., Job]]:
    """Start a job of two parts; whatever is left of it at the end is killed."""
    started: list[Job] = []

    def start(**spec: object) -> Job:
        started.append(start_job(replace(SLEEP, key="own", module=OWNER), spec))
        return started[-1]

    yield start
    for job in started:
        if pid := read_job(job.job_id).status.get("pid"):
            for process in living_in_session(pid):
                process.kill()


def first_part(job: Job) -> Job:
    assert wait_until(lambda: list_parts(job.job_id) and list_parts(job.job_id)[0].status.get("ready")), job.log()
    return list_parts(job.job_id)[0]


def test_a_job_does_its_parts_one_after_the_other_and_each_is_a_job_of_its_own(owner) -> None:
    job = ended(owner(seconds=0.1))
    assert job.state == "done", job.log()
    parts = list_parts(job.job_id)
    assert [(part.state, part.owner, part.spec["seconds"]) for part in parts] == [("done", job.job_id, 0.1)] * 2
    assert {part.job_id for part in parts} == {part.job_id for part in list_jobs(SLEEP)}
    assert read_job(job.job_id).owner is None
    (job.folder / "log.txt").write_text("said by the owner")
    assert parts[0].log() == "said by the owner"
    assert job.status["heard"] == [None, "Asleep", "Slept well."] * 2


def test_a_part_at_work_is_running_and_the_next_is_not_there_yet(owner) -> None:
    job = owner(seconds=600)
    part = first_part(job)
    assert part.state == "running"
    assert len(list_parts(job.job_id)) == 1
    with pytest.raises(BakeoffError, match="is running; only"):
        resume_job(part.job_id)
    assert stop_job(job.job_id).status["message"] == "Woken up too."
    assert (read_job(part.job_id).state, read_job(part.job_id).status["message"]) == ("stopped", "Woken up.")


def test_stopping_a_part_stops_its_owner(owner) -> None:
    job = owner(seconds=600)
    assert stop_job(first_part(job).job_id).state == "stopped"
    assert ended(job).state == "stopped"


def test_a_part_whose_owner_was_killed_has_failed_and_is_resumed_with_it_or_alone(owner) -> None:
    job = owner(seconds=600)
    part = first_part(job)
    os.kill(part.status["pid"], signal.SIGKILL)
    assert ended(part).state == "failed"
    assert ended(job).state == "failed"
    alone = ready(resume_job(part.job_id))
    assert (alone.state, alone.owner) == ("running", job.job_id)
    assert alone.status["pid"] != part.status["pid"]
    stop_job(part.job_id)
    resume_job(job.job_id)
    assert wait_until(lambda: read_job(part.job_id).state == "running")
    assert len(list_parts(job.job_id)) == 1


@pytest.mark.parametrize("asked", ["owner", "part"])
def test_an_owner_and_its_part_that_do_not_answer_are_both_stopped_whichever_is_asked(owner, asked: str) -> None:
    job = owner(seconds=600)
    part = first_part(job)
    os.kill(part.status["pid"], signal.SIGSTOP)  # deaf, so that neither says a last word of its own
    stop_job(job.job_id if asked == "owner" else part.job_id)
    assert (ended(job).state, ended(part).state) == ("stopped", "stopped")


def test_a_part_killed_long_after_its_owner_was_stopped_has_failed(owner) -> None:
    job = owner(seconds=600)
    part = first_part(job)
    stop_job(job.job_id)
    alone = ready(resume_job(part.job_id))
    os.kill(alone.status["pid"], signal.SIGKILL)
    assert ended(part).state == "failed"


def test_a_part_that_another_process_works_on_is_refused(owner) -> None:
    job = owner(seconds=600)
    first_part(job)
    with (
        pytest.raises(BakeoffError, match="is at work already"),
        jobs_parts.hold_part(job.job_id, 1, SLEEP, {}),
    ):
        pass


def test_an_owner_that_is_no_job_id_is_none(owner) -> None:
    part = list_parts(ended(owner(seconds=0)).job_id)[0]
    request = json.loads((part.folder / "spec.json").read_text())
    (part.folder / "spec.json").write_text(json.dumps({**request, "owner": "../../etc"}))
    assert read_job(part.job_id).owner is None


def test_what_is_no_owner_has_no_parts() -> None:
    assert list_parts("../..") == []
    assert list_parts("20260101-120000-own-abcdef") == []


def test_jobs_that_start_within_one_second_are_listed_in_their_order(sleep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_manager.time, "strftime", lambda *args: "29990101-000000")
    started = [sleep(exclusive=False) for _ in range(4)]
    started.append(start_job(replace(SLEEP, key="a-nap", exclusive=False), {}))
    assert [job.job_id for job in list_jobs()] == [job.job_id for job in reversed(started)]
    for job in started:
        stop_job(job.job_id)
