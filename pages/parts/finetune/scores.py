"""A run's metrics with their intervals, each a tile that says what it means."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from bakeoff_core.formatting import UNKNOWN, percent
from bakeoff_core.reporting.text.metrics import metric_title
from bakeoff_core.schema.metrics import METRICS, Score

WIDTH_PX = 160
"""Of a tile, so that they stand below each other, two on a phone."""


def draw(scores: Mapping[str, Score], decides: str) -> None:
    """Draw every metric that is known, the one that decides marked."""
    with st.container(horizontal=True, gap="small"):
        for name in METRICS:
            if name in scores:
                draw_tile(name, scores[name], note=" · decides" if name == decides else "")


def draw_tile(name: str, score: Score | None, *, note: str = "") -> None:
    """Draw one metric; `None` where it is not known."""
    interval = None if score is None else f"95 %: {percent(score.low, 1)[:-2]} to {percent(score.high, 1)}"
    st.metric(
        f"{metric_title(name)}{note}",
        UNKNOWN if score is None else percent(score.value, 1),
        interval,
        delta_color="off",
        delta_arrow="off",
        help=METRICS[name].meaning,
        width=WIDTH_PX,
    )
