"""The folder of the state, without which no page has anything to show."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.system.paths import require_home


def require_usable() -> None:
    """Say what is wrong with the folder and end the run, where it can't be used; called before anything is drawn."""
    try:
        require_home()
    except BakeoffError as err:
        st.error(markdown_text(err), icon=":material/folder_off:")
        st.stop()
