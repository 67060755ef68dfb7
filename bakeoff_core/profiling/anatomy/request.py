"""Which models are to be taken apart, and the start of the job that does it.

Not covered: taking a model apart (`profiling.anatomy.trace`), and where anatomies are kept (`profiling.anatomy.store`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import active_jobs, refuse_beside_measuring, start_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.request import MAX_IMG_SIZE, MAX_MODELS
from bakeoff_core.schema.checks import require_count


@dataclass(frozen=True)
class Wanted:
    """A model to take apart."""

    model_name: str
    """As the user gave it; a plain architecture means timm's default tag."""
    img_size: int | None = None
    """Height and width of the input in pixels; `None` for the model's own."""


def start_dissecting(wanted: Sequence[Wanted]) -> Job:
    """Start the job that takes models apart; it measures nothing and needs no network.

    Raises:
        BusyError: The machine is measuring, which the job's work would spoil.
        NoSpaceError: The disk is full.
        ValueError: A size is out of range; the words say what must hold.
    """
    if not 1 <= len(wanted) <= MAX_MODELS:
        raise ValueError(f"`wanted` must name 1 to {MAX_MODELS} models. Got {len(wanted)}.")
    for one in wanted:
        require_size(one.img_size)
    refuse_beside_measuring("Taking a model apart")
    spec = {"wanted": [[one.model_name, one.img_size] for one in wanted]}
    return start_job(kinds.ANATOMY, spec)


def require_size(img_size: int | None) -> None:
    """Raise `ValueError` for an image size that nobody can mean; `None` is the model's own."""
    if img_size is not None and require_count("img_size", img_size) > MAX_IMG_SIZE:
        raise ValueError(f"`img_size` must be at most {MAX_IMG_SIZE}. Got {img_size}.")


def dissecting_now() -> Job | None:
    """Return the job that takes models apart now, `None` where none does."""
    return next((job for job in active_jobs() if job.kind == kinds.ANATOMY.key), None)


def failure_of(job: Job, wanted: Wanted) -> str | None:
    """Return why a job could not take a model apart, in a sentence; `None` where it could, or was not asked to."""
    if [wanted.model_name, wanted.img_size] not in job.spec.get("wanted", []) or job.active:
        return None
    for failure in job.status.get("failures") or ():
        if (failure.get("model_name"), failure.get("img_size")) == (wanted.model_name, wanted.img_size):
            return str(failure.get("error"))
    return None if job.state == "done" else str(job.status.get("message") or "It was stopped.")
