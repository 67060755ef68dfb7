"""Run real fine-tuning jobs in the state folder of `own_home`, for the benchmarks."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from bakeoff_core.finetuning.dry_run.request import RunEstimate, read_estimate
from bakeoff_core.finetuning.request import FinetuneSpec, start_run
from bakeoff_core.finetuning.results import read_run, summarise_run
from bakeoff_core.formatting import duration, percent
from bakeoff_core.jobs.manager import read_job
from bakeoff_core.jobs.records import Job

LITE0 = "tf_efficientnet_lite0"
FLOWERS_ENV = "BAKEOFF_DATA"


def require_flowers() -> str:
    """Return the folder that holds `flowers-102/`, named by `BAKEOFF_DATA`; ends the program where there is none."""
    folder = os.environ.get(FLOWERS_ENV, "")
    if not (Path(folder) / "flowers-102").is_dir():
        sys.exit(f"Name the folder that holds flowers-102/ in {FLOWERS_ENV}.")
    return str(Path(folder).absolute())


def wait(job: Job) -> Job:
    """Wait for a job to end well.

    Raises:
        RuntimeError: It did not.
    """
    while job.active:
        time.sleep(0.2)
        job = read_job(job.job_id)
    if job.state != "done":
        raise RuntimeError(f"The job ended as {job.state}: {job.status.get('message')}\n{job.log()}")
    return job


def finetune(spec: FinetuneSpec) -> dict[str, Any]:
    """Do a run to its end and return its summary; see `finetuning.request.summarise_run`."""
    return summarise_run(read_run(wait(start_run(spec).job).job_id))


def estimate(spec: FinetuneSpec) -> RunEstimate:
    """Do a trial of a run and return what it found."""
    found = read_estimate(read_run(wait(start_run(spec, trial=True).job).job_id))
    assert found is not None
    return found


def line(name: str, found: dict[str, Any], estimated_s: float | None = None) -> str:
    """Return one run as a line of a table."""
    low, high = percent(found["test_accuracy_low"]), percent(found["test_accuracy_high"])
    text = f"{name:28} test {percent(found['test_accuracy']):>8} ({low} to {high}), {duration(found['seconds'])}"
    if estimated_s is None:
        return text
    return f"{text}, estimated {duration(estimated_s)}: ratio {estimated_s / found['seconds']:.2f}"
