"""Dry runs from outside: the start of one, and what it found that the run itself would cost.

Not covered: the work (`finetuning.dry_run.worker`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bakeoff_core.finetuning.request import FinetuneSpec, Run
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_understood, start_job
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.system.files import read_json

ESTIMATE = "estimate.json"
"""What a dry run found, in its folder."""


@dataclass(frozen=True)
class RunEstimate:
    """What a run would cost, from a dry run of a few steps."""

    seconds: float
    """From the worker's start to its end."""
    parts: dict[str, float]
    """The same by kind of work, in seconds."""
    steps: int
    """Optimiser steps."""
    images_per_second: float | None
    """Trained; `None` where only a head is trained, which takes next to no time."""
    peak_memory_bytes: int
    """Of the worker: its largest resident set, or on CUDA what it holds of the GPU's memory."""
    weights: str
    """What the backbone would start from, in words."""
    train_images: int


def start_dry_run(spec: FinetuneSpec) -> Run:
    """Start to find out what a run would cost.

    Raises:
        BusyError: Another job is at work on this machine.
        NoSpaceError: The disk is full.
    """
    return Run.from_job(start_job(kinds.DRY_RUN, asdict(spec)))


def read_estimate(dry_run: Run) -> RunEstimate | None:
    """Return what a finished dry run found; `None` before it has ended, or where it failed."""
    try:
        return parse_record(RunEstimate, read_json(dry_run.job.folder / ESTIMATE))
    except ValueError:
        return None


def last_dry_run(spec: FinetuneSpec) -> Run | None:
    """Return the newest dry run of exactly this run that was not stopped; `None` where there is none."""
    return next(
        (
            run
            for run in list_understood(kinds.DRY_RUN, Run.from_job)
            if run.spec == spec and run.job.state != "stopped"
        ),
        None,
    )
