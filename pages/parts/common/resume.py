"""A job that ended before it was done: how, its log, and the button to go on with it."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.manager import resume_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.system import locks
from pages.parts.common import actions


def draw(job: Job, outlook: str) -> None:
    """Say how a job ended and offer to go on; a failed one shows its log.

    Args:
        job: Stopped or failed.
        outlook: What going on would begin with, in a sentence.
    """
    if job.state == "stopped":
        st.warning(f"Stopped. {outlook}")
    else:
        st.error(f"Failed. {markdown_text(job.status.get('message') or '')} {outlook}")
    draw_button(job)
    if locks.machine_holder():
        st.caption("Another job is at work on this machine; resume when it is done.")
    if job.state == "failed":
        draw_log(job)


def draw_button(job: Job, label: str = "Resume") -> None:
    """Draw the button that goes on with a job; it waits while the machine is at work."""
    is_busy = bool(locks.machine_holder())
    if st.button(label, icon=":material/resume:", disabled=is_busy, key=f"resume-{job.job_id}"):
        actions.attempt_and_redraw(lambda: resume_job(job.job_id))


def draw_log(job: Job) -> None:
    """Draw the end of what the worker printed, folded away; nothing where it printed nothing."""
    log = job.log()
    if log.strip():
        with st.expander("Log"):
            st.code(log, language=None)
