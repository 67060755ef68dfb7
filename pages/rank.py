"""The Rank page: which backbone's frozen features tell one's own classes apart best."""

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import watched_jobs
from pages.parts.common import sidebar
from pages.parts.rank import form as rank_form
from pages.parts.rank import history as rank_history
from pages.parts.rank import watch as rank_watch

sidebar.require_app()
st.markdown("## Rank backbones on your own images")
st.caption(
    "ImageNet accuracy is a proxy. Here each backbone stays as it is, and a small classifier learns your classes from "
    "what it sees (its features): minutes for all of them, where fine-tuning takes hours."
)
for job in [job for job in watched_jobs() if job.kind == kinds.RANKING.key]:
    rank_watch.draw(job.job_id)
rank_form.draw()
rank_history.draw()
