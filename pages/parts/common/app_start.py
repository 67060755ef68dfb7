"""Have the whole app run where Streamlit has run a page without it: the one place that knows of this old habit.

Until `st.navigation` was called once in a server's life, Streamlit finds the files in a folder called `pages` by itself
and runs the one in the link alone (`runtime/pages_manager.py`, `runtime/scriptrunner/script_runner.py`: "a relic of v1
of Multipage apps"). That is what the first link after a start of the server would get. A test tells when a version of
Streamlit has lost the habit, and this module can go.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.common import sidebar


def require_app() -> None:
    """Start the run again with the whole app, where this page was run without it; every page begins with this."""
    if not sidebar.is_drawn():
        PagesManager.uses_pages_directory = False
        st.rerun()
