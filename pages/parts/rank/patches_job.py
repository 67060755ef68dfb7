"""Have a worker look at an image under a backbone while the page goes on."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.features.patches.request import Look, failure_of, look_of, looks_now, start_look
from bakeoff_core.features.patches.store import Looked, read_look
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.records import Job
from pages.parts.common import actions, worker_wait

JOB_IDS = "looks-requested"
"""Session key of the job that was started for each look: none is started twice by itself."""
IF_BUSY = "This machine is being measured, and looking at an image would spoil its timings. Look again after that."


def get_or_start(look: Look) -> Looked | None:
    """Return what a backbone sees in an image, `None` while that is not there yet, and see to it that it comes."""
    found = read_look(look)
    if found is not None:
        return found
    job_ids: dict[Look, str] = st.session_state.setdefault(JOB_IDS, {})
    running = next((job.job_id for job in looks_now() if look_of(job) == look), None)
    if running is not None:
        job_ids[look] = running
    elif look in job_ids:
        _draw_failure(look, job_ids[look])
    elif actions.attempt(lambda: job_ids.update({look: start_look(look).job_id}), if_busy=IF_BUSY):
        running = job_ids[look]
    if running is not None:
        worker_wait.draw_wait(running, _describe, every="0.5s")
    return None


def _describe(job: Job) -> tuple[float, str]:
    return 0.5, "Running the image through the backbone · a few seconds, once for each image"


def _draw_failure(look: Look, job_id: str) -> None:
    """Say why nothing was seen, and offer to try again."""
    job = worker_wait.find_job(job_id)
    reason = (failure_of(job) if job else None) or "What was seen is gone again."
    if worker_wait.draw_failure(markdown_text(reason), key=f"look-again-{job_id}"):
        st.session_state[JOB_IDS].pop(look, None)
        st.rerun()
