"""The frontier as a Plotly figure: all that stays where it is while a limit is dragged.

Limits and answers are no part of it: `pages/parts/components/limit_marks` lays them over the drawn chart. As part of
the figure they would cost a full redraw, 200 ms and more with a thousand points, for every step of a slider.

Draw it with `st.plotly_chart(figure, theme=None, …)`: colours, fonts and both backgrounds are designed here
(pass `dark` from `st.context.theme`), and Streamlit's own theme would replace half of them. The background is
transparent, so the page shows through.

Not covered: what is on the frontier (`selection.pareto`), what a chart holds (`reporting.figures.frontier_layout`), the
report's picture (`reporting.figures.frontier_svg`).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from bakeoff_core.formatting import SCALES, html_text, is_unknown
from bakeoff_core.reporting.figures.frontier_layout import ERROR_BAR_POINTS, UNDECIDED, Chart, build_chart, place_labels
from bakeoff_core.reporting.figures.palette import DARK, INTERVAL_ALPHA, LIGHT, Palette, log_ticks
from bakeoff_core.reporting.figures.style import MARGINS_PX, points_layout, rgba
from bakeoff_core.reporting.text.candidate import DETAIL_COLUMNS, candidate_lines
from bakeoff_core.reporting.text.names import Terms
from bakeoff_core.reporting.text.settings import setting_differences
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import candidate_label
from bakeoff_core.schema.decision import COST_COLUMNS

LEGEND_CHARS = 40
"""Longest legend entry; a machine's name can be longer than a phone is wide."""


def frontier_figure(
    candidates: pd.DataFrame,
    *,
    cost: str = "latency",
    accuracy: str = "top1",
    comparison: pd.DataFrame | None = None,
    dark: bool = False,
    answers: bool = False,
    selected: str | None = None,
    hovers: dict[str, str] | None = None,
    size_px: tuple[int, int] = (800, 440),
    source: AccuracySource = IMAGENET,
) -> go.Figure:
    """Draw accuracy against cost: the frontier as a line, the dominated hollow and grey, the undecided half full.

    At most seven traces, whatever the number of candidates. `customdata[0]` of every point is its
    `candidate_label`, so a click can be mapped back; points of the comparison carry "comparison" after it.
    `uirevision` is constant: zoom survives new data, and "reset axes" returns to the whole picture.

    Args:
        candidates: Profile, accuracy and frontier columns, annotated for these axes. Never measured is fine
            where `cost` is one that needs no measurement.
        cost: Key of `COST_COLUMNS`: the x axis.
        accuracy: Column of percentages: the y axis.
        comparison: Candidates of another setting; their frontier is drawn as a second, dashed line.
        dark: Whether the page is dark.
        answers: Whether answers will be marked on the chart, so that the legend explains the stars.
        selected: `candidate_label` of a point to ring.
        hovers: What `hover_texts` returned for these candidates and this cost, to save writing them again; the
            limits do not change them.
        size_px: Width and height to be expected on the page (a phone: 390, 420): names that would collide
            there are left out. The figure itself has no size.
        source: What `top1` is an accuracy of.

    Returns:
        The figure; it fills its container, and its margins suit 390 px as well as 1280.

    Raises:
        ValueError: `cost` is unknown.
    """
    palette = DARK if dark else LIGHT
    chart = build_chart(candidates, None, cost=cost, accuracy=accuracy, comparison=comparison, source=source)
    hovers = hover_texts(candidates, cost, source) if hovers is None else hovers
    traces = [
        _dominated_trace(chart, cost, palette, hovers),
        _undecided_trace(chart, cost, palette, hovers),
        _comparison_trace(chart, cost, palette, candidates, source),
        _frontier_trace(chart, cost, palette, hovers, size_px),
        *(_star_entries(palette) if answers and not chart.points.empty else ()),
        _selected_trace(chart, palette, selected, hovers),
    ]
    return go.Figure([trace for trace in traces if trace is not None], frame_layout(chart, palette))


def frame_layout(chart: Chart, palette: Palette) -> go.Layout:
    """Lay out axes, legend and fonts of a picture of a chart, without its points."""
    title = {"standoff": 8, "font": {"size": 13}}
    return points_layout(
        palette,
        xaxis={
            "type": "log",
            "range": [math.log10(value) for value in chart.x_range],
            # Plotly's own labels on a log axis are a large "10" and a small "2, 5"; these read alike.
            "tickvals": log_ticks(*chart.x_range, beyond=10),
            "title": {**title, "text": f"{chart.x_title}, log scale"},
        },
        yaxis={"range": list(chart.y_range), "title": {**title, "text": html_text(chart.y_title)}},
        # The pick is drawn last and named first.
        legend={"traceorder": "reversed", "itemclick": False, "itemdoubleclick": False},
        uirevision="frontier",
        annotations=_annotations(chart, palette),
    )


def _annotations(chart: Chart, palette: Palette) -> list[dict[str, object]]:
    """Say why there is nothing to see, where that is so."""
    if not chart.points.empty:
        return []
    where = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    text = {"text": "<br>".join(chart.nothing), "font": {"size": 14, "color": palette.text}}
    return [{"showarrow": False, **where, **text}]


def _points(table: pd.DataFrame, hovers: dict[str, str], extra: tuple[str, ...] = (), **style: object) -> go.Scatter:
    """A trace of candidates, whose hover text is escaped and whose click data is the raw label."""
    labels = table["label"].tolist()
    return go.Scatter(
        # Arrays, because Plotly looks at every element of a list: a third of the time at 1,400 points.
        x=table["x"].to_numpy(float),
        y=table["y"].to_numpy(float),
        customdata=np.array([(label, *extra) for label in labels], dtype=object),
        hovertext=np.array([hovers[label] for label in labels], dtype=object),
        hoverinfo="text",
        # A click selects in Streamlit; without these it would fade every other point.
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        **style,
    )


def _dominated_trace(chart: Chart, cost: str, palette: Palette, hovers: dict[str, str]) -> go.Scatter | None:
    if chart.dominated.empty:
        return None
    return _points(
        chart.dominated,
        hovers,
        name="Dominated",
        mode="markers",
        marker={"symbol": "diamond-open", "size": 8, "color": palette.dominated, "line": {"width": 1.4}},
        error_x=_error_bars(chart, chart.dominated, cost, palette),
    )


def _undecided_trace(chart: Chart, cost: str, palette: Palette, hovers: dict[str, str]) -> go.Scatter | None:
    if chart.undecided.empty:
        return None
    return _points(
        chart.undecided,
        hovers,
        name=UNDECIDED,
        mode="markers",
        marker={"symbol": "diamond-open-dot", "size": 9, "color": palette.frontier, "line": {"width": 1.6}},
        error_x=_error_bars(chart, chart.undecided, cost, palette),
    )


def _frontier_trace(
    chart: Chart, cost: str, palette: Palette, hovers: dict[str, str], size_px: tuple[int, int]
) -> go.Scatter | None:
    if chart.frontier.empty:
        return None
    names = chart.frontier["name"].tolist()
    width, height = (size - taken for size, taken in zip(size_px, MARGINS_PX, strict=True))
    sides = place_labels(chart, names, width, height, char_width=6.6, line_height=15)
    return _points(
        chart.frontier,
        hovers,
        name="Frontier",
        mode="lines+markers+text",
        # A step, not a slope: between two models there is no third, so a budget buys what lies left of it.
        line={"shape": "hv", "width": 2, "color": palette.frontier},
        marker={"symbol": "circle", "size": 9, "color": palette.frontier},
        text=[html_text(name) if side else "" for name, side in zip(names, sides, strict=True)],
        textposition=[side or "top left" for side in sides],
        textfont={"size": 12, "color": palette.text},
        error_x=_error_bars(chart, chart.frontier, cost, palette),
    )


def _comparison_trace(
    chart: Chart, cost: str, palette: Palette, candidates: pd.DataFrame, source: AccuracySource
) -> go.Scatter | None:
    """The other setting's frontier, named by what sets it apart from the one shown."""
    if chart.comparison is None:
        return None
    known = candidates.iloc[0] if len(candidates) else {}
    setting = setting_differences(chart.comparison.iloc[0], known)
    short = setting if len(setting) <= LEGEND_CHARS else f"{setting[:LEGEND_CHARS]}…"
    texts = hover_texts(chart.comparison, cost, source)
    hovers = {label: f"{html_text(setting)}<br>{text}" for label, text in texts.items()}
    return _points(
        chart.comparison,
        hovers,
        extra=("comparison",),
        name=html_text(f"Frontier: {short}"),
        mode="lines+markers",
        line={"shape": "hv", "width": 1.6, "dash": "dash", "color": palette.comparison},
        marker={"symbol": "square", "size": 8, "color": palette.comparison},
    )


def _star_entries(palette: Palette) -> list[go.Scatter]:
    """Legend entries for the stars; the stars themselves are marks on the chart."""
    return [
        go.Scatter(
            x=[None],
            y=[None],
            name=name,
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 14,
                "color": palette.pick,
                "line": {"width": 1.5, "color": palette.pick},
            },
            unselected={"marker": {"opacity": 1}},
        )
        for name, symbol in (("Other answer", "star-open"), ("Pick", "star"))
    ]


def _selected_trace(chart: Chart, palette: Palette, selected: str | None, hovers: dict[str, str]) -> go.Scatter | None:
    points = chart.points[chart.points["label"] == selected]
    if points.empty:
        return None
    return _points(
        points,
        hovers,
        name="Selected",
        mode="markers",
        showlegend=False,
        marker={"symbol": "circle-open", "size": 24, "color": palette.text, "line": {"width": 2}},
    )


def _error_bars(chart: Chart, table: pd.DataFrame, cost: str, palette: Palette) -> dict[str, object] | None:
    """The 95 % interval of the median, where latency is shown and the points are few enough."""
    if cost != "latency" or chart.point_count > ERROR_BAR_POINTS:
        return None
    scale = SCALES[COST_COLUMNS[cost]][0]
    low, high = (pd.to_numeric(table[c]) * scale for c in ("latency_p50_low_s", "latency_p50_high_s"))
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - table["x"]).clip(lower=0).fillna(0).tolist(),
        "arrayminus": (table["x"] - low).clip(lower=0).fillna(0).tolist(),
        "color": rgba(palette.quiet, INTERVAL_ALPHA),
        "thickness": 1.2,
        "width": 3,
    }


def hover_texts(candidates: pd.DataFrame, cost: str, source: AccuracySource = IMAGENET) -> dict[str, str]:
    """Return everything known about each candidate in HTML, by `candidate_label`; text from files is escaped.

    Args:
        candidates: As for `frontier_figure`.
        cost: Key of `COST_COLUMNS`: the axis that "dominated" is told for.
        source: What the accuracies are of.
    """
    columns = (candidates[column].tolist() for column in DETAIL_COLUMNS)
    named = (dict(zip(DETAIL_COLUMNS, values, strict=True)) for values in zip(*columns, strict=True))
    rows = {_label(row["model_name"], row["img_size"]): row for row in named}
    terms, texts = Terms(source, html_text), {}
    for label, row in rows.items():
        dominator = rows.get(row["dominated_by"])
        name, *lines = candidate_lines(row, dominator, cost=cost, terms=terms)
        texts[label] = "<br>".join([f"<b>{name}</b>", *lines])
    return texts


def _label(model_name: str, img_size: float | None) -> str:
    return candidate_label(model_name, None if is_unknown(img_size) else int(img_size))
