"""The Frontier page: drag the two limits, see the pick and the frontier, take the answer away."""

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.system import locks
from pages.parts.common import job_card, sidebar
from pages.parts.frontier import accuracy, candidate_table, explorer, first_look

sidebar.require_app()
shown = sidebar.shown()
active = [job for job in list_jobs(kinds.MEASURE)[:20] if job.active]

if shown is None:
    st.markdown("#### The cheapest network that clears your bar, on this machine")
    for job in active:
        job_card.draw(job.job_id)
    first_look.draw(can_start=not locks.machine_holder())
else:
    for job in active:
        job_card.draw(job.job_id)
    explorer.draw(shown, sidebar.comparison())
    candidate_table.draw(shown, accuracy.current())
