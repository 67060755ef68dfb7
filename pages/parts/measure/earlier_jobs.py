"""How the latest jobs that measured ended: measuring jobs and searches."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.jobs.records import Job, start_of
from bakeoff_core.search.results import search_of
from pages.parts.common import measuring, searching
from pages.parts.components import frontier_limits

MOST_SHOWN = 5


def draw() -> None:
    """Draw them, the newest first; of searches the newest alone has its chart."""
    found = [job for kind in kinds.TIMING for job in list_jobs(kind)[:20] if not job.active]
    ended = sorted(found, key=lambda job: start_of(job.job_id), reverse=True)[:MOST_SHOWN]
    if not ended:
        return
    st.markdown("### Earlier jobs")
    with_chart = next((job.job_id for job in ended if job.kind == kinds.SEARCH.key), None)
    for job in ended:
        with st.container(border=True):
            st.caption(f"Started {job.status.get('started_at', job.job_id).replace('T', ' ').replace('Z', ' UTC')}")
            if job.kind == kinds.SEARCH.key:
                _draw_search(job, chart=job.job_id == with_chart)
            else:
                measuring.draw_ended(job)


def _draw_search(job: Job, *, chart: bool) -> None:
    try:
        search = search_of(job)
    except (ValueError, TypeError):
        st.caption("A search that only another version of this product understands.")
        return
    searching.draw_ended(search, frontier_limits.to_limits, chart=chart)
