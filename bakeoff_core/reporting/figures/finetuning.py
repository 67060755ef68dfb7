"""Fine-tuning runs as Plotly figures: learning curves, and how well each class is recognised.

Colours and dashes follow the order in which runs are given, so that a run looks alike in every figure of a page.
Not covered: the frontier (`reporting.figures.frontier`), reading runs (`finetuning.request`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from bakeoff_core.finetuning.comparison.records import FULL, SCRATCH, Comparison
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.formatting import html_text
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
)
from bakeoff_core.reporting.figures.style import base_layout, rgba
from bakeoff_core.schema.metrics import ACCURACY, METRICS

LIGHT_COLOURS = (BLUE, VERMILLION, BLUISH_GREEN, REDDISH_PURPLE, ORANGE, SKY_BLUE)
DARK_COLOURS = (SKY_BLUE, ORANGE, BLUISH_GREEN, REDDISH_PURPLE, VERMILLION, BLUE)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
MOST_POINTS = 400
"""Points of a loss curve; longer ones are drawn as means of equal parts."""
SMOOTHED_PARTS = 40
"""Parts over which the loss's smooth line takes its means."""
FEW_STEPS = 10
"""Steps up to which each gets its tick."""
MOST_CLASSES = 20
"""Classes in the bar chart: the worst, where there are more."""


@dataclass(frozen=True)
class Curve:
    """A run's measurements under a name."""

    name: str
    metrics: Sequence[dict[str, Any]]
    """As `Job.metrics` returns them."""
    metric: str = ACCURACY
    """The one of `schema.metrics.METRICS` that decides."""
    best_step: int | None = None
    """Step whose weights were kept; `None` for the best so far by `metric`."""


def loss_figure(curves: Sequence[Curve], *, dark: bool = False) -> go.Figure:
    """Draw the training loss of each step, faint, and its mean over parts of the run."""
    figure, palette, colours = _empty("Training loss: how wrong it still is", dark)
    for at, curve in enumerate(curves):
        points = [(m["step"], m["loss"]) for m in curve.metrics if m.get("loss") is not None]
        if not points:
            continue
        steps, losses = (np.array(column, dtype=float) for column in zip(*points, strict=True))
        style = {"color": colours[at % len(colours)], "dash": DASHES[at % len(DASHES)]}
        fine = means(steps, losses, MOST_POINTS)
        figure.add_scatter(
            x=fine[0],
            y=fine[1],
            mode="lines",
            line={"color": rgba(style["color"], 0.3), "width": 1},
            showlegend=False,
            hoverinfo="skip",
        )
        coarse = means(steps, losses, SMOOTHED_PARTS)
        figure.add_scatter(
            x=coarse[0],
            y=coarse[1],
            mode="lines",
            name=html_text(curve.name),
            line={**style, "width": 2.4},
            hovertemplate="step %{x:.0f}: %{y:.3f}<extra></extra>",
        )
    figure.update_layout(showlegend=len(curves) > 1)
    figure.update_yaxes(rangemode="tozero", color=palette.text)
    _keep_steps_whole(figure, curves)
    return figure


def validation_figure(curves: Sequence[Curve], *, dark: bool = False) -> go.Figure:
    """Draw the metric that decides on the validation images, and ring the best step of each run.

    Accuracy, with its 95 % interval, where the runs were decided by different metrics or not all of them have theirs;
    runs of before the best weights were kept have no ring.
    """
    metric = _shared_metric(curves)
    figure, palette, colours = _empty(f"Validation {METRICS[metric].title} (%)", dark)
    for at, curve in enumerate(curves):
        points = [m for m in curve.metrics if _validated(m, metric) is not None]
        colour = colours[at % len(colours)]
        figure.add_scatter(
            x=[m["step"] for m in points],
            y=np.array([_validated(m, metric) for m in points], dtype=float),
            mode="lines+markers",
            name=html_text(curve.name),
            line={"color": colour, "width": 2.4, "dash": DASHES[at % len(DASHES)]},
            marker={"symbol": SYMBOLS[at % len(SYMBOLS)], "size": 8},
            error_y=_val_interval(points, colour) if metric == ACCURACY else None,
            hovertemplate="step %{x:.0f}: %{y:.1f} %<extra></extra>",
        )
    for at, curve in enumerate(curves):
        _ring_best(figure, curve, metric, colours[at % len(colours)], is_alone=len(curves) == 1)
    figure.update_layout(showlegend=len(curves) > 1)
    if not any(len(trace.x) for trace in figure.data):
        where = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
        words = "Nothing was validated yet, or no images<br>were held back to validate on."
        figure.add_annotation(text=words, showarrow=False, **where)
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
    figure.update_yaxes(color=palette.text)
    _keep_steps_whole(figure, curves)
    return figure


def class_figure(by_class: Sequence[dict[str, Any]], *, dark: bool = False) -> go.Figure:
    """Draw each class's test accuracy with its 95 % interval, the worst on top; only the worst where there are many.

    Args:
        by_class: As `datasets.metrics.classes.by_class` returns it.
        dark: For a dark background.
    """
    figure, _, colours = _empty("", dark)
    shown = sorted(by_class, key=lambda c: (c["accuracy"], c["name"]))[:MOST_CLASSES][::-1]
    figure.add_bar(
        x=[c["accuracy"] for c in shown],
        # A class may be named like another once both are shortened, so that bars are told apart by their place.
        y=list(range(len(shown))),
        orientation="h",
        marker={"color": colours[0]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [c["high"] - c["accuracy"] for c in shown],
            "arrayminus": [c["accuracy"] - c["low"] for c in shown],
            "thickness": 1.2,
        },
        hovertext=[f"{html_text(c['name'])}: {c['accuracy']:.1f} % of {c['images']} images" for c in shown],
        hoverinfo="text",
    )
    names = [html_text(c["name"] if len(c["name"]) <= 24 else f"{c['name'][:23]}…") for c in shown]
    figure.update_xaxes(range=[0, 101], title={"text": "Test accuracy (%)"})
    figure.update_yaxes(tickvals=list(range(len(shown))), ticktext=names, automargin=True)
    figure.update_layout(showlegend=False, height=90 + 24 * len(shown))
    return figure


def labels_figure(comparison: Comparison, *, dark: bool = False) -> go.Figure:
    """Draw how well probes on part of the labels test, beside what the whole runs reach with all of them."""
    figure, palette, colours = _empty("Test accuracy of a linear probe, by labels (%)", dark)
    points = comparison.labels
    for recipe, colour, dash in ((FULL, colours[1], "dash"), (SCRATCH, colours[2], "dot")):
        part = comparison.part(recipe)
        if part is not None:
            figure.add_scatter(
                x=[points[0].labels, points[-1].labels],
                y=[part.test_accuracy] * 2,
                mode="lines",
                name=f"{RECIPES[recipe].title}, all labels",
                line={"color": colour, "dash": dash, "width": 2.4},
                hovertemplate="%{y:.1f} %<extra></extra>",
            )
    figure.add_scatter(
        x=[point.labels for point in points],
        y=[point.test_accuracy for point in points],
        mode="lines+markers",
        name="Linear probe",
        line={"color": colours[0], "width": 2.4},
        marker={"size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [point.high - point.test_accuracy for point in points],
            "arrayminus": [point.test_accuracy - point.low for point in points],
            "color": rgba(colours[0], 0.5),
            "thickness": 1.2,
            "width": 3,
        },
        hovertemplate="%{x:,} labels: %{y:.1f} %<extra></extra>",
    )
    labels = [point.labels for point in points]
    figure.update_xaxes(type="log", title={"text": "Labelled images, log scale"}, tickvals=labels, ticktext=labels)
    figure.update_yaxes(color=palette.text)
    return figure


def means(steps: np.ndarray, values: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of steps and values over so many equal parts, or both as they are where they are fewer."""
    if len(steps) <= parts:
        return steps, values
    bins = np.array_split(np.arange(len(steps)), parts)
    return np.array([steps[b].mean() for b in bins]), np.array([values[b].mean() for b in bins])


def _shared_metric(curves: Sequence[Curve]) -> str:
    """The metric by which all of them were decided, if each that was validated has it; otherwise accuracy."""
    asked = {curve.metric for curve in curves}
    if len(asked) != 1 or not asked <= METRICS.keys():
        return ACCURACY
    (metric,) = asked
    validated = [curve for curve in curves if any(_validated(m, ACCURACY) is not None for m in curve.metrics)]
    has_it = all(any(_validated(m, metric) is not None for m in curve.metrics) for curve in validated)
    return metric if has_it else ACCURACY


def _validated(measurement: dict[str, Any], metric: str) -> float | None:
    """A metric of a validation in percent; `None` where the measurement is no validation, or lacks it."""
    if metric == ACCURACY:
        return measurement.get("val_accuracy")
    return (measurement.get("val_scores") or {}).get(metric)


def _val_interval(points: Sequence[dict[str, Any]], colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [m["val_accuracy_high"] - m["val_accuracy"] for m in points],
        "arrayminus": [m["val_accuracy"] - m["val_accuracy_low"] for m in points],
        "color": rgba(colour, 0.5),
        "thickness": 1.2,
        "width": 3,
    }


def _ring_best(figure: go.Figure, curve: Curve, metric: str, colour: str, *, is_alone: bool) -> None:
    """Ring the step whose weights a run kept, or would keep now."""
    scored = {m["step"]: m for m in curve.metrics if m.get("val_scores")}
    step = curve.best_step
    if step is None:
        own = {at: value for at, m in scored.items() if (value := _validated(m, curve.metric)) is not None}
        step = max(own, key=own.get, default=None)  # the first of equal ones
    value = _validated(scored[step], metric) if step in scored else None
    if value is None:
        return
    figure.add_scatter(
        x=[step],
        y=[value],
        mode="markers+text" if is_alone else "markers",
        text=["best"],
        # Beside the interval's bar, and on this side of the edge.
        textposition="bottom left" if step == max(scored) else "bottom right",
        showlegend=False,
        marker={"symbol": "circle-open", "size": 18, "color": colour, "line": {"width": 2.4}},
        hovertemplate="the best, step %{x:.0f}: %{y:.1f} %<extra></extra>",
        cliponaxis=False,
    )


def _keep_steps_whole(figure: go.Figure, curves: Sequence[Curve]) -> None:
    """Keep Plotly from ticks at half steps, as it sets them on a short axis."""
    if max((m["step"] for curve in curves for m in curve.metrics), default=0) <= FEW_STEPS:
        figure.update_xaxes(dtick=1)


def _empty(title: str, dark: bool) -> tuple[go.Figure, Palette, tuple[str, ...]]:
    """A figure in the house's style with nothing in it; `title` stands above it."""
    palette = DARK if dark else LIGHT
    axis = {
        "gridcolor": rgba(palette.quiet, GRID_ALPHA),
        "zerolinecolor": rgba(palette.quiet, GRID_ALPHA),
        "color": palette.text,
    }
    figure = go.Figure()
    figure.update_layout(
        **base_layout(palette),
        margin={"l": 46, "r": 12, "t": 34 if title else 8, "b": 66},
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 14}} if title else None,
        xaxis={**axis, "title": {"text": "Step", "standoff": 4}},
        yaxis=axis,
        legend={"orientation": "h", "y": -0.24, "x": 0},
        height=290,
        uirevision="kept",
    )
    return figure, palette, DARK_COLOURS if dark else LIGHT_COLOURS
