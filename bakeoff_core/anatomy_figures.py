"""Anatomies and speeds as Plotly figures: where a model's cost sits, and MACs against measured time.

Not covered: the frontier (`figures`), counting (`dissection`), and the sentences beside them (`anatomy_words`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from bakeoff_core.anatomy import KINDS, QUANTITIES, Anatomy
from bakeoff_core.chart import (
    BLUE,
    BLUISH_GREEN,
    DARK,
    GRID_ALPHA,
    INTERVAL_ALPHA,
    LIGHT,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    Palette,
    log_ticks,
)
from bakeoff_core.figures import FONT, rgba
from bakeoff_core.formatting import count, html_text, milliseconds, significant
from bakeoff_core.records import CandidateRef
from bakeoff_core.speeds import Disagreement, Speed

YELLOW = "#F0E442"
GREY = "#8A8F98"
LOOKS: dict[str, tuple[str, str]] = {
    "spatial": (BLUE, ""),
    "grouped": (SKY_BLUE, "/"),
    "depthwise": (VERMILLION, "x"),
    "pointwise": (ORANGE, ""),
    "fully_connected": (BLUISH_GREEN, "\\"),
    "attention": (REDDISH_PURPLE, "."),
    "normalisation": (YELLOW, "-"),
    "other": (GREY, ""),
}
"""Colour (Okabe and Ito's, as in `chart`) and pattern of each kind of layer: what colour says, the pattern repeats."""

_SHINE = "rgba(255,255,255,.6)"
_STRIPES = "repeating-linear-gradient({}deg, transparent 0 3px, " + _SHINE + " 3px 4.5px)"
_PATTERNS = {
    "": "none",
    "/": _STRIPES.format(135),
    "\\": _STRIPES.format(45),
    "-": _STRIPES.format(0),
    "x": f"{_STRIPES.format(45)}, {_STRIPES.format(135)}",
    ".": f"radial-gradient({_SHINE} 25%, transparent 30%) 0 0 / 5px 5px",
}
"""Plotly's patterns as CSS backgrounds."""

WORTH_WRITING = 0.09
"""Share of a bar from which it is written into it."""


def kinds_figure(anatomies: Sequence[Anatomy], *, dark: bool = False) -> go.Figure:
    """Draw the shares of each kind of layer in parameters, MACs and activations: one bar a quantity and model.

    Args:
        anatomies: One, or two to compare.
        dark: For a dark background.
    """
    rows = [(quantity, anatomy) for quantity in QUANTITIES for anatomy in anatomies]
    figure = _bars(dark, height=50 + 34 * len(rows))
    places = [at + 0.5 * (at // len(anatomies)) for at in range(len(rows))]  # bars of one quantity stand together
    for kind in kinds_of(anatomies):
        shares = [anatomy.share(quantity, kind) for quantity, anatomy in rows]
        _add(figure, kind, places, [share * 100 for share in shares], shares, [_hover(kind, q, a) for q, a in rows])
    ticks = [
        f"{QUANTITIES[quantity]} {count(anatomy.total(quantity))}"
        if len(anatomies) == 1
        else f"{QUANTITIES[quantity]} {'AB'[at % 2]} {count(anatomy.total(quantity))}"
        for at, (quantity, anatomy) in enumerate(rows)
    ]
    figure.update_xaxes(range=[0, 100], ticksuffix=" %", tickvals=[0, 25, 50, 75, 100])
    figure.update_yaxes(tickvals=places, ticktext=ticks, range=[places[-1] + 0.6, -0.6])
    return figure


def stages_figure(
    anatomy: Anatomy, quantity: str, *, absolute: bool = False, most: float | None = None, dark: bool = False
) -> go.Figure:
    """Draw how much of a quantity each stage has, by kind of layer, from the input on top to the head.

    Args:
        anatomy: The model's.
        quantity: Key of `anatomy.QUANTITIES`.
        absolute: In numbers rather than in shares of the model's total.
        most: End of the axis, so that two models can be compared; `None` for what fits.
        dark: For a dark background.
    """
    figure = _bars(dark, height=50 + 28 * len(anatomy.stages))
    whole = anatomy.total(quantity) or 1
    scale, prefix = _prefix(most or largest_stage(anatomy, quantity)) if absolute else (whole / 100, "")
    places = list(range(len(anatomy.stages)))
    for kind in anatomy.kinds:
        totals = [anatomy.total(quantity, kind=kind, stage=at) for at in places]
        texts = [_hover(kind, quantity, anatomy, at) for at in places]
        _add(figure, kind, places, [total / scale for total in totals], [0.0] * len(places), texts)
    end = (most or largest_stage(anatomy, quantity)) / scale if absolute or most is None else most
    figure.update_xaxes(
        range=[0, max(end, 1e-9) * 1.03],
        ticksuffix="" if absolute else " %",
        nticks=5,
        title={"text": f"{QUANTITIES[quantity]}{f' ({prefix})' if prefix else ''}" if absolute else "", "standoff": 4},
    )
    figure.update_yaxes(
        tickvals=places, ticktext=[html_text(stage.title) for stage in anatomy.stages], range=[places[-1] + 0.6, -0.6]
    )
    return figure


def legend_html(kinds: Sequence[str]) -> str:
    """Return the legend of `kinds_figure` and `stages_figure` as HTML that wraps; each entry tells its meaning."""
    entries = []
    for kind in kinds:
        colour, pattern = LOOKS[kind]
        back = colour if pattern == "" else f"{_PATTERNS[pattern]}, {colour}"
        swatch = f"display:inline-block;width:.9em;height:.9em;margin-right:.4em;vertical-align:-.1em;background:{back}"
        chip = f'<span style="{swatch}"></span>{KINDS[kind].title}'
        entries.append(f'<span title="{html_text(KINDS[kind].meaning)}">{chip}</span>')
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.85rem">{"".join(entries)}</div>'


def largest_stage(anatomy: Anatomy, quantity: str) -> int:
    """Return how much of a quantity the stage has that has most of it."""
    return max(anatomy.total(quantity, stage=at) for at in range(len(anatomy.stages)))


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
            name="Shown above",
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
    labels = [html_text(names.get(s.ref, s.model_name)) for s in group]
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
        "template": "none",
        "font": {"family": FONT, "size": 13, "color": palette.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 54, "t": 24, "b": 8},
        "hoverlabel": {"align": "left", "font": {"family": FONT, "size": 13}},
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


def kinds_of(anatomies: Sequence[Anatomy]) -> list[str]:
    """Return the kinds that any of the models has, in the order of `KINDS`."""
    return [kind for kind in KINDS if any(kind in anatomy.kinds for anatomy in anatomies)]


def _bars(dark: bool, height: int) -> go.Figure:
    """An empty figure of horizontal bars that are stacked, in the house's style."""
    palette = DARK if dark else LIGHT
    axis = {"gridcolor": rgba(palette.quiet, GRID_ALPHA), "zeroline": False, "color": palette.text, "automargin": True}
    return go.Figure(
        layout={
            "template": "none",
            "barmode": "stack",
            "bargap": 0.25,
            "font": {"family": FONT, "size": 13, "color": palette.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "hoverlabel": {"align": "left", "font": {"family": FONT, "size": 13}},
            "height": height,
            "uirevision": "anatomy",
            "xaxis": axis,
            "yaxis": {**axis, "showgrid": False},
            "showlegend": False,  # the page writes one that wraps on a phone
        }
    )


def _add(
    figure: go.Figure,
    kind: str,
    places: Sequence[float],
    lengths: Sequence[float],
    shares: Sequence[float],
    hovers: Sequence[str],
) -> None:
    """Add one kind's bars; a share that is large enough is written into its bar."""
    colour, pattern = LOOKS[kind]
    figure.add_bar(
        orientation="h",
        x=list(lengths),
        y=list(places),
        name=KINDS[kind].title,
        width=0.8,
        marker={
            "color": colour,
            "pattern": {
                "shape": pattern,
                "bgcolor": colour,
                "fgcolor": "rgba(255,255,255,0.65)",
                "size": 7,
                "solidity": 0.2,
            },
            "line": {"width": 0.6, "color": "rgba(20,24,30,0.55)"},
        },
        text=[f"<b>{share:.0%}</b>".replace("%", " %") if share >= WORTH_WRITING else "" for share in shares],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        constraintext="none",
        textfont={"color": "#FFFFFF" if colour == BLUE else "#14181E", "size": 12},
        hovertext=list(hovers),
        hoverinfo="text",
    )


def _hover(kind: str, quantity: str, anatomy: Anatomy, stage: int | None = None) -> str:
    total = anatomy.total(quantity, kind=kind, stage=stage)
    share = total / (anatomy.total(quantity) or 1)
    where = "" if stage is None else f", {html_text(anatomy.stages[stage].title)}"
    return (
        f"<b>{KINDS[kind].title}</b>{where}<br>{count(total)} {QUANTITIES[quantity]}, "
        f"{significant(share * 100, 2)} % of all<br>{html_text(anatomy.label)}"
    )


def _prefix(largest: float) -> tuple[float, str]:
    """A scale for numbers up to this one, and the prefix that is read then."""
    return next(((scale, name) for scale, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if largest >= scale), (1.0, ""))
