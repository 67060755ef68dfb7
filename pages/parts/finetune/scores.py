"""A run's metrics with their intervals, each a tile that says what it means."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from bakeoff_core.formatting import UNKNOWN, listed, markdown_text, percent
from bakeoff_core.schema.metrics import METRICS, Score

WIDTH_PX = 160
"""Of a tile, so that they stand below each other, two on a phone."""


def draw(scores: Mapping[str, Score], decides: str, positive_class: str | None = None) -> None:
    """Draw every metric that is known, the one that decides marked.

    Args:
        scores: By metric.
        decides: The metric that does.
        positive_class: The class that matters, of two.
    """
    with st.container(horizontal=True, gap="small"):
        for name in METRICS:
            if name in scores:
                draw_tile(name, scores[name], note=" · decides" if name == decides else "")
    of_class = [METRICS[name].title for name in METRICS if METRICS[name].is_binary and name in scores]
    if of_class and positive_class is not None:
        are = "is" if len(of_class) == 1 else "are"
        words = f"{listed(of_class)} {are} of {markdown_text(positive_class)}, the class that matters."
        st.caption(words[0].upper() + words[1:])


def draw_tile(name: str, score: Score | None, *, note: str = "") -> None:
    """Draw one metric; `None` where it is not known."""
    interval = None if score is None else f"95 %: {percent(score.low, 1)[:-2]} to {percent(score.high, 1)}"
    st.metric(
        f"{METRICS[name].heading}{note}",
        UNKNOWN if score is None else percent(score.value, 1),
        interval,
        delta_color="off",
        delta_arrow="off",
        help=METRICS[name].meaning,
        width=WIDTH_PX,
    )
