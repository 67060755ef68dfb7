"""How every page shows a Plotly figure."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

HEIGHT_PX = 362


def is_dark() -> bool:
    """Tell whether the page is drawn dark."""
    return st.context.theme.type == "dark"


def draw(figure: go.Figure, *, key: str, height: int = HEIGHT_PX) -> str | None:
    """Draw a frontier and return the label of the candidate the user clicked last, if any.

    The figure brings its own colours for light and dark, so Streamlit's theme is not laid over it.
    """
    figure.update_layout(height=height)
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        width="stretch",
        on_select=lambda: _remember_click(key),
        selection_mode="points",
        config={"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "toImage"]},
    )
    return clicked(key)


def draw_static(figure: go.Figure, *, key: str) -> None:
    """Draw a figure in which nothing is chosen, without the bar of tools."""
    st.plotly_chart(figure, key=key, theme=None, width="stretch", config={"displayModeBar": False})


def clicked(key: str) -> str | None:
    """Return the label of the candidate that was clicked last in a chart, if any."""
    return st.session_state.get(f"{key}-clicked")


def forget_click(key: str) -> None:
    """Let no candidate be the one that was clicked."""
    st.session_state.pop(f"{key}-clicked", None)


def _remember_click(key: str) -> None:
    """Keep what was clicked: a new figure, and every change of a limit draws one, empties Streamlit's selection."""
    for point in st.session_state[key].selection.points:
        custom = point.get("customdata")
        if custom and len(custom) == 1:  # points of a comparison carry more
            st.session_state[f"{key}-clicked"] = str(custom[0])
