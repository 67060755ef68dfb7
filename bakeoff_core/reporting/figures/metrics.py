"""Metrics as Plotly figures: the precision-recall curve of the class that matters, and a threshold on it.

Not covered: how a metric moves while a run trains (`reporting.figures.finetuning`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from bakeoff_core.datasets.metrics.thresholds import OperatingPoint
from bakeoff_core.formatting import html_text, percent
from bakeoff_core.reporting.figures.palette import DARK, GRID_ALPHA, INTERVAL_ALPHA, LIGHT
from bakeoff_core.reporting.figures.style import HOVER_LABEL, base_layout, rgba
from bakeoff_core.schema.metrics import Score

MOST_POINTS = 1_000
"""Points of a curve; of a longer one as many are drawn, evenly."""


def precision_recall_figure(
    curve: pd.DataFrame, point: OperatingPoint, class_name: str, *, dark: bool = False
) -> go.Figure:
    """Draw precision against recall over all thresholds, and where one of them stands, with its 95 % intervals.

    A dotted line stands at the class's share of the images, which is the precision of answers at random.

    Args:
        curve: Columns `datasets.metrics.thresholds.CURVE_COLUMNS`, the lowest threshold first.
        point: Of the threshold; one that answers no image with the class has no precision and no place.
        class_name: The class that matters.
        dark: For a dark background.
    """
    palette = DARK if dark else LIGHT
    shown = curve.iloc[np.unique(np.linspace(0, len(curve) - 1, min(len(curve), MOST_POINTS)).round().astype(int))]
    share = 100 * point.of_class / point.images
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[share, share],
        mode="lines",
        line={"color": palette.dominated, "dash": "dot", "width": 1.6},
        hoverinfo="skip",
    )
    figure.add_annotation(
        text=f"answers at random: {percent(share, 1)}",
        showarrow=False,
        **{"x": 1, "y": share, "xanchor": "left", "yanchor": "bottom", "font": {"size": 12}},
    )
    figure.add_scatter(
        x=shown["recall"],
        y=shown["precision"],
        customdata=shown["threshold"],
        mode="lines",
        line={"color": palette.frontier, "width": 2.4},
        hovertemplate="threshold %{customdata:.3f}: recall %{x:.1f} %, precision %{y:.1f} %<extra></extra>",
    )
    if point.precision is not None:
        figure.add_scatter(
            x=[point.recall.value],
            y=[point.precision.value],
            mode="markers",
            marker={"symbol": "diamond", "size": 13, "color": palette.pick},
            error_x=_interval(point.recall, rgba(palette.pick, INTERVAL_ALPHA)),
            error_y=_interval(point.precision, rgba(palette.pick, INTERVAL_ALPHA)),
            hovertemplate=f"threshold {point.threshold:g}: recall %{{x:.1f}} %, precision %{{y:.1f}} %<extra></extra>",
            cliponaxis=False,
        )
    axis = {
        "range": [0, 102],
        "dtick": 20,
        "gridcolor": rgba(palette.quiet, GRID_ALPHA),
        "zerolinecolor": rgba(palette.quiet, GRID_ALPHA),
        "color": palette.text,
        "fixedrange": True,
    }
    name = class_name if len(class_name) <= 24 else f"{class_name[:23]}…"
    figure.update_layout(
        **base_layout(palette),
        margin={"l": 54, "r": 14, "t": 10, "b": 48},
        hoverlabel=HOVER_LABEL,
        showlegend=False,
        height=320,
        xaxis={**axis, "title": {"text": f"Recall of {html_text(name)} (%)", "standoff": 6}},
        yaxis={**axis, "title": {"text": f"Precision of {html_text(name)} (%)", "standoff": 6}},
    )
    return figure


def _interval(score: Score, colour: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [score.high - score.value],
        "arrayminus": [score.value - score.low],
        "color": colour,
        "thickness": 1.6,
        "width": 4,
    }
