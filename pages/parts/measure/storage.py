"""What takes how much of the disk, and clearing what nothing uses."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import disk_size, markdown_text
from bakeoff_core.reporting.text.storage import TITLES, explain_unused
from bakeoff_core.storage.deletion import clear_unused
from bakeoff_core.storage.inventory import Holding, read_holdings
from bakeoff_core.system.paths import home
from pages.parts.common import actions

CLEARED = "storage-cleared"
"""Session key of what was said of the last clearing."""


def draw() -> None:
    """Draw the list, once it is asked for: it looks at every file."""
    expander = st.expander("Storage", icon=":material/hard_drive:", on_change="rerun", key="storage")
    if not expander.open:
        return
    with expander:
        if said := st.session_state.pop(CLEARED, None):
            st.success(said)
        try:
            holdings = read_holdings()
        except BakeoffError as err:
            st.error(markdown_text(err))
            return
        _draw_holdings(holdings)


def _draw_holdings(holdings: list[Holding]) -> None:
    total = sum(holding.size_bytes for holding in holdings)
    st.caption(f"{markdown_text(home())} holds {disk_size(total)}. Runs and rankings are deleted where they are shown.")
    st.table(
        [
            {
                "what": TITLES[holding.key],
                "count": f"{holding.count:,}",
                "size": disk_size(holding.size_bytes),
                "can be cleared": explain_unused(holding),
            }
            for holding in holdings
        ],
        hide_index=True,
    )
    unused = sum(holding.unused_bytes for holding in holdings)
    label = f"Clear {disk_size(unused)}" if unused else "Nothing to clear"
    st.button(label, icon=":material/delete_sweep:", disabled=not unused, on_click=lambda: actions.attempt(_clear))


def _clear() -> None:
    st.session_state[CLEARED] = f"Cleared {disk_size(clear_unused())}."
