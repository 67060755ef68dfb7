"""Have a worker look at an image while the page goes on, and say how far it is and what went wrong."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.features.patches.store import Look, Looked, failure_of, look_of, looks_now, read_look, start_look
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.manager import read_job
from bakeoff_core.jobs.records import Job

ASKED = "looks-asked"
"""Session key of what was asked for, by the job that was started for it: none is started twice by itself."""


def take(look: Look) -> Looked | None:
    """Return what a backbone sees in an image, `None` while that is not there yet, and see to it that it comes."""
    found = read_look(look)
    if found is not None:
        return found
    asked: dict[Look, str] = st.session_state.setdefault(ASKED, {})
    job = next((job for job in looks_now() if look_of(job) == look), None)
    if job is None and look not in asked:
        job = _start(look)
    if job is not None:
        asked[look] = job.job_id
        _watch(job.job_id)
    elif look in asked:
        _draw_failure(look, asked[look])
    return None


def _start(look: Look) -> Job | None:
    try:
        return start_look(look)
    except BusyError:
        st.info(
            "This machine is being measured, and looking at an image would spoil its timings. Look again after that."
        )
    except BakeoffError as err:
        st.error(markdown_text(err))
    return None


def _job(job_id: str) -> Job | None:
    """Return a job; `None` where its folder was cleared away meanwhile."""
    try:
        return read_job(job_id)
    except BakeoffError:
        return None


def _draw_failure(look: Look, job_id: str) -> None:
    """Say why nothing was seen, and offer to try again."""
    job = _job(job_id)
    reason = (failure_of(job) if job else None) or "What was seen is gone again."
    text, button = st.columns([5, 1], vertical_alignment="center")
    text.error(markdown_text(reason))
    if button.button("Try again", key=f"look-again-{job_id}", width="stretch"):
        st.session_state[ASKED].pop(look, None)
        st.rerun()


@st.fragment(run_every="0.5s")
def _watch(job_id: str) -> None:
    """Say that a look is under way; the page is drawn again when it ends."""
    job = _job(job_id)
    if job is None or not job.active:
        st.rerun()
    st.progress(0.5, text="Running the image through the backbone · a few seconds, once for each image")
