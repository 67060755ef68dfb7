"""What the command line says of a job while it waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from bakeoff_core import formatting
from bakeoff_core.cli.output.console import remark
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.reporting.text.measuring import waiting_sentence


def status_line(status: Mapping[str, Any]) -> str:
    """Say where a job is that counts what it does; the model in work and the time left, where they are known."""
    left = status.get("time_left_s")
    parts = [
        f"[{status.get('done') or 0}/{status.get('total') or 0}]",
        status["message"],
        status.get("current") or "",
        f"({formatting.duration(left)} left)" if left else "",
    ]
    return " ".join(part for part in parts if part)


def follow(job: Job, line: Callable[[Mapping[str, Any]], str] = status_line) -> Job:
    """Wait for a job, showing on stderr what it does; Ctrl-C stops it. Returns the job as it ended.

    Args:
        job: The job.
        line: Says where it is, of a status that has a `message`.
    """
    shown = None
    try:
        while job.active:
            shown = _show(job, shown, line)
            time.sleep(0.2)
            job = read_job(job.job_id)
    except KeyboardInterrupt:
        remark("Stopping …")
        job = stop_job(job.job_id)
    return job


def _show(job: Job, shown: tuple | None, line: Callable[[Mapping[str, Any]], str]) -> tuple:
    """Say where a job is unless that was the last thing said."""
    status = job.status
    now = (status.get("message"), status.get("current"), status.get("done"))
    if now != shown and status.get("message"):
        waiting = waiting_sentence(status)
        remark(line({**status, "message": waiting} if waiting else status))
    return now
