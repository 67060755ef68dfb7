"""Folders of jobs of any kind, written by a test just as the launcher and the worker write them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from bakeoff_core.jobs.kinds import JobKind
from bakeoff_core.jobs.manager import hold_if_free
from bakeoff_core.jobs.records import FORMAT_VERSION, make_request
from bakeoff_core.system.paths import jobs_path


def write_job(kind: JobKind, spec: dict[str, Any], number: int = 0, *, log: str = "", **status: Any) -> str:
    """Write the folder of a job and return its id; jobs with higher numbers are newer.

    Args:
        kind: What it does.
        spec: What it was asked to do.
        number: Of minutes after noon at which it started, below 60.
        log: What its worker printed.
        status: As the worker wrote it last.
    """
    job_id = f"20260101-12{number:02d}00-{kind.key}-{number:06x}"
    folder = jobs_path() / job_id
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(make_request(kind, spec)))
    (folder / "status.json").write_text(json.dumps({"format": FORMAT_VERSION, **status}))
    (folder / "log.txt").write_text(log)
    (folder / "lock").touch()
    return job_id


@contextlib.contextmanager
def at_work(job_id: str) -> Iterator[None]:
    """Hold a job's lock, as its worker would."""
    with hold_if_free(jobs_path() / job_id):
        yield
