"""The Fine-tune page: adapt the pick to one's own classes, watch it learn, and see what it is worth."""

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import watched_jobs
from pages.parts.common import sidebar
from pages.parts.finetune import comparison, start
from pages.parts.finetune import form as finetune_form
from pages.parts.finetune import history as finetune_history
from pages.parts.finetune import watch as finetune_watch

sidebar.require_app()
st.markdown("## Fine-tune on your classes")
TRAINING = (kinds.FINETUNE.key, kinds.DRY_RUN.key, kinds.COMPARISON.key)

active = [job for job in watched_jobs() if job.kind in TRAINING]
for job in active:
    finetune_watch.draw(job.job_id)
spec = finetune_form.draw()
if spec is not None:
    start.draw(spec)
comparison.draw()
finetune_history.draw()
