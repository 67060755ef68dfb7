"""Run real measuring jobs in a state folder of their own, for the benchmarks."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bakeoff_core.jobs.manager import read_job
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.request import MeasureSpec, start_measuring
from bakeoff_core.schema.profile import Profile
from bakeoff_core.system.paths import profiles_path

HOG = "while True: pass"
HALF_HOG = """import time
while True:
    until = time.monotonic() + 2
    while time.monotonic() < until: pass
    time.sleep(2)"""
"""Busy for two seconds, idle for two."""


@contextlib.contextmanager
def own_home() -> Iterator[Path]:
    """Point `BAKEOFF_HOME` at an empty folder for a while."""
    before = os.environ.get("BAKEOFF_HOME")
    with tempfile.TemporaryDirectory(prefix="bakeoff-benchmark-") as folder:
        os.environ["BAKEOFF_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("BAKEOFF_HOME")
            if before is not None:
                os.environ["BAKEOFF_HOME"] = before


@contextlib.contextmanager
def cpu_hog(code: str = HOG) -> Iterator[None]:
    """Keep one core busy for a while, all of it or as `HALF_HOG` does."""
    hog = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        hog.kill()
        hog.wait()


def measure(spec: MeasureSpec) -> tuple[tuple[Profile, ...], float]:
    """Run a job to its end.

    Returns:
        The profiles in the store, and the wall time in seconds from the start of the job to its end.

    Raises:
        RuntimeError: The job did not end well.
    """
    began = time.monotonic()
    job = start_measuring(spec)
    while job.active:
        time.sleep(0.05)
        job = read_job(job.job_id)
    seconds = time.monotonic() - began
    if job.state != "done" or job.status.get("failures"):
        raise RuntimeError(f"The job ended as {job.state}: {job.status.get('message')} {job.status.get('failures')}")
    return profiling_store.read_profiles(profiles_path()), seconds
