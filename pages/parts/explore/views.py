"""The views of the Explore page: one is open at a time, and each has an address of its own (`?view=…`)."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.common.links import ANATOMY, VIEW

LANDSCAPE = "Models and speed"
WHY_MEASURE = "Why measure"
COST = "Where the cost sits"
TIME = "MACs and time"
PUBLISHED = "Published machines"
VIEWS = (LANDSCAPE, WHY_MEASURE, COST, TIME, PUBLISHED)
"""As the tabs and the link call them; the first is open at first, and left out of the link."""


def open_view() -> tuple[str, DeltaGenerator]:
    """Draw the tabs; return which of `VIEWS` is open, and where it is drawn."""
    if VIEW not in st.session_state and VIEW not in st.query_params and ANATOMY in st.query_params:
        st.session_state[VIEW] = COST  # a link to a model's anatomy names the model alone
    tabs = dict(zip(VIEWS, st.tabs(VIEWS, key=VIEW, bind="query-params"), strict=True))
    return next((view, tab) for view, tab in tabs.items() if tab.open)
