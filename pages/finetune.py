"""The Fine-tune page: adapt the pick to one's own classes, watch it learn, and see what it is worth."""

import streamlit as st

from bakeoff_core import jobs, runs
from pages.parts import comparison_view, finetune_form, run_list, run_start, run_watch, sidebar

sidebar.require_app()
st.markdown("## Fine-tune on your classes")
active = [job for job in jobs.watched_jobs() if job.kind in runs.KINDS]
for job in active:
    run_watch.draw(job.job_id)
spec = finetune_form.draw()
if spec is not None:
    run_start.draw(spec)
comparison_view.draw()
run_list.draw()
