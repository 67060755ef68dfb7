"""The worker's side of a job: what it says of itself, the signal to stop as an exception, and how it ends.

Not covered: the look from outside (`jobs.manager`), and what a worker does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bakeoff_core.errors import BakeoffError, ImageFileError, reason_of
from bakeoff_core.formatting import path_text
from bakeoff_core.jobs.records import FORMAT_VERSION, GO_ON
from bakeoff_core.system.files import (
    is_disk_full,
    parse_object,
    read_json,
    read_text,
    to_user_error,
    utc_now,
    write_json,
    write_text,
)

NICENESS = 10
"""Of workers that nobody waits for at every moment: the page, and whatever else the machine does, comes first."""
RESERVE_BYTES = 64 * 1024
"""Disk kept back while a job runs, so that even on a full disk its last word can be written."""


class Reporter:
    """The worker's side: writes status and metrics, and turns the signal to stop into `StopRequested`.

    The signal only reaches a worker that has said its process id. One that was asked earlier, while it was starting,
    finds the request by `stop_requested`, and should look there before it sets to work. Not safe for use from several
    threads. A worker may have several of them, for a job and its parts: the signal means the process, so whatever is
    at work when it comes gets the exception, and passes it on once it has said its last word.
    """

    def __init__(
        self, folder: Path, listener: Callable[[dict[str, Any]], None] | None = None, *, leads: bool = True
    ) -> None:
        """Begin to report for the job in `folder`: its state becomes `running`.

        Args:
            folder: The job's.
            listener: Told the whole status after each report; an owner follows its part by it.
            leads: Whether this process speaks for the job. Of several that share the work, one does; the others only
                listen for the signal to stop.
        """
        self.folder, self._listener = folder, listener
        self.leads = leads
        """Whether this process speaks for the job."""
        self.earlier_seconds = read_json(folder / "status.json").get("seconds") or 0.0
        """Seconds that workers before this one have worked on the job."""
        self._status: dict[str, Any] = {
            "format": FORMAT_VERSION,
            "state": "running",
            "pid": os.getpid(),
            "started_at": utc_now(),
        }
        self._reserve = folder / "reserve"
        if leads:
            with contextlib.suppress(OSError):
                self._reserve.write_bytes(os.urandom(RESERVE_BYTES))
        signal.signal(signal.SIGTERM, _raise_stop)
        self.report()

    def finish(self, state: str, message: str) -> None:
        """Write the last status: `done`, `failed` or `stopped`, and why in a sentence."""
        self.report(state=state, message=message, current=None, time_left_s=0)
        if not self.leads:
            return
        self._reserve.unlink(missing_ok=True)

    @property
    def spec(self) -> dict[str, Any]:
        """What the job was asked to do."""
        return read_json(self.folder / "spec.json")["spec"]

    def report(self, **fields: Any) -> None:
        """Replace fields of the status and write it whole.

        Raises:
            NoSpaceError: The disk is full.
        """
        self._status.update(fields, updated_at=utc_now())
        if not self.leads:
            return
        path = self.folder / "status.json"
        try:
            try:
                write_json(path, self._status)
            except OSError:
                self._reserve.unlink(missing_ok=True)
                write_json(path, self._status)
        except OSError as err:
            raise to_user_error(err, "The job's status could not be written") from err
        if self._listener:
            self._listener(self._status)

    def metric(self, **fields: Any) -> None:
        """Append one line of measurements.

        Raises:
            NoSpaceError: The disk is full.
        """
        if not self.leads:
            return
        try:
            with (self.folder / "metrics.jsonl").open("a") as handle:
                handle.write(json.dumps(fields) + "\n")
        except OSError as err:
            raise to_user_error(err, "The job's measurements could not be noted") from err

    def keep_metrics(self, is_kept: Callable[[dict[str, Any]], bool]) -> None:
        """Drop the measurements that a resumed job is about to make again.

        Raises:
            NoSpaceError: The disk is full.
        """
        if not self.leads:
            return
        path = self.folder / "metrics.jsonl"
        lines = read_text(path).split("\n")[:-1]
        kept = "".join(f"{line}\n" for line in lines if (metric := parse_object(line)) and is_kept(metric))
        try:
            write_text(path, kept)
        except OSError as err:
            raise to_user_error(err, "The job's measurements could not be rewritten") from err

    def stop_requested(self) -> bool:
        """Tell whether somebody asked the job to stop."""
        return (self.folder / "stop").exists()

    def go_on_requested(self) -> bool:
        """Tell whether somebody asked the job to wait for nothing any more; see `jobs.manager.go_on`."""
        return (self.folder / GO_ON).exists()


class StopRequested(BaseException):
    """Raised in a worker when it is asked to stop; not an `Exception`, so that no handler of errors eats it."""


def run_worker(folder: str | Path, work: Callable[[Reporter], str], stopped: str) -> int:
    """Do the job in `folder` to its end, and report how it ended, whatever happens: the whole of most workers' `main`.

    Args:
        folder: The job's.
        work: Does it, and returns the last word.
        stopped: The last word if the job is stopped.

    Returns:
        The exit code of the process: 0 where the work came to its end.
    """
    reporter = Reporter(Path(folder))
    return 0 if run_to_end(reporter, lambda: work(reporter), stopped) == "done" else 1


def run_to_end(reporter: Reporter, work: Callable[[], str], stopped: str) -> str:
    """Do a job's work, and report how it ended, whatever happens.

    Args:
        reporter: The job's.
        work: Returns the last word.
        stopped: The last word if the job is stopped.

    Returns:
        `done`, `failed` or `stopped`.
    """
    try:
        if reporter.leads and reporter.stop_requested():  # asked while this process was still starting, and deaf
            raise StopRequested
        message = work()
    except StopRequested:
        state, message = "stopped", stopped
        if "LOCAL_RANK" in os.environ and not reporter.stop_requested():  # the launcher's signal, not the user's wish
            state, message = "failed", "Another of the run's processes failed; the log says why. Resume goes on."
    except Exception as err:
        log(traceback.format_exc())
        state, message = "failed", describe_error(err)
    else:
        state = "done"
    reporter.finish(state, message)
    return state


def describe_error(err: Exception) -> str:
    """Word an error for whoever started the job: ours as they are, the libraries' where they have known causes."""
    if isinstance(err, ImageFileError):  # from a decoder, with its traceback in the words
        return f"An image can't be read any more: {str(err).strip().splitlines()[-1]}"
    if isinstance(err, BakeoffError):
        return str(err)
    # PyTorch's is known by its name: whoever asks has not always loaded PyTorch.
    is_out_of_memory = isinstance(err, MemoryError) or type(err).__name__ == "OutOfMemoryError"
    if is_out_of_memory or "can't allocate memory" in str(err):
        return "There is not enough memory. Use a smaller batch, smaller images or a smaller model, and resume."
    if is_disk_full(err):
        return "The disk is full. Free some space and resume; at most a minute of training is lost."
    if "DataLoader worker" in str(err):
        return "A process that decodes images was killed, most likely because memory ran out. Free some, and resume."
    if isinstance(err, OSError) and err.errno is not None:
        where = f" ({path_text(Path(str(err.filename)))})" if err.filename else ""
        return f"The job could not go on: {err.strerror}{where}. Mend that and resume."
    return f"{type(err).__name__}: {err}" if str(err).strip() else f"{reason_of(err)}. The job's log says more."


def log(text: str) -> None:
    """Print to the job's log. A full disk, which takes no log, must not keep the status from saying so."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def yield_to_others() -> None:
    """Let every other program go first (`NICENESS`), however often it is called."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS - os.nice(0))


def process_start() -> float:
    """Return when this process was started, on `time.monotonic`'s clock."""
    return time.monotonic() - (time.time() - psutil.Process().create_time())


def follow_launcher() -> None:
    """End this process when the launcher that started it is gone, so that a killed job leaves nothing running."""
    launcher = os.getppid()

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="follow the launcher").start()


def _raise_stop(signum: int, frame: object) -> None:
    raise StopRequested
