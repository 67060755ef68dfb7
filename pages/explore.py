"""The Explore page: where the cost of models sits."""

import streamlit as st

from pages.parts import anatomy_view, sidebar

sidebar.require_app()
st.markdown("## Explore")
anatomy_view.draw()
