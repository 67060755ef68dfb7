"""A ranking at work as a card: how far it is, who is ahead so far, and how to stop it."""

from __future__ import annotations

import streamlit as st

from bakeoff_core import jobs, rankings
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import duration, markdown_text
from pages.parts import rank_view, run_watch


def draw(job_id: str) -> None:
    """Draw the card; it redraws itself every second, and the page when the job has ended."""
    st.fragment(_card, run_every="1s")(job_id)


def _card(job_id: str) -> None:
    job = jobs.read_job(job_id)
    if not job.active:
        st.rerun()
    with st.container(border=True):
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(run_watch.progress_share(job), text=_progress_text(job))
        if button.button("Stop", key=f"stop-{job_id}", icon=":material/stop_circle:", width="stretch"):
            with st.spinner("Stopping"):
                jobs.stop_job(job_id)
            st.rerun()
        try:
            ranking = rankings.read_ranking(job_id).result()
        except BakeoffError:
            ranking = None
        if ranking is not None and ranking.rows:
            rank_view.draw_table(ranking, key=f"partial-{job_id}")
        st.caption("You can close this tab: ranking goes on, and every finished backbone is kept.")


def _progress_text(job: jobs.Job) -> str:
    status = job.status
    parts = [markdown_text(status.get("message") or "Loading PyTorch and timm")]
    if status.get("total"):
        parts.append(f"{status.get('done') or 0:,} of {status['total']:,} images")
    if status.get("time_left_s"):
        parts.append(f"about {duration(status['time_left_s'])} left")
    return " · ".join(parts)
