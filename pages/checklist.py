"""The Checklist page: seven steps from what it must fit to what comes next, the answer following every reply."""

import streamlit as st

from bakeoff_core import jobs, measuring
from bakeoff_core.checklist import advise
from bakeoff_core.checklist_rules import read_rules
from pages.parts import checklist_answers, checklist_card, checklist_steps, data, job_card, sidebar

sidebar.require_app()
st.markdown("## Which backbone to start from")
shown = sidebar.shown()
for job in jobs.list_jobs(measuring.KIND)[:20]:
    if job.active:
        job_card.draw(job.job_id)
rules = read_rules()
answers = checklist_answers.current()
advice = advise(answers, data.evidence(shown.setting if shown else None), rules)
checklist_card.draw(advice, shown)
for place, step in enumerate(rules.steps, start=1):
    if place == 1 or advice.is_about_backbones:
        checklist_steps.draw(place, step, advice, shown)
st.button("Start over", on_click=checklist_answers.forget, icon=":material/restart_alt:")
