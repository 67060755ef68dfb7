"""Have a worker list timm's names, once for each version of timm, while the page goes on with the catalogue's."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.profiling.request import start_listing
from pages.parts.common import cache


def ensure_listed() -> None:
    """Start listing where the list is missing, and redraw the page once it is there."""
    if cache.timm_models() is not None:
        return
    known = list_jobs(kinds.NAMES)[:1]
    listed_before = bool(known) and known[0].state == "done"  # for another version of timm, or of the list
    if (not known or listed_before) and "names_asked" not in st.session_state:
        st.session_state["names_asked"] = True
        try:
            start_listing()
        except BakeoffError as err:
            st.warning(str(err))
            return
    elif known and not known[0].active:
        st.info(
            "timm's full list of names could not be read yet; it is read again with the next measurement. "
            "Until then the search knows the catalogue's models only."
        )
        return
    _wait()


@st.fragment(run_every="1s")
def _wait() -> None:
    if cache.timm_models() is not None:
        st.rerun()
    st.caption(
        ":material/hourglass_top: Reading timm's full list of names, once, in about ten seconds. Until then the search "
        "knows the catalogue's models only."
    )
