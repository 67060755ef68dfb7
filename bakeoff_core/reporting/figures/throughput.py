"""MACs against measured time as a Plotly figure, with lines of equal MACs a second and the pairs that disagree.

Not covered: which pairs disagree (`profiling.throughput`) and why (`reporting.text.anatomy`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from bakeoff_core.formatting import count, html_text, milliseconds
from bakeoff_core.profiling.throughput import Disagreement, Speed
from bakeoff_core.reporting.figures.palette import DARK, GRID_ALPHA, INTERVAL_ALPHA, LIGHT, Palette, log_ticks
from bakeoff_core.reporting.figures.style import HOVER_LABEL, base_layout, rgba
from bakeoff_core.schema.candidate import CandidateRef


def speed_figure(
    speeds: Sequence[Speed],
    pairs: Sequence[Disagreement],
    names: Mapping[CandidateRef, str],
    *,
    selected: Sequence[CandidateRef] = (),
    dark: bool = False,
) -> go.Figure:
    """Draw MACs against measured time on log axes, with lines of equal MACs a second and the disagreeing pairs.

    Args:
        speeds: Of one setting; at least one.
        pairs: To name and to join by a line.
        names: Short name of each model.
        selected: Models to ring.
        dark: For a dark background.
    """
    palette = DARK if dark else LIGHT
    x, y = ([value * 1e-9 for value in (s.macs for s in speeds)], [s.image_s * 1e3 for s in speeds])
    x_range, y_range = _range(x), _range(y)
    figure = go.Figure(layout=_layout(palette, x_range, y_range))
    rates = [macs / seconds for macs, seconds in zip(x, y, strict=True)]
    _add_lines(figure, palette, rates, x_range, y_range)
    middle = math.sqrt(x_range[0] * x_range[1])
    slow = {pair.fewer.ref for pair in pairs}
    quick = {pair.more.ref for pair in pairs} - slow
    for at, pair in enumerate(pairs):
        figure.add_scatter(
            x=[pair.fewer.macs * 1e-9, pair.more.macs * 1e-9],
            y=[pair.fewer.image_s * 1e3, pair.more.image_s * 1e3],
            mode="lines",
            line={"color": palette.text, "width": 1.4, "dash": "dot"},
            name="Disagreeing pair",
            showlegend=at == 0,
            hoverinfo="skip",
        )
    groups = (
        ("Other models", [s for s in speeds if s.ref not in slow | quick], "diamond-open", palette.dominated, ""),
        (
            "Faster than its MACs promise",
            [s for s in speeds if s.ref in quick],
            "circle",
            palette.frontier,
            "bottom right",
        ),
        ("Slower than its MACs promise", [s for s in speeds if s.ref in slow], "triangle-up", palette.pick, "top left"),
    )
    for title, group, symbol, colour, side in groups:
        if group:
            marker = {"symbol": symbol, "size": 10, "color": colour, "line": {"width": 1.4}}
            figure.add_scatter(name=title, marker=marker, **_points(group, names, palette, side, selected, middle))
    ringed = [speed for speed in speeds if speed.ref in selected]
    if ringed:
        figure.add_scatter(
            x=[s.macs * 1e-9 for s in ringed],
            y=[s.image_s * 1e3 for s in ringed],
            mode="markers",
            marker={"symbol": "circle-open", "size": 22, "color": palette.text, "line": {"width": 2}},
            name="Taken apart",
            hoverinfo="skip",
        )
    return figure


def _points(
    group: Sequence[Speed],
    names: Mapping[CandidateRef, str],
    palette: Palette,
    side: str,
    selected: Sequence[CandidateRef],
    middle: float,
) -> dict[str, object]:
    """A group of models; named on one side of their points, or where there is none, only those that are selected.

    `middle` is the middle of the horizontal axis.
    """
    labels = [html_text(names.get(s.ref, s.ref.model_name)) for s in group]
    hovers = [
        f"<b>{label}</b><br>{count(s.macs, 'MACs')}<br>{milliseconds(s.image_s)} an image<br>"
        f"{count(s.macs_per_second, 'MACs')} a second"
        for label, s in zip(labels, group, strict=True)
    ]
    return {
        "x": [s.macs * 1e-9 for s in group],
        "y": [s.image_s * 1e3 for s in group],
        "mode": "markers+text",
        "text": [label if side or s.ref in selected else "" for label, s in zip(labels, group, strict=True)],
        # A name to the left of a point that is far left would leave a narrow picture.
        "textposition": [side if s.macs * 1e-9 > middle else "top right" for s in group] if side else "top center",
        "textfont": {"size": 11, "color": palette.text},
        "hovertext": hovers,
        "hoverinfo": "text",
        "cliponaxis": False,
    }


def _add_lines(
    figure: go.Figure,
    palette: Palette,
    rates: Sequence[float],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> None:
    """Add lines of equal MACs a second; each is named where it leaves the picture.

    Args:
        figure: To add to.
        palette: Colours.
        rates: Of the models, in T MACs a second: what G MACs over ms are.
        x_range: Ends of the axis.
        y_range: Ends of the axis.
    """
    slowest, fastest = min(rates), max(rates)
    for rate in log_ticks(slowest / 1.5, fastest * 1.5):
        left, right = max(x_range[0], rate * y_range[0]), min(x_range[1], rate * y_range[1])
        if right < left * 1.3:  # only a corner of the picture
            continue
        figure.add_scatter(
            x=[left, right],
            y=[left / rate, right / rate],
            mode="lines",
            line={"color": rgba(palette.quiet, INTERVAL_ALPHA), "width": 1},
            showlegend=False,
            hoverinfo="skip",
        )
        at_top = right < x_range[1] * 0.999
        figure.add_annotation(
            x=math.log10(right),
            y=math.log10(right / rate),
            text=f"{count(rate * 1e12, digits=2 if rate * 1e12 >= 1e10 else 1)}/s".replace(".0 ", " "),
            showarrow=False,
            xanchor="center" if at_top else "left",
            yanchor="bottom" if at_top else "middle",
            font={"size": 10, "color": palette.limit},
        )


def _layout(palette: Palette, x_range: tuple[float, float], y_range: tuple[float, float]) -> dict[str, object]:
    axis = {
        "type": "log",
        "gridcolor": rgba(palette.quiet, GRID_ALPHA),
        "linecolor": rgba(palette.quiet, INTERVAL_ALPHA),
        "showline": True,
        "zeroline": False,
        "automargin": True,
    }
    title = {"standoff": 8, "font": {"size": 13}}

    def scaled(name: str, ends: tuple[float, float]) -> dict[str, object]:
        ticks = log_ticks(*ends, beyond=10)
        return {
            **axis,
            "range": [math.log10(end) for end in ends],
            "tickvals": ticks,
            "ticktext": [f"{tick:,g}" for tick in ticks],
            "title": {**title, "text": name},
        }

    return {
        **base_layout(palette),
        "margin": {"l": 8, "r": 54, "t": 24, "b": 8},
        "hoverlabel": HOVER_LABEL,
        "uirevision": "speeds",
        "height": 440,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "bgcolor": "rgba(0,0,0,0)",
        },
        "xaxis": scaled("Multiply-accumulates of one image (G MACs), log scale", x_range),
        "yaxis": scaled("Time of one image (ms), log scale", y_range),
    }


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The values' range with room around them on a log scale."""
    low, high = min(values), max(values)
    room = (high / low) ** 0.12 * 1.15
    return low / room, high * room
