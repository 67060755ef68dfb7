"""A ranking as a picture: what each backbone came to on the user's images by the deciding metric, with its interval.

Not covered: the numbers (`ranking.records`), and the frontier.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from bakeoff_core.formatting import html_text, percent
from bakeoff_core.ranking.records import RankFindings, Ranking, RankRow
from bakeoff_core.reporting.figures.palette import BLUE, DARK, GRID_ALPHA, LIGHT, ORANGE, SKY_BLUE, VERMILLION, Palette
from bakeoff_core.reporting.figures.style import HOVER_LABEL, base_layout, rgba
from bakeoff_core.schema.metrics import ACCURACY, METRICS, Score

ROW_PX, FRAME_PX = 30, 120
MOST_SHOWN = 40
"""Bars at most, the best; the table has all."""
TICK_CHARS = 28
ROOM = 4.0
"""Percentage points left free below the lowest interval."""


def ranking_figure(ranking: Ranking, findings: RankFindings, *, dark: bool = False) -> go.Figure:
    """Draw probes as bars with 95 % intervals, and what chance would give as a line.

    Marks are the nearest neighbours' accuracy; where another metric decides, the probes' own, which may hide a class.

    Args:
        ranking: With at least one result.
        findings: As `ranking.records.find` returns them; says who is the pick.
        dark: For a dark background.
    """
    palette = DARK if dark else LIGHT
    rows = ranking.ranked()[:MOST_SHOWN][::-1]
    places = list(range(len(rows)))
    colours = [_colour(row, findings, dark) for row in rows]
    scores = [row.score(ranking.metric) or Score(0, 0, 0) for row in rows]
    by_accuracy = ranking.metric == ACCURACY
    marks = [row.knn_accuracy if by_accuracy else row.probe_accuracy for row in rows]
    hovers = [_hover(row, ranking) for row in rows]
    figure = go.Figure()
    figure.add_bar(
        x=[score.value for score in scores],
        y=places,
        orientation="h",
        name="Linear probe",
        showlegend=False,
        marker={"color": colours},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [score.high - score.value for score in scores],
            "arrayminus": [score.value - score.low for score in scores],
            "color": palette.text,
            "thickness": 1.2,
        },
        hovertext=hovers,
        hoverinfo="text",
    )
    figure.add_scatter(
        x=marks,
        y=places,
        mode="markers",
        name="Nearest neighbours" if by_accuracy else "Accuracy",
        # A diamond marks the best by ImageNet, too, but that one stands before a name.
        marker={
            "symbol": "diamond-open" if by_accuracy else "circle-open",
            "size": 9,
            "color": palette.text,
            "line": {"width": 1.6},
        },
        hovertext=hovers,
        hoverinfo="text",
    )
    low = max(0.0, min(*(score.low for score in scores), *marks) - ROOM)
    chance = ranking.chance
    if chance is not None and chance > low - 2 * ROOM:
        low = max(0.0, min(low, chance - ROOM))
        figure.add_vline(
            x=chance,
            line={"dash": "dot", "color": palette.quiet, "width": 1.6},
            annotation={"text": "chance", "font": {"size": 11, "color": palette.quiet}, "yanchor": "bottom"},
        )
    names = [_name(row, findings) for row in rows]
    figure.update_layout(_layout(palette, names, low, METRICS[ranking.metric].heading))
    return figure


def _layout(palette: Palette, names: Sequence[str], low: float, metric: str) -> go.Layout:
    """A row for each name, from the bottom up; the axis of the metric begins at `low`."""
    axis = {"gridcolor": rgba(palette.quiet, GRID_ALPHA), "zeroline": False, "automargin": True}
    return go.Layout(
        **base_layout(palette),
        margin={"l": 8, "r": 14, "t": 34, "b": 8},
        height=FRAME_PX + ROW_PX * len(names),
        bargap=0.35,
        hoverlabel=HOVER_LABEL,
        legend={"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"},
        xaxis={
            **axis,
            "range": [low, 100],
            "title": {"text": f"{metric} on your test images (%)", "standoff": 6, "font": {"size": 13}},
        },
        yaxis={
            **axis,
            "showgrid": False,
            "tickvals": list(range(len(names))),
            "ticktext": list(names),
            "range": [-0.6, len(names) - 0.4],
        },
        uirevision="ranking",
    )


def _colour(row: RankRow, findings: RankFindings, dark: bool) -> str:
    if row == findings.own_pick:
        return ORANGE if dark else VERMILLION
    return SKY_BLUE if dark else BLUE


def _name(row: RankRow, findings: RankFindings) -> str:
    name = row.model_name.partition(".")[0]
    name = name if len(name) <= TICK_CHARS else f"{name[: TICK_CHARS - 1]}…"
    marks = "★ " * (row == findings.own_pick) + "◇ " * (row == findings.imagenet_pick)
    return f"{marks}{html_text(name)}"


def _hover(row: RankRow, ranking: Ranking) -> str:
    lines = [f"<b>{html_text(row.model_name)}</b> at {row.img_size} px"]
    for name in dict.fromkeys((ranking.metric, ACCURACY)):
        score = row.score(name)
        if score is not None:
            told = "Linear probe" if ranking.metric == ACCURACY else f"{METRICS[name].heading} of the linear probe"
            lines.append(f"{told}: {percent(score.value)} ({percent(score.low)} to {percent(score.high)})")
    of_accuracy = "" if ranking.metric == ACCURACY else ", accuracy"
    return "<br>".join([*lines, f"Nearest neighbours{of_accuracy}: {percent(row.knn_accuracy)}"])
