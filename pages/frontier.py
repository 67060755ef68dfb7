"""The Frontier page: drag the two limits, see the pick and the frontier, take the answer away."""

import streamlit as st

from bakeoff_core.system import locks
from pages.parts.common import app_start, measuring, searching, sidebar
from pages.parts.components import frontier_limits
from pages.parts.frontier import accuracy, candidate_table, decision, not_measured

app_start.require_app()
shown = sidebar.shown()
if shown is None:
    st.markdown("#### The cheapest network that clears your bar, on this machine")
    measuring.draw_active()
    searching.draw_watched(frontier_limits.to_limits)
    not_measured.draw(can_start=not locks.machine_holder())
else:
    measuring.draw_active()
    searching.draw_watched(frontier_limits.to_limits)
    decision.draw(shown, sidebar.comparison())
    candidate_table.draw(shown, accuracy.current())
