"""The Rank page: which backbone's frozen features tell one's own classes apart best."""

import streamlit as st

from bakeoff_core import jobs, rankings
from pages.parts import rank_form, rank_list, rank_watch, sidebar

sidebar.require_app()
st.markdown("## Rank backbones on your own images")
st.caption(
    "ImageNet accuracy is a proxy. Here each backbone stays as it is, and a small classifier learns your classes from "
    "what it sees (its features): minutes for all of them, where fine-tuning takes hours."
)
for job in [job for job in jobs.watched_jobs() if job.kind == rankings.KIND]:
    rank_watch.draw(job.job_id)
rank_form.draw()
rank_list.draw()
