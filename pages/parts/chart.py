"""How every page shows a Plotly figure."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

HEIGHT_PX = 430


def is_dark() -> bool:
    """Tell whether the page is drawn dark."""
    return st.context.theme.type == "dark"


def draw(figure: go.Figure, *, key: str, height: int = HEIGHT_PX) -> str | None:
    """Draw a frontier and return the label of the candidate the user clicked, if any.

    The figure brings its own colours for light and dark, so Streamlit's theme is not laid over it.
    """
    figure.update_layout(height=height)
    event = st.plotly_chart(
        figure,
        key=key,
        theme=None,
        width="stretch",
        on_select="rerun",
        selection_mode="points",
        config={"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "toImage"]},
    )
    return label_of(event)


def clicked(key: str) -> str | None:
    """Return the label of the candidate that was clicked in a chart, before the chart is drawn."""
    return label_of(st.session_state.get(key))


def label_of(event: object) -> str | None:
    """Return the candidate's label that a selection event carries, if any."""
    points = getattr(getattr(event, "selection", None), "points", None) or ()
    for point in points:
        custom = point.get("customdata")
        if custom and len(custom) == 1:
            return str(custom[0])
    return None
