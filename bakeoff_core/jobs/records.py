"""What can be seen of a job from outside, and what stands in its `spec.json`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff_core.jobs.kinds import JobKind
from bakeoff_core.system.files import parse_object, read_json, read_text

FORMAT_VERSION = 1
"""Of `spec.json` and `status.json`."""
GO_ON = "go-on"
"""A file in a job's folder: the wish that it wait for nothing any more."""
ACTIVE = ("starting", "running")
JOB_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9-]+")
_END = re.compile(r"[0-9a-f]+(-[0-9]+)?$")
TIME_CHARS = len("20260101-120000")
"""Length of the time that a job's id begins with."""


def start_of(job_id: str) -> tuple[str, str]:
    """Return what jobs are put in order of their start by.

    The second in which a job was started, then the microsecond, which the last part of its id begins with (a part of a
    job has its owner's, and a number). The kind stands between them and says nothing of time.
    """
    end = _END.search(job_id)
    return job_id[:TIME_CHARS], end[0] if end else job_id


@dataclass(frozen=True)
class Job:
    """What can be seen of a job from outside."""

    job_id: str
    """Sortable by time of start."""
    folder: Path
    """Where its files are."""
    kind: str
    """What it does: key of `jobs.kinds.KINDS`, or of a version that knows more."""
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


def make_request(
    kind: JobKind, spec: Mapping[str, Any], owner: str | None = None, processes: int = 1
) -> dict[str, Any]:
    """Return what `spec.json` holds.

    Args:
        kind: What the job does.
        spec: What to do; must be JSON.
        owner: The job that it is a part of, if it is one.
        processes: Processes of the worker.
    """
    request = {
        "format": FORMAT_VERSION,
        "kind": kind.key,
        "module": kind.module,
        "exclusive": kind.exclusive,
        "processes": processes,
        "environment": dict(kind.environment),
        "spec": dict(spec),
    }
    return request | ({"owner": owner} if owner else {})


def first_status(folder: Path) -> dict[str, Any]:
    """Return the status of a job whose worker is about to start; the seconds it has worked before go on."""
    return {"format": FORMAT_VERSION, "state": "starting", "seconds": read_json(folder / "status.json").get("seconds")}
