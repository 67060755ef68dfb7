"""The pictures of the Explore page as Plotly figures: accuracy against speed, parameters against speed, proxies.

As in `reporting.figures.frontier`, colours and both backgrounds are designed here: draw with `theme=None`. Every group
of points is a trace of its own, so the legend can hide it in the browser, without the server. What is hidden stays
hidden when the picture is drawn anew; a zoom is kept as long as the axes are the same.

Seven families at a time have a colour, because more can't be told apart; each also has a shape. A hollow mark has seen
ImageNet-1k alone, a filled one more of ImageNet, one with a dot images from the web. All other families are small and
grey.

Not covered: which points there are (`selection.landscape`), and what a proxy is worth (`selection.proxies`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from bakeoff_core.formatting import count, html_text, images_per_second, is_unknown, percent, significant
from bakeoff_core.reporting.figures.palette import (
    BLUE,
    BLUISH_GREEN,
    DARK,
    GRID_ALPHA,
    LIGHT,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    Palette,
    log_ticks,
)
from bakeoff_core.reporting.figures.style import points_layout, rgba
from bakeoff_core.selection.landscape import (
    IN1K,
    IN22K,
    NO_FAMILY,
    PRETRAINING_DATA,
    UNKNOWN_DATA,
    WEB,
    Trend,
    group_name,
    trend_of,
)
from bakeoff_core.selection.proxies import Judgement

MAX_FAMILIES = 7
"""Colours of Okabe and Ito that are legible on light and on dark: all but yellow, black being the text's."""

_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "hexagon")
_FILLS = {IN1K: "-open", IN22K: "", WEB: "-open-dot", UNKNOWN_DATA: "-open"}
_DASHES = {IN1K: "dot", IN22K: "solid", WEB: "dash", UNKNOWN_DATA: "dot"}

OTHERS = "All other families"

COSTS = {"seconds_per_image": "Time per image (ms)", "macs": "Multiply-accumulates per image (G MACs)"}
"""Columns that accuracy can be drawn against, and their titles."""
_COST_SCALES = {"seconds_per_image": 1e3, "macs": 1e-9}

SMALLEST_MARK_PX, LARGEST_MARK_PX = 5.0, 20.0
PX_PER_IMG_SIZE = 8 / 224
"""Diameter of a mark per pixel of image size, so that its area follows the image's."""


def colours(dark: bool) -> tuple[str, ...]:
    """Return the families' colours, in the order in which they are given out."""
    return (BLUE, VERMILLION, BLUISH_GREEN, ORANGE, REDDISH_PURPLE, SKY_BLUE, (DARK if dark else LIGHT).text)


def accuracy_figure(
    points: pd.DataFrame,
    families: Sequence[str],
    *,
    cost: str = "seconds_per_image",
    only: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Draw accuracy against a cost on a log axis, with each family's trend line.

    Args:
        points: As `selection.landscape` makes them.
        families: Those with a colour, at most `MAX_FAMILIES`.
        cost: Key of `COSTS`: the x axis.
        only: Whether to leave the other families out.
        dark: Whether the page is dark.

    Raises:
        ValueError: `cost` is unknown, or there are too many families.
    """
    _require(families)
    if cost not in COSTS:
        raise ValueError(f"`cost` must be one of {', '.join(COSTS)}. Got {cost!r}.")
    x = points[cost].to_numpy(float) * _COST_SCALES[cost]
    placed = _placed(points, x, points["top1"].to_numpy(float))
    traces = _group_traces(placed, families, only, dark, trends=True)
    seen = _known(placed)
    layout = _layout(DARK if dark else LIGHT, _log_axis(seen["x"], COSTS[cost]), _accuracy_axis(seen["y"]))
    return go.Figure(traces, layout)


def parameter_figure(
    points: pd.DataFrame, families: Sequence[str], *, only: bool = False, dark: bool = False
) -> go.Figure:
    """Draw time per image against parameters, both on log axes: how much of the one the other tells.

    Arguments and exceptions as for `accuracy_figure`.
    """
    _require(families)
    x = points["param_count"].to_numpy(float) / 1e6
    placed = _placed(points, x, points["seconds_per_image"].to_numpy(float) * 1e3)
    traces = _group_traces(placed, families, only, dark, trends=False)
    seen = _known(placed)
    y_axis = _log_axis(seen["y"], COSTS["seconds_per_image"])
    return go.Figure(traces, _layout(DARK if dark else LIGHT, _log_axis(seen["x"], "Parameters (M)"), y_axis))


def proxy_figure(judgements: Sequence[Judgement], *, dark: bool = False) -> go.Figure:
    """Draw how much of a machine's frontier each proxy finds, one bar each, the best on top."""
    palette = DARK if dark else LIGHT
    rows = list(reversed(judgements))
    bars = go.Bar(
        orientation="h",
        x=[row.share * 100 for row in rows],
        y=[html_text(row.proxy) for row in rows],
        text=[f"{row.found} of {row.frontier}" for row in rows],
        textposition="outside",
        cliponaxis=False,
        textfont={"color": palette.text},
        marker={"color": palette.frontier},
        hoverinfo="skip",
    )
    axis = {
        "range": [0, 112],
        "tickvals": [0, 25, 50, 75, 100],
        "title": {"text": "Share of the frontier that is found (%)", "font": {"size": 13}},
        "gridcolor": rgba(palette.quiet, GRID_ALPHA),
        "zeroline": False,
        "fixedrange": True,
    }
    figure = go.Figure(bars, _layout(palette, axis, {"automargin": True, "fixedrange": True, "showline": False}))
    return figure.update_layout(showlegend=False, bargap=0.35)


def _require(families: Sequence[str]) -> None:
    if len(families) > MAX_FAMILIES:
        raise ValueError(f"`families` must name at most {MAX_FAMILIES}. Got {len(families)}.")


def _placed(points: pd.DataFrame, x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """The points that have a place on the axes, with coordinates, mark sizes and hover texts."""
    sizes = np.clip(points["img_size"].to_numpy(float) * PX_PER_IMG_SIZE, SMALLEST_MARK_PX, LARGEST_MARK_PX)
    placed = points.assign(x=x, y=y, mark=np.round(sizes, 1))[(x > 0) & np.isfinite(x) & np.isfinite(y) & (y > 0)]
    return placed.assign(hover=_hover_texts(placed))


def _known(placed: pd.DataFrame) -> pd.DataFrame:
    """The points that the axes must reach: those of known families, or all where there is none.

    What has no family is what timm made to test itself, at 40 %: with it in view the rest would be a stripe.
    """
    known = placed[placed["family"] != NO_FAMILY]
    return placed if known.empty else known


def _hover_texts(points: pd.DataFrame) -> list[str]:
    """Tag, size, accuracy, speed and batch of each point in HTML; names from files are escaped."""
    columns = ("model_name", "img_size", "top1", "seconds_per_image", "batch_size", "param_count", "macs")
    columns += ("family", "pretraining")
    return [_hover_text(*values) for values in zip(*(points[name].tolist() for name in columns), strict=True)]


def _hover_text(
    name: str,
    size: float,
    top1: float,
    seconds: float,
    batch: float,
    params: float,
    macs: float,
    family: str,
    pretraining: str,
) -> str:
    lines = [f"<b>{html_text(name)}</b>", f"{html_text(family)} · {pretraining}"]
    lines.append(f"{size:.0f} px · {percent(top1, 3)} ImageNet top-1")
    if not is_unknown(seconds):
        speed = f"{significant(seconds * 1e3)} ms an image · {images_per_second(1 / seconds)}"
        lines.append(speed if is_unknown(batch) else f"{speed} · batch {batch:.0f}")
    lines.append(f"{count(params, 'parameters')} · {count(macs, 'MACs')}")
    return "<br>".join(lines)


def _group_traces(
    placed: pd.DataFrame, families: Sequence[str], only: bool, dark: bool, *, trends: bool
) -> list[go.Scatter]:
    """The others below, then for each family and pre-training its points and its line."""
    traces = []
    if not only:
        others = placed[~placed["family"].isin(list(families))]
        if len(others):
            quiet = (DARK if dark else LIGHT).dominated
            style = {"symbol": "circle", "size": others["mark"].to_numpy() * 0.7, "color": quiet, "opacity": 0.35}
            traces.append(_points(others, OTHERS, {**style, "line": {"width": 0}}))
    for family, colour, shape in zip(families, colours(dark), _SHAPES, strict=False):
        own = placed[placed["family"] == family]
        for pretraining in PRETRAINING_DATA:
            group = own[own["pretraining"] == pretraining]
            if group.empty:
                continue
            name = group_name(family, pretraining)
            style = {"symbol": f"{shape}{_FILLS[pretraining]}", "size": group["mark"].to_numpy(), "color": colour}
            edge = {"width": 1.4, "color": colour}
            traces.append(_points(group, name, {**style, "opacity": 0.9, "line": edge}))
            trend = trend_of(group["x"].to_numpy(float), group["y"].to_numpy(float)) if trends else None
            if trend:
                traces.append(_line(trend, name, colour, _DASHES[pretraining]))
    return traces


def _points(table: pd.DataFrame, name: str, marker: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        x=table["x"].to_numpy(float),
        y=table["y"].to_numpy(float),
        hovertext=table["hover"].to_numpy(dtype=object),
        hoverinfo="text",
        mode="markers",
        name=html_text(name),
        legendgroup=html_text(name),
        uid=name,
        marker=marker,
    )


def _line(trend: Trend, name: str, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=[trend.start[0], trend.end[0]],
        y=[trend.start[1], trend.end[1]],
        mode="lines",
        name=html_text(name),
        legendgroup=html_text(name),
        uid=f"{name}, trend",
        showlegend=False,
        hoverinfo="skip",
        line={"color": colour, "width": 1.6, "dash": dash},
    )


def _log_range(values: pd.Series) -> list[float]:
    if values.empty:
        return [0.0, 3.0]
    low, high = math.log10(values.min()), math.log10(values.max())
    room = max(0.04 * (high - low), 0.1)
    return [low - room, high + room]


def _log_axis(values: pd.Series, title: str) -> dict[str, object]:
    ends = _log_range(values)
    ticks = log_ticks(*(10**end for end in ends), beyond=10)
    if ends[1] - ends[0] > 2.5:  # 2 and 5 beside each power of ten would run into each other on a phone
        ticks = [tick for tick in ticks if f"{tick:e}".startswith("1.0")]
    return {
        "type": "log",
        "range": ends,
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
        "title": {"text": f"{title}, log scale", "standoff": 8, "font": {"size": 13}},
    }


def _accuracy_axis(values: pd.Series) -> dict[str, object]:
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 100.0)
    room = 0.04 * max(high - low, 2.0)
    title = {"text": "ImageNet top-1 (%)", "standoff": 8, "font": {"size": 13}}
    return {"range": [low - room, high + room], "title": title}


def _layout(palette: Palette, x_axis: dict[str, object], y_axis: dict[str, object]) -> go.Layout:
    return points_layout(
        palette,
        xaxis={**x_axis, "uirevision": str((x_axis.get("title"), x_axis.get("range")))},
        yaxis={**y_axis, "uirevision": str((y_axis.get("title"), y_axis.get("range")))},
        legend={"itemsizing": "constant", "groupclick": "togglegroup"},
        uirevision="explore",
    )
