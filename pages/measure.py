"""The Measure page: choose models, see how long it will take, watch it, and carry profiles between machines."""

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.system import locks
from pages.parts.common import app_start, measuring, timm_names_job
from pages.parts.measure import form, import_export, storage

app_start.require_app()
st.markdown("## Measure models on this machine")
measuring.draw_active()

timm_names_job.ensure_listed()
spec = form.draw()
if spec is not None:
    form.draw_start(spec, busy=bool(locks.machine_holder()))

ended = [job for job in list_jobs(kinds.MEASURE)[:20] if not job.active]
if ended:
    st.markdown("### Earlier jobs")
    for job in ended[:5]:
        with st.container(border=True):
            st.caption(f"Started {job.status.get('started_at', job.job_id).replace('T', ' ').replace('Z', ' UTC')}")
            measuring.draw_ended(job)

import_export.draw()
storage.draw()
