"""The Report page: the decision as Markdown that can be pasted into a ticket, and the check of an older report."""

import streamlit as st

from pages.parts.common import app_start, sidebar
from pages.parts.report import document, earlier_report

app_start.require_app()
st.markdown("## Decision report")
shown = sidebar.shown()
if shown is None:
    st.info("There is nothing to report yet: this machine has not been measured. Start on the Frontier page.")
else:
    document.draw(shown)
earlier_report.draw()
