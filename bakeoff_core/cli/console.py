"""What the command line prints: results to stdout, progress and remarks to stderr."""

from __future__ import annotations

import json
import sys
import time

from bakeoff_core import formatting
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job


def print_json(content: object) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(content, indent=2, allow_nan=False))


def remark(text: str) -> None:
    """Print a line to stderr."""
    print(text, file=sys.stderr, flush=True)


def follow(job: Job) -> Job:
    """Wait for a job, telling on stderr what it does; Ctrl-C stops it. Returns the job as it ended."""
    told = None
    try:
        while job.active:
            told = _tell(job, told)
            time.sleep(0.2)
            job = read_job(job.job_id)
    except KeyboardInterrupt:
        remark("Stopping …")
        job = stop_job(job.job_id)
    return job


def _tell(job: Job, told: tuple | None) -> tuple:
    status = job.status
    now = (status.get("message"), status.get("current"), status.get("done"))
    if now != told and status.get("message"):
        left = status.get("time_left_s")
        parts = [
            f"[{status.get('done') or 0}/{status.get('total') or 0}]",
            status["message"],
            status.get("current") or "",
            f"({formatting.duration(left)} left)" if left else "",
        ]
        remark(" ".join(part for part in parts if part))
    return now
