"""The Checklist page: seven steps from what it must fit to what comes next, the answer following every reply."""

import streamlit as st

from bakeoff_core.selection.checklist.advice import advise
from bakeoff_core.selection.checklist.rules import read_rules
from pages.parts.checklist import answers, card, steps
from pages.parts.common import app_start, cache, measuring, sidebar

app_start.require_app()
st.markdown("## Which backbone to start from")
shown = sidebar.shown()
measuring.draw_active()
rules = read_rules()
advice = advise(answers.current(), cache.evidence(shown), rules)
card.draw(advice, shown)
for place, step in enumerate(rules.steps, start=1):
    if place == 1 or advice.is_about_backbones:
        steps.draw(place, step, advice, shown)
st.button("Start over", on_click=answers.forget, icon=":material/restart_alt:")
