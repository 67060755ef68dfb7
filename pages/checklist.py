"""The Checklist page: seven steps from what it must fit to what comes next, the answer following every reply."""

import streamlit as st

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.selection.checklist.advice import advise
from bakeoff_core.selection.checklist.rules import read_rules
from pages.parts.checklist import answers as checklist_answers
from pages.parts.checklist import card, steps
from pages.parts.common import cache, job_card, sidebar

sidebar.require_app()
st.markdown("## Which backbone to start from")
shown = sidebar.shown()
for job in list_jobs(kinds.MEASURE)[:20]:
    if job.active:
        job_card.draw(job.job_id)
rules = read_rules()
answers = checklist_answers.current()
advice = advise(answers, cache.evidence(shown.setting if shown else None), rules)
card.draw(advice, shown)
for place, step in enumerate(rules.steps, start=1):
    if place == 1 or advice.is_about_backbones:
        steps.draw(place, step, advice, shown)
st.button("Start over", on_click=checklist_answers.forget, icon=":material/restart_alt:")
