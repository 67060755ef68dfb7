"""The Measure page: choose models, see how long it will take, watch it, and carry profiles between machines."""

import streamlit as st

from bakeoff_core.system import locks
from pages.parts.common import app_start, measuring, search_form, timm_names_job
from pages.parts.measure import earlier_jobs, form, import_export, storage

app_start.require_app()
st.markdown("## Measure models on this machine")
measuring.draw_active()

timm_names_job.ensure_listed()
spec = form.draw()
is_busy = bool(locks.machine_holder())
if spec is not None:
    form.draw_start(spec, busy=is_busy)
search_form.draw_offer()
search_form.draw(busy=is_busy)
earlier_jobs.draw()
import_export.draw()
storage.draw()
