"""Start, watch, stop and resume a worker process.

One folder a job: `spec.json` (written once, by the launcher), `status.json` and `metrics.jsonl` (written by the
worker alone, whole file or whole line), `log.txt`, `leader` (the worker's process id, from the launcher), and `stop`,
an empty file that records the wish to stop. The worker holds a lock on `lock` from before it starts until it is gone,
however it goes: a job that says "running" without the lock has failed, and is shown so. A process id alone would lie:
it outlives a killed child that nobody reaped, and is given out again.

One job at a time measures or trains on a machine, whatever folder its state lives in (see `system.locks`).

A job may have parts: jobs of their own, with folders of their own, that its worker does one after the other in its own
process. A part is read, stopped and resumed as any job; stopping one that is at work stops its owner too, since they
are one process.

Workers do not die with the server. Works on Linux and macOS, on a local disk (flock). Not covered: what a worker does,
and how it reports (see `jobs.worker`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bakeoff_core.errors import BakeoffError
from bakeoff_core.system.files import FORMAT_VERSION, mendable, parse_object, read_json, read_text, write_json
from bakeoff_core.system.locks import is_locked, machine_lock, take_lock, try_lock, wait_until
from bakeoff_core.system.paths import home, jobs_path

STOP_GRACE_S = 4.0
"""Seconds a worker gets to stop by itself before it is killed."""
ACTIVE = ("starting", "running")
LEADER = "leader"
"""File with the process id of the worker's first process, from the launcher: a worker that is still loading its
libraries has not said it yet."""

_JOB_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9-]+")
_STAMP = len("20260101-120000")
"""Length of the time that a job's id begins with."""


@dataclass(frozen=True)
class Job:
    """What can be seen of a job from outside."""

    job_id: str
    """Sortable by time of start."""
    folder: Path
    """Where its files are."""
    kind: str
    """What it does, e.g. `measure`."""
    spec: dict[str, Any]
    """What it was asked to do."""
    state: str
    """`starting`, `running`, `done`, `failed` or `stopped`: the truth, not what the worker last wrote."""
    status: dict[str, Any]
    """The worker's last report: `done`, `total`, `current`, `time_left_s`, `message`, `failures`, …"""
    owner: str | None = None
    """The job that this one is a part of; `None` for one that stands alone."""

    @property
    def active(self) -> bool:
        """Whether a process is at work on it."""
        return self.state in ACTIVE

    def log(self, characters: int = 20_000) -> str:
        """Return the end of what the worker printed; a part's worker prints to its owner's log."""
        own = read_text(self.folder / "log.txt")
        return (own or (read_text(self.folder.parent / self.owner / "log.txt") if self.owner else ""))[-characters:]

    def metrics(self) -> list[dict[str, Any]]:
        """Return the worker's measurements so far, one dictionary a line; half-written lines are left out."""
        lines = read_text(self.folder / "metrics.jsonl").split("\n")[:-1]
        return [metric for line in lines if (metric := parse_object(line))]


def start_job(
    kind: str,
    module: str,
    spec: dict[str, Any],
    *,
    exclusive: bool = True,
    processes: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Start `python -m module FOLDER` as a process of its own session.

    Args:
        kind: What the job does; part of its id, so lower-case letters and dashes.
        module: The worker.
        spec: What to do; must be JSON.
        exclusive: Take the machine's measuring lock for the worker.
        processes: Processes of the worker, started together by PyTorch's launcher where there are several.
        environment: Variables that the worker gets beside those of this process.

    Returns:
        The job, as it is at once after the start.

    Raises:
        BusyError: `exclusive`, and another job measures on this machine.
        NoSpaceError: The disk is full.
        BakeoffError: The folder of the jobs, or the lock file, can't be written to.
        ValueError: `kind` holds other characters.
    """
    job_id = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{kind}-{secrets.token_hex(3)}"
    if not _JOB_ID.fullmatch(job_id):
        raise ValueError(f"`kind` must be lower-case letters, digits and dashes. Got {kind!r}.")
    folder = jobs_path() / job_id
    with contextlib.ExitStack() as stack:
        try:
            held = [stack.enter_context(machine_lock(job_id))] if exclusive else []
            folder.mkdir(parents=True)
            lock = take_lock(stack, folder / "lock")
            # Last, since this file makes the job visible: without its lock it would look like a failed one.
            request = _request(kind, module, spec, exclusive, processes=processes, environment=environment)
            write_json(folder / "spec.json", request)
        except OSError as err:
            raise mendable(err, f"The job could not be set up in {jobs_path()}, and was not started") from err
        _launch(folder, request, [*held, lock])
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
    if "module" not in request:
        raise BakeoffError(f"Job {job_id} can't be resumed: it does not say what it ran.")
    with contextlib.ExitStack() as stack:
        try:
            held = [stack.enter_context(machine_lock(job_id))] if request.get("exclusive", True) else []
            lock = take_lock(stack, job.folder / "lock")
            # Nobody is at work, so this is ours to write: the last worker's process id may be somebody else's by now.
            write_json(job.folder / "status.json", _begun_again(job.folder))
            (job.folder / "stop").unlink(missing_ok=True)
            (job.folder / LEADER).unlink(missing_ok=True)
        except BlockingIOError as err:
            raise BakeoffError(f"Job {job_id} is already being resumed.") from err
        except OSError as err:
            raise mendable(err, f"The job {job_id} could not be resumed") from err
        _launch(job.folder, request, [*held, lock])
    return read_job(job_id)


@contextlib.contextmanager
def hold_part(
    owner: str,
    number: int,
    kind: str,
    module: str,
    spec: dict[str, Any],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Path]:
    """Set up a part of a job, or take it up again, for the caller to work on; called by the owner's worker.

    The part is at work while the context lasts, and as long as this process lives: its lock is held here. What it
    says of itself is the caller's to write, with a `Reporter` on its folder.

    Args:
        owner: Id of the job it is a part of, which holds the machine.
        number: Which part, from 1; the same number means the same part, whose first spec stays.
        kind: What the part does.
        module: The worker that can resume it alone.
        spec: What to do; must be JSON.
        environment: What the worker gets that resumes it alone; see `start_job`.

    Yields:
        The part's folder, whose name is its id.

    Raises:
        BakeoffError: Another process works on it, or its folder can't be written to.
        NoSpaceError: The disk is full.
    """
    folder = jobs_path() / f"{owner[:_STAMP]}-{kind}-{owner.rpartition('-')[2]}-{number}"
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = take_lock(stack, folder / "lock")
            stack.callback(fcntl.flock, lock, fcntl.LOCK_UN)  # a child that inherited the open file must not keep it
            write_json(folder / "status.json", _begun_again(folder))
            (folder / "stop").unlink(missing_ok=True)
            if not (folder / "spec.json").is_file():
                request = _request(kind, module, spec, True, owner, environment=environment)
                write_json(folder / "spec.json", request)
        except BlockingIOError as err:
            raise BakeoffError(f"Job {folder.name} is at work already.") from err
        except OSError as err:
            raise mendable(err, f"A part of the job could not be set up in {jobs_path()}") from err
        yield folder


def _begun_again(folder: Path) -> dict[str, Any]:
    """The status of a job whose worker is about to start; the seconds it has worked before go on."""
    return {"format": FORMAT_VERSION, "state": "starting", "seconds": read_json(folder / "status.json").get("seconds")}


def hold_if_free(folder: Path) -> IO[str]:
    """Take a job's lock where nobody holds it, for as long as the file returned is open or the process lives.

    Whoever starts a worker by hand wants it to work, so an earlier wish to stop no longer counts then. A worker that
    `start_job` started has inherited the lock, and nothing changes for it.
    """
    handle = (folder / "lock").open("a")
    if try_lock(handle):
        (folder / "stop").unlink(missing_ok=True)
    return handle


def list_parts(owner: str) -> list[Job]:
    """Return the parts of a job that have been begun, in order."""
    pattern = f"{owner[:_STAMP]}-*-{owner.rpartition('-')[2]}-*/spec.json"
    names = sorted(path.parent.name for path in jobs_path().glob(pattern)) if _JOB_ID.fullmatch(owner) else []
    parts = [read_job(name) for name in names if _JOB_ID.fullmatch(name)]
    return [part for part in parts if part.owner == owner]


def _request(
    kind: str,
    module: str,
    spec: dict[str, Any],
    exclusive: bool,
    owner: str | None = None,
    processes: int = 1,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What `spec.json` holds."""
    request = {
        "format": FORMAT_VERSION,
        "kind": kind,
        "module": module,
        "exclusive": exclusive,
        "processes": processes,
        "environment": dict(environment or {}),
        "spec": spec,
    }
    return request | ({"owner": owner} if owner else {})


def _launch(folder: Path, request: dict[str, Any], locks: list[IO[str]]) -> None:
    """Start the worker. The locks live in the open files, which it inherits; closing ours leaves them held."""
    processes = request.get("processes", 1)
    launcher = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "--module"]
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(launcher if processes > 1 else ()), request["module"], str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parents[2],
            # A relative home would mean another folder over there.
            env={**os.environ, **request.get("environment", {}), "BAKEOFF_HOME": str(home())},
            pass_fds=[handle.fileno() for handle in locks],
            start_new_session=True,
        )
    with contextlib.suppress(OSError):  # a full disk; the worker will say its own process id, or fail
        (folder / LEADER).write_text(str(process.pid))
    threading.Thread(target=process.wait, daemon=True, name=f"reap {folder.name}").start()


def read_job(job_id: str) -> Job:
    """Return the job as it is now.

    Raises:
        BakeoffError: There is no such job.
    """
    folder = jobs_path() / job_id
    if not _JOB_ID.fullmatch(job_id) or not (folder / "spec.json").is_file():
        raise BakeoffError(f"There is no job {job_id!r}.")
    # The lock is looked at before the status: a worker that ends in between has written its last state by then.
    alive = is_locked(folder / "lock")
    request = read_json(folder / "spec.json")
    status = read_json(folder / "status.json")
    state, owner = status.get("state", "starting"), request.get("owner")
    if not (isinstance(owner, str) and _JOB_ID.fullmatch(owner)):
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


def list_jobs(kind: str | None = None) -> list[Job]:
    """Return every job, the newest first.

    Args:
        kind: Only jobs of this kind; `None` for all.
    """
    folders = sorted(jobs_path().glob("*/spec.json"), reverse=True) if jobs_path().is_dir() else []
    names = [path.parent.name for path in folders if _JOB_ID.fullmatch(path.parent.name)]
    jobs = [read_job(name) for name in names if kind is None or f"-{kind}-" in name]
    return [job for job in jobs if kind is None or job.kind == kind]


def active_jobs() -> list[Job]:
    """Return every job that is at work, the newest first. Only locks are looked at, so it is quick with many jobs."""
    locks = sorted(jobs_path().glob("*/lock"), reverse=True) if jobs_path().is_dir() else []
    held = [path.parent.name for path in locks if _JOB_ID.fullmatch(path.parent.name) and is_locked(path)]
    return [job for name in held if (jobs_path() / name / "spec.json").is_file() and (job := read_job(name)).active]


def watched_jobs() -> list[Job]:
    """Return the jobs at work, but for parts whose owner is: those are watched with it."""
    active = active_jobs()
    ids = {job.job_id for job in active}
    return [job for job in active if job.owner not in ids]


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
    for send, sign in ((os.kill, signal.SIGTERM), (os.killpg, signal.SIGKILL), (os.killpg, signal.SIGKILL)):
        job = read_job(job_id)
        leader = _leader(job.folder)
        # Only while the lock is held are the process ids surely the worker's; its leader leads a group of its own.
        if job.active and "pid" in job.status:
            _send(send, job.status["pid"], sign)
            if sign == signal.SIGKILL:
                _send(os.kill, job.status["pid"], sign)  # of several processes, one under a launcher leads no group
        if job.active and leader is not None and ("pid" not in job.status or sign == signal.SIGKILL):
            _send(os.killpg, leader, signal.SIGKILL)
        if wait_until(lambda: not read_job(job_id).active, STOP_GRACE_S):
            break
    return read_job(job_id)


def _leader(folder: Path) -> int | None:
    """The process id that the launcher noted; `None` where it has not yet."""
    text = read_text(folder / LEADER).strip()
    return int(text) if text.isdecimal() else None


def _send(how: Any, pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(pid, sign)
