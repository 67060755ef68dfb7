"""A measuring job as a card: how far it is, what it is at, how to stop it, and what went wrong."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import duration, markdown_text
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.request import start_measuring
from bakeoff_core.schema.records import MeasureSpec


def draw(job_id: str) -> None:
    """Draw the card; while the job is active it redraws itself every second."""
    active = read_job(job_id).active
    st.fragment(_card, run_every="1s" if active else None)(job_id, active)


def _card(job_id: str, was_active: bool) -> None:
    job = read_job(job_id)
    if was_active and not job.active:
        st.rerun()  # the page around the card has to know, and the card stops redrawing
    with st.container(border=True):
        if job.active:
            _draw_active(job)
        else:
            draw_ended(job)


def _draw_active(job: Job) -> None:
    status = job.status
    done, total = status.get("done") or 0, max(1, status.get("total") or 1)
    left = status.get("time_left_s")
    bar, button = st.columns([5, 1], vertical_alignment="center")
    name = status.get("current")
    size = f" at {status['img_size']} px" if name and status.get("img_size") else ""
    what = f"Measuring **{markdown_text(name)}**{size}" if name else "Loading PyTorch and timm"
    time_left = f"about {duration(left)} left" if left else "working out the time left"
    bar.progress(min(1.0, done / total), text=f"{what} · {done} of {total} rounds · {time_left}")
    if button.button("Stop", key=f"stop-{job.job_id}", icon=":material/stop_circle:", width="stretch"):
        with st.spinner("Stopping"):
            stop_job(job.job_id)
        st.rerun()
    st.caption(
        "You can close this tab: measuring goes on, and everything measured is kept. "
        "Using the machine meanwhile spoils the timings."
    )


def draw_ended(job: Job) -> None:
    """Draw how a job ended, with its failures and its log."""
    message = job.status.get("message") or ""
    if job.state == "done":
        st.markdown(f":material/check_circle: Measuring finished: {markdown_text(message)}")
    elif job.state == "stopped":
        st.markdown(":material/stop_circle: Measuring was stopped. Everything measured until then is kept.")
    else:
        st.error(
            f"Measuring failed. {markdown_text(message)} What was measured until then is kept; start again to go on."
        )
    for failure in job.status.get("failures") or ():
        st.warning(
            f"{markdown_text(failure['model_name'])}: {markdown_text(failure['error'])}", icon=":material/error:"
        )
    log = job.log()
    if log.strip() and (job.state == "failed" or job.status.get("failures")):
        with st.expander("Log"):
            st.code(log, language=None)


def start(spec: MeasureSpec) -> None:
    """Start measuring from a button's press; show why it can't be, where it can't."""
    try:
        start_measuring(spec)
    except BakeoffError as err:
        st.error(str(err))
        return
    st.rerun()
