"""The Measure page: choose models, see how long it will take, watch it, and carry profiles between machines."""

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.system import locks
from pages.parts.common import job_card, sidebar, timm_names_job
from pages.parts.measure import file_exchange
from pages.parts.measure import form as measure_form

sidebar.require_app()
st.markdown("## Measure models on this machine")
all_jobs = list_jobs(kinds.MEASURE)[:20]
active = [job for job in all_jobs if job.active]
for job in active:
    job_card.draw(job.job_id)

timm_names_job.ensure_listed()
spec = measure_form.draw()
if spec is not None:
    measure_form.draw_start(spec, busy=bool(locks.machine_holder()))

ended = [job for job in all_jobs if not job.active]
if ended:
    st.markdown("### Earlier jobs")
    for job in ended[:5]:
        with st.container(border=True):
            st.caption(f"Started {job.status.get('started_at', job.job_id).replace('T', ' ').replace('Z', ' UTC')}")
            job_card.draw_ended(job)

file_exchange.draw()
