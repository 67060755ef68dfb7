"""Anatomies as Plotly figures: which kinds of layers, in which stages, a model's cost sits in.

Not covered: MACs against time (`reporting.figures.throughput`), counting (`profiling.anatomy.trace`), and the sentences
(`reporting.text.anatomy`).
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from bakeoff_core.formatting import count, html_text, significant
from bakeoff_core.profiling.anatomy.records import LAYER_KINDS, QUANTITIES, Anatomy
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
)
from bakeoff_core.reporting.figures.style import HOVER_LABEL, base_layout, rgba

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
"""Colour (Okabe and Ito's, as in `reporting.figures.frontier_layout`) and pattern of each kind of layer: what colour
says, the pattern repeats."""

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
        quantity: Key of `profiling.anatomy.records.QUANTITIES`.
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
        chip = f'<span style="{swatch}"></span>{LAYER_KINDS[kind].title}'
        entries.append(f'<span title="{html_text(LAYER_KINDS[kind].meaning)}">{chip}</span>')
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.85rem">{"".join(entries)}</div>'


def largest_stage(anatomy: Anatomy, quantity: str) -> int:
    """Return how much of a quantity the stage has that has most of it."""
    return max(anatomy.total(quantity, stage=at) for at in range(len(anatomy.stages)))


def kinds_of(anatomies: Sequence[Anatomy]) -> list[str]:
    """Return the kinds that any of the models has, in the order of `KINDS`."""
    return [kind for kind in LAYER_KINDS if any(kind in anatomy.kinds for anatomy in anatomies)]


def _bars(dark: bool, height: int) -> go.Figure:
    """An empty figure of horizontal bars that are stacked, in the house's style."""
    palette = DARK if dark else LIGHT
    axis = {"gridcolor": rgba(palette.quiet, GRID_ALPHA), "zeroline": False, "color": palette.text, "automargin": True}
    return go.Figure(
        layout={
            **base_layout(palette),
            "barmode": "stack",
            "bargap": 0.25,
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "hoverlabel": HOVER_LABEL,
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
        name=LAYER_KINDS[kind].title,
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
        f"<b>{LAYER_KINDS[kind].title}</b>{where}<br>{count(total)} {QUANTITIES[quantity]}, "
        f"{significant(share * 100, 2)} % of all<br>{html_text(anatomy.label)}"
    )


def _prefix(largest: float) -> tuple[float, str]:
    """A scale for numbers up to this one, and the prefix that is read then."""
    return next(((scale, name) for scale, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if largest >= scale), (1.0, ""))
