"""Which image is to be looked at with which backbone, and the start of the job that does it.

Not covered: the look itself (`features.patches.worker`), and where looks are kept (`features.patches.store`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import active_jobs, list_jobs, refuse_beside_measuring, start_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.schema.parsing import parse_record

JOBS_KEPT = 20
"""Folders of ended looks kept: a page asks only why its own failed, and their number would grow with every click."""


@dataclass(frozen=True)
class Look:
    """One image under one backbone."""

    model_name: str
    """timm's `arch.tag`."""
    features_key: str
    """Of the ranking's features: stands for the weights and the preprocessing."""
    image: str
    """Its file."""
    value_ranges: dict[str, tuple[float, float]] = field(default_factory=dict, compare=False)
    """What is black and white in the ranking's images of more than 8 bits; follows from `features_key`."""


def start_look(look: Look) -> Job:
    """Start the job that looks at an image; a look that is under way is stopped, since one is shown at a time.

    Raises:
        BusyError: The machine is measuring, which the job's work would spoil.
        NoSpaceError: The disk is full.
    """
    refuse_beside_measuring("Looking at an image")
    for other in looks_now():
        stop_job(other.job_id)
    for old in list_jobs(kinds.PATCHES)[JOBS_KEPT:]:
        if not old.active:
            shutil.rmtree(old.folder, ignore_errors=True)
    return start_job(kinds.PATCHES, asdict(look))


def looks_now() -> Sequence[Job]:
    """Return the jobs that look at an image now."""
    return [job for job in active_jobs() if job.kind == kinds.PATCHES.key]


def look_of(job: Job) -> Look | None:
    """Return what a job looks at; `None` where this version does not understand it."""
    try:
        return parse_record(Look, job.spec)
    except ValueError:
        return None


def failure_of(job: Job) -> str | None:
    """Return why a job that has ended saw nothing; `None` where it did."""
    if job.active or job.state == "done":
        return None
    return str(job.status.get("message") or "It was stopped.")


def require_image(look: Look) -> Path:
    """Return the image's file; raises `BakeoffError` where it is gone."""
    path = Path(look.image)
    if not path.is_file():
        raise BakeoffError(f"{path.name} is no longer where it was ranked.")
    return path
