"""What a button sets going, and what is said where it can't be."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.formatting import markdown_text


def attempt(action: Callable[[], object], *, if_busy: str | None = None) -> bool:
    """Do what was asked for; show why it can't be done, where it can't.

    Args:
        action: Raises `BakeoffError` where it can't be done.
        if_busy: What to say, calmly, where the machine is at work; `None` for the error's own words.

    Returns:
        Whether it was done.
    """
    try:
        action()
    except BakeoffError as err:
        if if_busy is not None and isinstance(err, BusyError):
            st.info(if_busy)
        else:
            st.error(markdown_text(err))
        return False
    return True


def attempt_and_redraw(action: Callable[[], object]) -> None:
    """Do what was asked for and draw the page again; show why it can't be done, where it can't."""
    if attempt(action):
        st.rerun()
