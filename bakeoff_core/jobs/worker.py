"""The worker's side of a job: writes its status and its measurements, and turns the signal to stop into an exception.

Not covered: the look from outside (see `jobs.manager`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bakeoff_core.errors import BakeoffError
from bakeoff_core.system.files import (
    FORMAT_VERSION,
    mendable,
    now,
    parse_object,
    read_json,
    read_text,
    write_json,
    write_text,
)

RESERVE_BYTES = 64 * 1024
"""Disk kept back while a job runs, so that even on a full disk its last word can be written."""


class Reporter:
    """The worker's side: writes status and metrics, and turns the signal to stop into `StopRequested`.

    The signal only reaches a worker that has said its process id. One that was asked earlier, while it was starting,
    finds the request by `stop_wanted`, and should look there before it sets to work. Not safe for use from several
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
        self._folder, self._listener = folder, listener
        self.leads = leads
        """Whether this process speaks for the job."""
        self.earlier_seconds = read_json(folder / "status.json").get("seconds") or 0.0
        """Seconds that workers before this one have worked on the job."""
        self._status: dict[str, Any] = {
            "format": FORMAT_VERSION,
            "state": "running",
            "pid": os.getpid(),
            "started_at": now(),
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
        return read_json(self._folder / "spec.json")["spec"]

    def report(self, **fields: Any) -> None:
        """Replace fields of the status and write it whole.

        Raises:
            NoSpaceError: The disk is full.
        """
        self._status.update(fields, updated_at=now())
        if not self.leads:
            return
        path = self._folder / "status.json"
        try:
            try:
                write_json(path, self._status)
            except OSError:
                self._reserve.unlink(missing_ok=True)
                write_json(path, self._status)
        except OSError as err:
            raise mendable(err, "The job's status could not be written") from err
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
            with (self._folder / "metrics.jsonl").open("a") as handle:
                handle.write(json.dumps(fields) + "\n")
        except OSError as err:
            raise mendable(err, "The job's measurements could not be noted") from err

    def keep_metrics(self, is_kept: Callable[[dict[str, Any]], bool]) -> None:
        """Drop the measurements that a resumed job is about to make again.

        Raises:
            NoSpaceError: The disk is full.
        """
        if not self.leads:
            return
        path = self._folder / "metrics.jsonl"
        lines = read_text(path).split("\n")[:-1]
        kept = "".join(f"{line}\n" for line in lines if (metric := parse_object(line)) and is_kept(metric))
        try:
            write_text(path, kept)
        except OSError as err:
            raise mendable(err, "The job's measurements could not be rewritten") from err

    def last_metric(self) -> dict[str, Any]:
        """Return the last line of measurements; empty where there is none."""
        lines = read_text(self._folder / "metrics.jsonl").split("\n")[:-1]
        return parse_object(lines[-1]) if lines else {}

    def stop_wanted(self) -> bool:
        """Tell whether somebody asked the job to stop."""
        return (self._folder / "stop").exists()


class StopRequested(BaseException):
    """Raised in a worker when it is asked to stop; not an `Exception`, so that no handler of errors eats it."""


def see_to_end(folder: Path, work: Callable[[Reporter], None], stopped: str) -> int:
    """Do the work of the job in `folder`, and report how it ended, whatever happens.

    Args:
        folder: The job's.
        work: Does it, and finishes it with its last word.
        stopped: The last word if the job is stopped.

    Returns:
        The exit code of the process: 0 where the work came to its end.
    """
    reporter = Reporter(folder)
    try:
        if reporter.stop_wanted():  # asked while this process was still starting, and deaf to signals
            raise StopRequested
        work(reporter)
    except StopRequested:
        reporter.finish("stopped", stopped)
        return 1
    except BakeoffError as err:
        note(traceback.format_exc())
        reporter.finish("failed", str(err))
        return 1
    except Exception as err:
        with contextlib.suppress(BakeoffError):
            reporter.finish("failed", f"{type(err).__name__}: {err}")
        raise
    return 0


def note(text: str) -> None:
    """Print to the job's log. A full disk, which takes no log, must not keep the status from saying so."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _raise_stop(signum: int, frame: object) -> None:
    raise StopRequested
