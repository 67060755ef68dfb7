"""Anatomies that were taken: where they are kept, and the job that takes what is missing.

An anatomy is the same on every machine and changes only with timm, so it is kept for good in one file a model, size and
timm version. The server reads these files; a short-lived worker (`profiling.anatomy.worker`) writes them.

Not covered: taking a model apart (see `profiling.anatomy.trace`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import active_jobs, refuse_beside_measuring, start_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.anatomy.records import Anatomy, from_json, to_json
from bakeoff_core.profiling.request import MAX_IMG_SIZE, MAX_MODELS
from bakeoff_core.schema.checks import require_count
from bakeoff_core.system.files import FileStamp, read_json, stamp_of, to_user_error, write_json
from bakeoff_core.system.paths import anatomy_path


@dataclass(frozen=True)
class Wanted:
    """A model to take apart."""

    model_name: str
    """As the user gave it; a plain architecture means timm's default tag."""
    img_size: int | None = None
    """Height and width of the input in pixels; `None` for the model's own."""


def read_anatomy(model_name: str, img_size: int) -> Anatomy | None:
    """Return the anatomy that is kept of a model, `None` where there is none that can be used.

    A damaged file, or one of another version, counts as absent: a worker can always write it anew.
    """
    try:
        found = from_json(read_json(anatomy_path(model_name, img_size)))
    except ValueError:
        return None
    return found if (found.model_name, found.img_size) == (model_name, img_size) else None


def anatomy_stamp(model_name: str, img_size: int) -> FileStamp:
    """Return what changes when what `read_anatomy` returns may have."""
    return stamp_of(anatomy_path(model_name, img_size))


def write_anatomy(anatomy: Anatomy) -> None:
    """Keep an anatomy, whole or not at all.

    Raises:
        NoSpaceError: The disk is full.
        BakeoffError: The folder can't be written to.
    """
    path = anatomy_path(anatomy.model_name, anatomy.img_size)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, to_json(anatomy))
    except OSError as err:
        raise to_user_error(err, f"The anatomy of {anatomy.model_name} could not be kept in {path.parent}") from err


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
