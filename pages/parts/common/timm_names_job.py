"""Have a worker list timm's names, once for each version of timm, while the page goes on with the catalogue's."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.profiling.request import start_listing
from pages.parts.common import cache

REQUESTED = "names-requested"
"""Session key of whether this session has started a job."""


def ensure_listed() -> None:
    """Start listing where the list is missing, and redraw the page once it is there."""
    if cache.timm_models() is not None:
        return
    latest = next(iter(list_jobs(kinds.NAMES)), None)
    is_outdated = latest is not None and latest.state == "done"  # for another version of timm, or of the list
    if (latest is None or is_outdated) and REQUESTED not in st.session_state:
        st.session_state[REQUESTED] = True
        try:
            start_listing()
        except BakeoffError as err:
            st.warning(markdown_text(err))
            return
    elif latest is not None and not latest.active:
        st.info(
            "timm's full list of names could not be read yet; it is read again with the next measurement. "
            "Until then the search knows the catalogue's models only."
        )
        return
    _draw_wait()


def look_up(names: Iterable[str]) -> None:
    """Have timm's names listed where that is what it takes to tell whether there are such models."""
    if cache.timm_models() is None and not set(names) <= {*cache.accuracies()["model_name"]}:
        ensure_listed()


@st.fragment(run_every="1s")
def _draw_wait() -> None:
    if cache.timm_models() is not None:
        st.rerun()
    st.caption(
        ":material/hourglass_top: Reading timm's full list of names, once, in about ten seconds. Until then the search "
        "knows the catalogue's models only."
    )
