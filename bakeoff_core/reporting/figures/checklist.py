"""The shortlist as a small picture: accuracy against latency, or against computation where nothing was measured.

Shape says what colour says: a star for the model to start from, filled circles for the rest of the shortlist, crosses
for what was set aside, small hollow diamonds for everything else that was measured; outside the limits is shaded.
Not covered: who is on the shortlist (`selection.checklist.advice`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from bakeoff_core.formatting import html_text
from bakeoff_core.reporting.figures.frontier import frame_layout, hover_texts
from bakeoff_core.reporting.figures.frontier_layout import Chart, build_chart, place_labels
from bakeoff_core.reporting.figures.palette import DARK, LIGHT, SHADE_ALPHA, Palette
from bakeoff_core.reporting.figures.style import MARGINS_PX, rgba
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.selection.checklist.advice import Advice
from bakeoff_core.selection.pareto import annotate


def shortlist_figure(advice: Advice, *, dark: bool = False, size_px: tuple[int, int] = (520, 340)) -> go.Figure | None:
    """Draw the shortlist; `None` where nothing has a place on the axes.

    Args:
        advice: What was advised.
        dark: Whether the page is dark.
        size_px: Width and height to be expected on the page: names that would collide there are left out.
    """
    cost = "latency" if advice.is_measured else "macs"
    chosen = [entry.candidate for entry in advice.shortlist]
    aside = [other.candidate for other in advice.set_aside] + ([advice.barred[0]] if advice.barred else [])
    table = advice.table
    shown = pd.Series([ref in {*chosen, *aside} for ref in candidate_refs(table)], table.index, dtype=bool)
    if advice.is_measured:
        shown |= table["latency_p50_s"].notna()
    chart = build_chart(annotate(table[shown].reset_index(drop=True), cost), advice.decision, cost=cost)
    refs = candidate_refs(chart.points)
    listed = np.array([ref in chosen for ref in refs], dtype=bool)
    if not refs:
        return None
    palette = DARK if dark else LIGHT
    hovers = hover_texts(chart.points, cost)
    crossed = np.array([ref in aside for ref in refs], dtype=bool)
    figure = go.Figure(layout=frame_layout(chart, palette))
    rest = chart.points[~listed & ~crossed]
    figure.add_trace(_markers(rest, hovers, "Also measured", "diamond-open", 7, palette.dominated))
    figure.add_trace(_markers(chart.points[crossed & ~listed], hovers, "Set aside", "x-thin-open", 9, palette.limit))
    figure.add_trace(_shortlist_trace(chart, listed, hovers, palette, size_px))
    if advice.pick is not None:
        figure.add_trace(_pick_trace(chart, advice.pick.candidate, hovers, palette))
    figure.update_layout(shapes=_limits(chart, palette), legend={"traceorder": "reversed"})
    return figure


def _markers(points: pd.DataFrame, hovers: dict[str, str], name: str, symbol: str, size: int, color: str) -> go.Scatter:
    return go.Scatter(
        x=points["x"].to_numpy(float),
        y=points["y"].to_numpy(float),
        name=name,
        mode="markers",
        marker={"symbol": symbol, "size": size, "color": color, "line": {"width": 1.6, "color": color}},
        hovertext=[hovers[label] for label in points["label"]],
        hoverinfo="text",
        showlegend=not points.empty,
    )


def _shortlist_trace(
    chart: Chart, listed: np.ndarray, hovers: dict[str, str], palette: Palette, size_px: tuple[int, int]
) -> go.Scatter:
    points = chart.points[listed].sort_values(["x", "y"])
    names = points["name"].tolist()
    width, height = (size - taken for size, taken in zip(size_px, MARGINS_PX, strict=True))
    laid = replace(chart, frontier=points, dominated=chart.points[~listed], undecided=chart.undecided[:0])
    sides = place_labels(laid, names, width, height, char_width=6.6, line_height=15)
    trace = _markers(points, hovers, "Shortlist", "circle", 9, palette.frontier)
    return trace.update(
        mode="markers+text",
        text=[html_text(name) if side else "" for name, side in zip(names, sides, strict=True)],
        textposition=[side or "top left" for side in sides],
        textfont={"size": 12, "color": palette.text},
    )


def _pick_trace(chart: Chart, pick: CandidateRef, hovers: dict[str, str], palette: Palette) -> go.Scatter:
    is_pick = np.array([ref == pick for ref in candidate_refs(chart.points)], dtype=bool)
    return _markers(chart.points[is_pick], hovers, "Start here", "star", 17, palette.pick)


def _limits(chart: Chart, palette: Palette) -> list[dict[str, object]]:
    """The regions outside the limits, and the lines at them."""
    shade = {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": rgba(palette.quiet, SHADE_ALPHA)}
    line = {"type": "line", "layer": "below", "line": {"width": 1.2, "dash": "dot", "color": palette.limit}}
    (low_x, high_x), (low_y, high_y) = chart.x_range, chart.y_range
    shapes: list[dict[str, object]] = []
    if chart.marks.budget is not None:
        at = chart.marks.budget.at
        shapes += [{**shade, "x0": at, "x1": high_x * 100, "y0": low_y - 100, "y1": high_y + 100}]
        shapes += [{**line, "x0": at, "x1": at, "y0": low_y - 100, "y1": high_y + 100}]
    if chart.marks.floor is not None:
        at = chart.marks.floor.at
        shapes += [{**shade, "x0": low_x / 100, "x1": high_x * 100, "y0": low_y - 100, "y1": at}]
        shapes += [{**line, "x0": low_x / 100, "x1": high_x * 100, "y0": at, "y1": at}]
    return shapes
