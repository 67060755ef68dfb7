"""A ranking at work as a card: how far it is, who is ahead so far, and how to stop it."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import duration, markdown_text
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.request import read_ranking
from pages.parts.finetune import watch as finetune_watch
from pages.parts.rank import result as rank_result


def draw(job_id: str) -> None:
    """Draw the card; it redraws itself every second, and the page when the job has ended."""
    st.fragment(_card, run_every="1s")(job_id)


def _card(job_id: str) -> None:
    job = read_job(job_id)
    if not job.active:
        st.rerun()
    with st.container(border=True):
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(finetune_watch.progress_share(job), text=_progress_text(job))
        if button.button("Stop", key=f"stop-{job_id}", icon=":material/stop_circle:", width="stretch"):
            with st.spinner("Stopping"):
                stop_job(job_id)
            st.rerun()
        try:
            ranking = read_ranking(job_id).result()
        except BakeoffError:
            ranking = None
        if ranking is not None and ranking.rows:
            rank_result.draw_table(ranking, key=f"partial-{job_id}")
        st.caption("You can close this tab: ranking goes on, and every finished backbone is kept.")


def _progress_text(job: Job) -> str:
    status = job.status
    parts = [markdown_text(status.get("message") or "Loading PyTorch and timm")]
    if status.get("total"):
        parts.append(f"{status.get('done') or 0:,} of {status['total']:,} images")
    if status.get("time_left_s"):
        parts.append(f"about {duration(status['time_left_s'])} left")
    return " · ".join(parts)
