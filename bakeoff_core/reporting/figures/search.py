"""A search as a Plotly figure: what was measured solid, with the frontier so far; what is predicted faint, with ranges.

Drawn with the frontier's own marks, so that the two pictures read alike. Not covered: which models are measured next
(`search.outlook`), and the words (`reporting.text.search`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from bakeoff_core.formatting import html_text, limit_text
from bakeoff_core.reporting.figures.frontier import frontier_figure, hover_texts
from bakeoff_core.reporting.figures.palette import DARK, LIGHT, Palette, log_ticks
from bakeoff_core.reporting.figures.style import rgba
from bakeoff_core.reporting.text.names import Terms
from bakeoff_core.reporting.text.search import prediction_text
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.records import PredictedModel
from bakeoff_core.selection.pareto import annotate, find_frontier, floats_of

MOST_PREDICTIONS = 300
"""Predictions drawn at most: a browser is slow with more, and what is far from the frontier tells nothing."""
BEYOND = 1.5
"""Times the latency budget up to which a prediction may begin to be drawn."""
WIDE = 2.5
"""Decades of latency from which on powers of ten alone are written on the axis."""
POINT_ALPHA, RANGE_ALPHA = 0.45, 0.12
"""Opacities of a predicted point and of its range."""


def search_figure(
    candidates: pd.DataFrame,
    predictions: Sequence[PredictedModel],
    limits: Limits,
    *,
    dark: bool = False,
    source: AccuracySource = IMAGENET,
    size_px: tuple[int, int] = (800, 440),
) -> go.Figure:
    """Draw accuracy against latency: measured models with their frontier, and those predicted that are nearest to it.

    Args:
        candidates: What is measured by now: profile and accuracy columns.
        predictions: Of models that are not measured.
        limits: A line at the latency budget and at the accuracy floor.
        dark: Whether the page is dark.
        source: What the accuracies are of.
        size_px: As for `reporting.figures.frontier.frontier_figure`.
    """
    palette = DARK if dark else LIGHT
    candidates = annotate(candidates, cost="latency")
    draw = functools.partial(
        frontier_figure, candidates, dark=dark, source=source, hovers=hover_texts(candidates, "latency", source)
    )
    figure, shown = draw(size_px=size_px), nearest(predictions, candidates, limits)
    if shown:
        x_range, y_range = _reach(shown, candidates, limits)
        # Names have to keep apart in what is left of the picture for what was measured.
        parts = (_span(figure.layout.xaxis.range) / _span(x_range), _span(figure.layout.yaxis.range) / _span(y_range))
        figure = draw(size_px=tuple(round(size * min(1.0, part)) for size, part in zip(size_px, parts, strict=True)))
        figure = go.Figure([_predicted(shown, palette, Terms(source, html_text)), *figure.data], figure.layout)
        figure.layout.annotations = ()  # that say that nothing is measured
        figure.update_xaxes(range=x_range, tickvals=_ticks(x_range)).update_yaxes(range=y_range)
    # Solid: hollow beside what is faint would look like something between measured and predicted.
    figure.update_traces(marker_symbol="diamond", selector={"name": "Dominated"})
    _draw_limits(figure, limits, palette)
    return figure.update_layout(uirevision="search", showlegend=True)


def nearest(
    predictions: Sequence[PredictedModel], candidates: pd.DataFrame, limits: Limits
) -> tuple[PredictedModel, ...]:
    """Return the predictions worth drawing: those that stand highest above, or least below, the frontier so far.

    Args:
        predictions: The most accurate first.
        candidates: As for `search_figure`.
        limits: What begins far beyond the latency budget is left out, unless everything does.

    Returns:
        At most `MOST_PREDICTIONS`, the nearest first.
    """
    budget = math.inf if limits.max_latency_s is None else limits.max_latency_s
    known = {ref.undeployed for ref in candidate_refs(candidates)}  # since they were predicted
    still = [model for model in predictions if CandidateRef(model.model_name, model.img_size) not in known]
    within = [model for model in still if model.low_s <= BEYOND * budget] or still
    latency, top1 = floats_of(candidates["latency_p50_s"]), floats_of(candidates["top1"])
    on_frontier = find_frontier(latency, top1).non_dominated
    order = np.argsort(latency[on_frontier])
    steps, reached = latency[on_frontier][order], np.concatenate(([-np.inf], top1[on_frontier][order]))
    at = np.searchsorted(steps, [model.latency_s for model in within], side="right")
    below = reached[at] - np.array([model.top1 for model in within])
    return tuple(within[i] for i in np.argsort(below, kind="stable")[:MOST_PREDICTIONS])


def _predicted(shown: Sequence[PredictedModel], palette: Palette, terms: Terms) -> go.Scatter:
    middle, low, high = (np.array([getattr(m, name) for m in shown]) * 1e3 for name in ("latency_s", "low_s", "high_s"))
    return go.Scatter(
        x=middle,
        y=np.array([model.top1 for model in shown]),
        hovertext=np.array([prediction_text(model, terms) for model in shown], dtype=object),
        hoverinfo="text",
        mode="markers",
        name="Predicted, with its range",
        uid="predicted",
        marker={"symbol": "circle", "size": 5, "color": rgba(palette.quiet, POINT_ALPHA), "line": {"width": 0}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": high - middle,
            "arrayminus": middle - low,
            "color": rgba(palette.quiet, RANGE_ALPHA),
            "thickness": 1,
            "width": 0,
        },
    )


def _reach(
    shown: Sequence[PredictedModel], candidates: pd.DataFrame, limits: Limits
) -> tuple[list[float], list[float]]:
    """The ranges of both axes, the first of logarithms of milliseconds, that hold all points and the budget.

    The ranges of predictions may be cut.
    """
    latency, top1 = floats_of(candidates["latency_p50_s"]), floats_of(candidates["top1"])
    is_placed = ~(np.isnan(latency) | np.isnan(top1))
    budget = [] if limits.max_latency_s is None else [limits.max_latency_s]
    x = np.log10(np.concatenate([latency[is_placed], [model.latency_s for model in shown], budget]) * 1e3)
    y = np.concatenate([top1[is_placed], [model.top1 for model in shown]])
    room, rise = max(0.06 * np.ptp(x), 0.05), max(np.ptp(y), 2.0)
    return [float(x.min() - room), float(x.max() + room)], [float(y.min() - 0.08 * rise), float(y.max() + 0.1 * rise)]


def _span(ends: Sequence[float]) -> float:
    return ends[1] - ends[0]


def _ticks(ends: Sequence[float]) -> list[float]:
    """The values to write on the axis of latencies, given the logarithms of its ends."""
    ticks = log_ticks(*(10**end for end in ends), beyond=10)
    if _span(ends) > WIDE:  # 2 and 5 beside each power of ten would run into each other on a phone
        return [tick for tick in ticks if f"{tick:e}".startswith("1.0")]
    return ticks


def _draw_limits(figure: go.Figure, limits: Limits, palette: Palette) -> None:
    line = {"type": "line", "line": {"color": palette.limit, "width": 1.4, "dash": "dash"}}
    words = {"showarrow": False, "font": {"size": 12, "color": palette.limit}, "yanchor": "bottom"}
    if limits.max_latency_s is not None:
        budget_ms, text = limits.max_latency_s * 1e3, limit_text("latency_p50_s", limits.max_latency_s)
        figure.add_shape(x0=budget_ms, x1=budget_ms, y0=0, y1=1, yref="y domain", **line)
        # An annotation on a log axis is placed by the logarithm, a shape by the value.
        at, ends = math.log10(budget_ms), figure.layout.xaxis.range
        side = "right" if at > (ends[0] + ends[1]) / 2 else "left"
        place = {"x": at, "xanchor": side, "y": 0, "yref": "y domain"}
        figure.add_annotation(text=f"at most {text}", **place, **words)
    if limits.min_top1 is not None:
        text = limit_text("top1", limits.min_top1)
        figure.add_shape(y0=limits.min_top1, y1=limits.min_top1, x0=0, x1=1, xref="x domain", **line)
        place = {"y": limits.min_top1, "x": 0, "xref": "x domain", "xanchor": "left"}
        figure.add_annotation(text=f"at least {text}", **place, **words)
