"""The frontier as SVG, for the report: the picture of `reporting.figures.frontier` without a browser.

Not covered: anything interactive, and a dark variant: a report is read on white.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd

from bakeoff_core.formatting import SCALES
from bakeoff_core.reporting.figures.frontier_layout import ERROR_BAR_POINTS, UNDECIDED, Chart, build_chart, place_labels
from bakeoff_core.reporting.figures.palette import GRID_ALPHA, INTERVAL_ALPHA, LIGHT, SHADE_ALPHA, log_ticks
from bakeoff_core.reporting.text.names import Terms
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.decision import COST_COLUMNS, Decision

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_INCHES = (9.0, 5.0)
LABEL_POINTS = 8.0
"""Font size of names, in typographic points."""
PLOT_POINTS = (560.0, 270.0)
"""Plotting area in points, as names are laid out for it."""

_STYLE = {
    "svg.fonttype": "none",  # text stays text: searchable, and drawn in the reader's own font
    "svg.hashsalt": "bakeoff",  # element ids follow from the content, so equal input gives equal bytes
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the layout is the same on every machine
}


def frontier_svg(
    candidates: pd.DataFrame, decision: Decision | None, *, cost: str = "latency", source: AccuracySource = IMAGENET
) -> str:
    """Draw what `reporting.figures.frontier.frontier_figure` draws, as one SVG document with a white background.

    The bytes are the same for the same input: no date, no random ids. Names are plain text in it: escaped for
    XML, and never read as mathematical notation between dollar signs.

    Args:
        candidates: Profile, accuracy and frontier columns, annotated for these axes.
        decision: Whose limits to shade and answers to mark; `None` for neither.
        cost: Key of `COST_COLUMNS`: the x axis.
        source: What the accuracies are of.

    Raises:
        ValueError: `cost` is unknown.
    """
    import matplotlib  # here, so that a server that only shows pages never loads it
    from matplotlib.figure import Figure

    chart = build_chart(candidates, decision, cost=cost, source=source)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        _draw_axes(axes, chart)
        if not chart.points.empty:
            _draw_limits(axes, chart)
        _draw_points(axes, chart, cost)
        _draw_answers(axes, chart, decision, Terms(source))
        if not chart.points.empty:
            figure.legend(loc="outside upper left", ncols=5, frameon=False, fontsize=9)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue().decode("utf-8")


def _draw_axes(axes: Axes, chart: Chart) -> None:
    axes.set_xscale("log")
    axes.set_xlim(chart.x_range)
    axes.set_ylim(chart.y_range)
    ticks = log_ticks(*chart.x_range)
    axes.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks], fontsize=9)
    axes.set_xticks([], minor=True)
    axes.tick_params(labelsize=9, length=0, colors=LIGHT.text)
    axes.set_xlabel(f"{chart.x_title}, log scale", fontsize=10, color=LIGHT.text)
    axes.set_ylabel(_printable(chart.y_title), fontsize=10, color=LIGHT.text, parse_math=False)
    axes.grid(color=LIGHT.quiet, alpha=GRID_ALPHA, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=LIGHT.quiet, alpha=INTERVAL_ALPHA)
    axes.set_axisbelow(True)


def _draw_limits(axes: Axes, chart: Chart) -> None:
    """Shade what the limits exclude, once: above the budget, then the rest below the floor."""
    (low, high), (bottom, top) = chart.x_range, chart.y_range
    budget, floor = chart.marks.budget, chart.marks.floor
    edge = high if budget is None else min(max(budget.at, low), high)
    shade = {"color": LIGHT.quiet, "alpha": SHADE_ALPHA, "linewidth": 0, "zorder": 0.5}
    line = {"color": LIGHT.limit, "linewidth": 1.2, "linestyle": ":", "zorder": 1}
    words = {"color": LIGHT.limit, "fontsize": 8, "parse_math": False}
    if budget is not None:
        axes.fill_between([edge, high], bottom, top, **shade)
        if low < budget.at < high:
            axes.axvline(budget.at, **line)
            beside = -1 if chart.is_budget_near_the_edge else 1
            offset = {"xytext": (3 * beside, 3), "textcoords": "offset points", "va": "bottom"}
            text, side = (f"over {budget.text}", "left") if beside > 0 else (f"over {budget.text} →", "right")
            axes.annotate(text, (budget.at, bottom), ha=side, **offset, **words)
    if floor is not None:
        axes.fill_between([low, edge], bottom, min(max(floor.at, bottom), top), **shade)
        if bottom < floor.at < top:
            axes.axhline(floor.at, **line)
            offset = {"xytext": (3, -3), "textcoords": "offset points", "va": "top"}
            axes.annotate(f"under {floor.text}", (low, floor.at), **offset, **words)


def _draw_points(axes: Axes, chart: Chart, cost: str) -> None:
    if chart.points.empty:
        text = "\n".join(chart.nothing)
        middle = {"transform": axes.transAxes, "ha": "center", "va": "center", "color": LIGHT.text}
        axes.text(0.5, 0.5, text, **middle)
        return
    if cost == "latency" and chart.point_count <= ERROR_BAR_POINTS:
        _draw_intervals(axes, chart.points, cost)
    frontier, dominated = chart.frontier, chart.dominated
    style = {"color": LIGHT.frontier, "linewidth": 1.8, "markersize": 6.5, "label": "Frontier"}
    axes.step(frontier["x"], frontier["y"], where="post", marker="o", zorder=3, **style)
    if len(dominated):
        style = {"color": LIGHT.dominated, "markerfacecolor": "none", "markersize": 6, "label": "Dominated"}
        axes.plot(dominated["x"], dominated["y"], linestyle="none", marker="D", zorder=2.5, **style)
    if len(chart.undecided):
        style = {"color": LIGHT.frontier, "fillstyle": "bottom", "markersize": 6, "label": UNDECIDED}
        white = {"markerfacecoloralt": "white", "zorder": 2.6}
        axes.plot(chart.undecided["x"], chart.undecided["y"], linestyle="none", marker="D", **style, **white)
    _draw_names(axes, chart)


def _draw_intervals(axes: Axes, points: pd.DataFrame, cost: str) -> None:
    """The 95 % interval of each median, where it is known."""
    scale = SCALES[COST_COLUMNS[cost]][0]
    low, high = (pd.to_numeric(points[c]) * scale for c in ("latency_p50_low_s", "latency_p50_high_s"))
    known = low.notna() & high.notna()
    style = {"color": LIGHT.quiet, "alpha": INTERVAL_ALPHA, "linewidth": 1.1, "zorder": 2}
    axes.hlines(points["y"][known], low[known], high[known], **style)


def _draw_names(axes: Axes, chart: Chart) -> None:
    names = [_printable(name) for name in chart.frontier["name"]]
    sides = place_labels(chart, names, *PLOT_POINTS, char_width=0.6 * LABEL_POINTS, line_height=1.4 * LABEL_POINTS)
    for name, side, x, y in zip(names, sides, chart.frontier["x"], chart.frontier["y"], strict=True):
        if not side:
            continue
        vertical, horizontal = side.split()
        axes.annotate(
            name,
            (x, y),
            xytext=(
                {"left": -6, "center": 0, "right": 6}[horizontal],
                {"top": 5, "middle": 0, "bottom": -5}[vertical],
            ),
            textcoords="offset points",
            ha={"left": "right", "center": "center", "right": "left"}[horizontal],
            va={"top": "bottom", "middle": "center", "bottom": "top"}[vertical],
            fontsize=LABEL_POINTS,
            color=LIGHT.text,
            parse_math=False,
        )


def _printable(text: str) -> str:
    """A text on one line; XML has no place for control characters, and an imported name can hold any."""
    return "".join(filter(str.isprintable, " ".join(text.split())))


def _draw_answers(axes: Axes, chart: Chart, decision: Decision | None, terms: Terms) -> None:
    """The pick as a filled star, the other answer as a hollow one."""
    if decision is None:
        return
    other_rule = "cheapest" if decision.rule == "most-accurate" else "most-accurate"
    answers = (
        (chart.marks.pick, f"Pick: {terms.rule(decision.rule)}", LIGHT.pick, 4.2),
        (chart.marks.other, f"Other answer: {terms.rule(other_rule)}", "none", 4),
    )
    for spot, label, fill, zorder in answers:
        if spot is not None:
            style = {"color": LIGHT.pick, "markerfacecolor": fill, "markersize": 15, "zorder": zorder}
            axes.plot([spot.x], [spot.y], linestyle="none", marker="*", label=label, **style)
