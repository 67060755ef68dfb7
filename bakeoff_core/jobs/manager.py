"""Start, watch, stop and resume the worker of a job.

One folder a job: `spec.json` (written once, by the launcher), `status.json` and `metrics.jsonl` (written by the
worker alone, whole file or whole line), `log.txt`, and `stop` and `go-on`, empty files
that record the wish to stop, and to wait for nothing any more. The worker
holds a lock on `lock` from before it starts until it is gone, however it goes: a job that says "running" without the
lock has failed, and is shown so.

One job at a time measures or trains on a machine, whatever folder its state lives in (see `system.locks`). A job may
have parts (`jobs.parts`). Workers do not die with the server. Not covered: what a worker does, how it reports (see
`jobs.worker`), and how its processes are started and ended (`jobs.launchers`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.jobs.kinds import KINDS, TIMING, JobKind
from bakeoff_core.jobs.launchers.base import Launcher, WorkerCommand
from bakeoff_core.jobs.launchers.local import LEADER, LocalLauncher
from bakeoff_core.jobs.records import ACTIVE, GO_ON, JOB_ID, TIME_CHARS, Job, first_status, make_request, start_of
from bakeoff_core.system.files import looking_at, read_json, require_folder, to_user_error, write_json
from bakeoff_core.system.locks import machine_holder, machine_lock, take_lock, try_lock, wait_until
from bakeoff_core.system.paths import jobs_path

STOP_GRACE_S = 4.0
"""Seconds a worker gets to stop by itself before it is killed."""
Read = TypeVar("Read")

LAUNCHER: Launcher = LocalLauncher()
"""What starts and ends the workers."""


def start_job(kind: JobKind, spec: Mapping[str, Any], *, processes: int = 1) -> Job:
    """Start the worker of a kind as a process of its own session.

    Args:
        kind: What the job does, which module does it, and what it holds meanwhile.
        spec: What to do; must be JSON.
        processes: Processes of the worker, started together by PyTorch's launcher where there are several.

    Returns:
        The job, as it is at once after the start.

    Raises:
        BusyError: The kind is exclusive, and another job measures on this machine.
        NoSpaceError: The disk is full.
        BakeoffError: The folder of the jobs, or the lock file, can't be written to.
        ValueError: The kind's key holds other characters than it may.
    """
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    # Microseconds first, so that jobs of one second are in order as well; then what no other process draws.
    suffix = f"{nanoseconds // 1000:05x}{secrets.token_hex(2)}"
    job_id = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(seconds))}-{kind.key}-{suffix}"
    if not JOB_ID.fullmatch(job_id):
        raise ValueError(f"`kind.key` must be lower-case letters, digits and dashes. Got {kind.key!r}.")
    folder = jobs_path() / job_id
    with contextlib.ExitStack() as stack:
        try:
            held = [stack.enter_context(machine_lock(job_id))] if kind.exclusive else []
            folder.mkdir(parents=True)
            lock = take_lock(stack, folder / "lock")
            # Last, since this file makes the job visible: without its lock it would look like a failed one.
            write_json(folder / "spec.json", make_request(kind, spec, processes=processes))
        except OSError as err:
            raise to_user_error(err, f"The job could not be set up in {jobs_path()}, and was not started") from err
        LAUNCHER.launch(folder, WorkerCommand(kind.module, processes, kind.environment), [*held, lock])
    return read_job(job_id)


def resume_job(job_id: str) -> Job:
    """Start the worker of a job that was stopped or failed once more, in the same folder; it goes on where it can.

    Returns:
        The job, as it is at once after the start.

    Raises:
        BakeoffError: There is no such job, it is at work or done, or its folder can't be written to.
        BusyError: It needs the machine for itself, and another job has it.
    """
    job = read_job(job_id)
    if job.active or job.state == "done":
        raise BakeoffError(f"Job {job_id} is {job.state}; only a stopped or failed one can be resumed.")
    request = read_json(job.folder / "spec.json")
    command = _command_of(request)
    if command is None:
        raise BakeoffError(f"Job {job_id} can't be resumed: it does not say what it ran.")
    with contextlib.ExitStack() as stack:
        try:
            held = [stack.enter_context(machine_lock(job_id))] if request.get("exclusive", True) else []
            lock = take_lock(stack, job.folder / "lock")
            # Nobody is at work, so this is ours to write: the last worker's process id may be somebody else's by now.
            write_json(job.folder / "status.json", first_status(job.folder))
            (job.folder / "stop").unlink(missing_ok=True)
            (job.folder / GO_ON).unlink(missing_ok=True)
            (job.folder / LEADER).unlink(missing_ok=True)
        except BlockingIOError as err:
            raise BakeoffError(f"Job {job_id} is already being resumed.") from err
        except OSError as err:
            raise to_user_error(err, f"The job {job_id} could not be resumed") from err
        LAUNCHER.launch(job.folder, command, [*held, lock])
    return read_job(job_id)


def _command_of(request: Mapping[str, Any]) -> WorkerCommand | None:
    """What does the job of a `spec.json`, `None` where nothing says it.

    A known kind is done by its module of today, whatever it was called in the version that started the job.
    """
    kind = KINDS.get(request.get("kind", ""))
    module = kind.module if kind else request.get("module")
    environment = kind.environment if kind else request.get("environment", {})
    return WorkerCommand(module, request.get("processes", 1), environment) if module else None


def hold_if_free(folder: Path) -> IO[str]:
    """Take a job's lock where nobody holds it, for as long as the file returned is open or the process lives.

    Whoever starts a worker by hand wants it to work, so an earlier wish to stop no longer counts then. A worker that
    `start_job` started has inherited the lock, and nothing changes for it.
    """
    handle = (folder / "lock").open("a")
    if try_lock(handle):
        (folder / "stop").unlink(missing_ok=True)
    return handle


def read_job(job_id: str) -> Job:
    """Return the job as it is now.

    Raises:
        BakeoffError: There is no such job.
    """
    folder = jobs_path() / job_id
    with looking_at(folder):
        if not JOB_ID.fullmatch(job_id) or not (folder / "spec.json").is_file():
            raise BakeoffError(f"There is no job {job_id!r}.")
    # The lock is looked at before the status: a worker that ends in between has written its last state by then.
    alive = LAUNCHER.is_alive(folder)
    request = read_json(folder / "spec.json")
    status = read_json(folder / "status.json")
    state, owner = status.get("state", "starting"), request.get("owner")
    if not (isinstance(owner, str) and JOB_ID.fullmatch(owner)):
        owner = None
    if alive and state not in ACTIVE:
        state = "running"  # it has said its last word and holds the machine until it is gone
    elif not alive and state in ACTIVE:
        state = "stopped" if (folder / "stop").exists() else "failed"
        if state == "failed":
            status["message"] = (
                "The worker process ended without a word: it was killed, or the machine went down. The system kills "
                "what takes more memory than there is: if that may be, use smaller batches, images or models."
            )
    return Job(job_id, folder, request.get("kind", "unknown"), request.get("spec", {}), state, status, owner)


def list_jobs(kind: JobKind | None = None) -> list[Job]:
    """Return every job, the newest first.

    Args:
        kind: Only jobs of this kind; `None` for all.
    """
    jobs = [read_job(name) for name in _names_with("spec.json") if kind is None or f"-{kind.key}-" in name]
    return [job for job in jobs if kind is None or job.kind == kind.key]


def _names_with(file: str) -> list[str]:
    """The ids of the jobs that have a file, the newest first."""
    require_folder(jobs_path())
    paths = jobs_path().glob(f"*/{file}")
    return sorted(
        (path.parent.name for path in paths if JOB_ID.fullmatch(path.parent.name)), key=start_of, reverse=True
    )


def read_understood(job_id: str, of: Collection[JobKind], read: Callable[[Job], Read], what: str) -> Read:
    """Return one job as what is wanted of it.

    Args:
        job_id: The job.
        of: The kinds that it may be of.
        read: As for `list_understood`.
        what: What such a job is called: `"ranking"`.

    Raises:
        BakeoffError: There is no such job, it is of another kind, or only another version understands it.
    """
    job = read_job(job_id)
    if job.kind not in {kind.key for kind in of}:
        raise BakeoffError(f"Job {job_id} is no {what}.")
    try:
        return read(job)
    except (ValueError, TypeError) as err:
        raise BakeoffError(f"{what.capitalize()} {job_id} asks for what this version does not know: {err}") from err


def list_understood(kind: JobKind, read: Callable[[Job], Read]) -> Iterator[Read]:
    """Yield the jobs of a kind, the newest first, without those whose request only another version understands.

    Args:
        kind: Which jobs.
        read: Makes of a job what is wanted of it; raises `ValueError` or `TypeError` for a request it does not know.
    """
    for job in list_jobs(kind):
        with contextlib.suppress(ValueError, TypeError):
            yield read(job)


def active_jobs() -> list[Job]:
    """Return every job that is at work, the newest first. Only locks are looked at, so it is quick with many jobs."""
    held = [name for name in _names_with("lock") if LAUNCHER.is_alive(jobs_path() / name)]
    return [job for name in held if (jobs_path() / name / "spec.json").is_file() and (job := read_job(name)).active]


def watched_jobs() -> list[Job]:
    """Return the jobs at work, but for parts whose owner is: those are watched with it."""
    active = active_jobs()
    ids = {job.job_id for job in active}
    return [job for job in active if job.owner not in ids]


def is_held_elsewhere() -> bool:
    """Return whether a job of another state folder is at work on this machine: it is in none of this folder's lists."""
    holder = machine_holder()
    return holder is not None and JOB_ID.fullmatch(holder) is not None and not (jobs_path() / holder).is_dir()


def list_parts(owner: str) -> list[Job]:
    """Return the parts of a job that have been begun, in order."""
    pattern = f"{owner[:TIME_CHARS]}-*-{owner.rpartition('-')[2]}-*/spec.json"
    names = sorted(path.parent.name for path in jobs_path().glob(pattern)) if JOB_ID.fullmatch(owner) else []
    parts = [read_job(name) for name in names if JOB_ID.fullmatch(name)]
    return [part for part in parts if part.owner == owner]


def files_stamp(kind: JobKind, *names: str) -> int:
    """Return a number that changes when files of jobs of a kind have changed; 0 where no job has them all.

    It opens none of them, so that a page can ask at every step of a slider.
    """
    seen = []
    try:
        folders = sorted(name for name in os.listdir(jobs_path()) if f"-{kind.key}-" in name)  # noqa: PTH208, several times quicker
    except OSError:
        return 0
    for folder in folders:
        try:
            times = [(jobs_path() / folder / name).stat().st_mtime_ns for name in names]
        except OSError:
            continue
        seen.append((folder, *times))
    return hash(tuple(seen)) if seen else 0


def stop_job(job_id: str) -> Job:
    """Stop a job and every process of it; returns when it is gone, at most a few seconds later.

    The worker is asked first, so that it can save and say so, and killed if it does not answer. One that is still
    starting has nothing to save yet and is killed at once. A part that is at work takes its owner with it: one process
    does both.
    """
    job = read_job(job_id)
    if not job.active:
        return job
    # One process does an owner and its part, so what stops the one stops the other; each says so of itself.
    for name in {job_id, job.owner or job_id, *(part.job_id for part in list_parts(job_id))}:
        if name == job_id or read_job(name).active:
            (jobs_path() / name / "stop").touch()
    for end in (LAUNCHER.ask_to_stop, LAUNCHER.kill, LAUNCHER.kill):
        job = read_job(job_id)
        if job.active:  # only while the lock is held is the process id surely the worker's
            end(job.folder, job.status.get("pid"))
        if wait_until(lambda: not read_job(job_id).active, STOP_GRACE_S):
            break
    return read_job(job_id)


def go_on(job_id: str) -> None:
    """Ask a job that waits for something to wait no longer; it hears it within a second.

    Raises:
        BakeoffError: There is no such job, or its folder can't be written to.
    """
    job = read_job(job_id)
    try:
        (job.folder / GO_ON).touch()
    except OSError as err:
        raise to_user_error(err, f"The job {job_id} could not be told") from err


def refuse_beside_measuring(what: str) -> None:
    """Raise `BusyError` while the machine measures, which other work would spoil.

    Args:
        what: The other work, as the subject of a sentence.
    """
    holder = machine_holder()
    if holder and any(f"-{kind.key}-" in holder for kind in TIMING):
        raise BusyError(
            f"Another job ({holder}) is measuring on this machine, and {what[0].lower()}{what[1:]} would spoil its "
            "timings. Wait for it or stop it first.",
            holder,
        )


def stop_what_gives_way() -> None:
    """Stop the jobs that would spoil a measurement and can be done any time (`JobKind.gives_way`).

    Called after a measurement has begun: from then on no new one begins.
    """
    for job in active_jobs():
        if (kind := KINDS.get(job.kind)) and kind.gives_way:
            stop_job(job.job_id)
