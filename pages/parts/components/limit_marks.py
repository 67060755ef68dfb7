"""Limits and answers laid over a drawn chart: they move with a slider while the chart below stays as it is.

A small `st.components.v2` component; its browser half is `components.limit_marks.js`. Not covered: where the marks are
(`bakeoff_core.reporting.figures.frontier_layout.build_marks`), and the chart itself
(`reporting.figures.frontier_layout`).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import streamlit as st

from bakeoff_core.reporting.figures.frontier_layout import Marks
from bakeoff_core.reporting.figures.palette import DARK, LIGHT, SHADE_ALPHA
from bakeoff_core.reporting.figures.style import FONT
from pages.parts.common import plotly_chart

_component = st.components.v2.component(
    "bakeoff.limit_marks",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def draw(marks: Marks, *, over: str) -> None:
    """Lay marks over the chart with the key `over`, wherever on the page it is, now or once it is drawn.

    The marks drawn last under one key replace the earlier ones.

    Args:
        marks: Places in the units of the chart's axes.
        over: The `key` that the chart was drawn with; it must be of letters, digits and hyphens.
    """
    palette = DARK if plotly_chart.is_dark() else LIGHT
    colours = {"quiet": palette.quiet, "limit": palette.limit, "pick": palette.pick}
    _component(
        key=f"{over}-marks",
        data={"chart": over, "marks": asdict(marks), "colours": colours, "shade": SHADE_ALPHA, "font": FONT},
    )
