"""A page that waits for a worker: how far it is, and what to do where it failed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.manager import read_job
from bakeoff_core.jobs.records import Job


def draw_wait(
    job_id: str,
    describe: Callable[[Job], tuple[float, str]],
    *,
    is_ready: Callable[[], bool] = lambda: False,
    every: str = "1s",
) -> None:
    """Show how far a job is; the page is drawn again when it ends, or as soon as what is waited for is there.

    Args:
        job_id: The job.
        describe: Returns how much of it is done, 0 to 1, and what it is at, in Markdown.
        is_ready: Tells whether what is waited for is there before the job ends.
        every: How often to look.
    """
    st.fragment(_draw_wait, run_every=every)(job_id, describe, is_ready)


def _draw_wait(job_id: str, describe: Callable[[Job], tuple[float, str]], is_ready: Callable[[], bool]) -> None:
    job = find_job(job_id)
    if job is None or not job.active or is_ready():
        st.rerun()
    share, text = describe(job)
    st.progress(share, text=text)


def find_job(job_id: str) -> Job | None:
    """Return a job; `None` where its folder was cleared away meanwhile."""
    try:
        return read_job(job_id)
    except BakeoffError:
        return None


def draw_failure(text: str, key: str) -> bool:
    """Say what went wrong, and tell whether to try again.

    Args:
        text: The reason, in Markdown.
        key: Of the button.
    """
    reason, button = st.columns([5, 1], vertical_alignment="center")
    reason.error(text)
    return button.button("Try again", key=key, width="stretch")
