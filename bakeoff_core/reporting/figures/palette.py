"""Colours and opacities, one a meaning and the same in every picture, and the values to write on a log axis.

Not covered: fonts and the layout of Plotly figures (`reporting.figures.style`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# Okabe and Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/: tells apart under every
# common colour blindness. Shape repeats what colour says, so a print in grey loses nothing.
BLUE = "#0072B2"
SKY_BLUE = "#56B4E9"
ORANGE = "#E69F00"
VERMILLION = "#D55E00"
BLUISH_GREEN = "#009E73"
REDDISH_PURPLE = "#CC79A7"

SHADE_ALPHA = 0.16
"""Opacity of the infeasible region: the points in it stay readable."""
INTERVAL_ALPHA = 0.5
"""Opacity of error bars: they inform without shouting."""
GRID_ALPHA = 0.22


@dataclass(frozen=True)
class Palette:
    """One colour a meaning, the same on every page."""

    frontier: str
    dominated: str
    pick: str
    comparison: str
    quiet: str
    """Region outside the limits, grid and error bars, each with its opacity."""
    limit: str
    """The line at a limit and its words."""
    text: str


LIGHT = Palette(BLUE, "#8A8F98", VERMILLION, BLUISH_GREEN, quiet="#6B7280", limit="#5A606A", text="#262B33")
"""For a light background: the darker members of the palette."""

DARK = Palette(SKY_BLUE, "#8B93A1", ORANGE, REDDISH_PURPLE, quiet="#AEB6C2", limit="#B4BCC8", text="#E6E9EE")
"""For a dark background: the lighter members of the same palette."""


def log_ticks(low: float, high: float, beyond: float = 1) -> list[float]:
    """Return the values to write on a log axis: 1, 2, 5 in each decade, more where those would be too few.

    Args:
        low: Start of the axis, above 0.
        high: Its end.
        beyond: Factor by which the values reach past both ends, for an axis that can be panned.
    """
    decades = range(math.floor(math.log10(low / beyond)), math.ceil(math.log10(high * beyond)) + 1)
    ticks: list[float] = []
    for steps in (
        (1, 2, 5),
        (1, 1.5, 2, 3, 4, 6, 8),
        (1, 1.2, 1.4, 1.6, 1.8, *(n / 2 for n in range(4, 20))),
    ):
        ticks = [float(f"{step * 10.0**decade:.3g}") for decade in decades for step in steps]
        if sum(low <= tick <= high for tick in ticks) >= 4:
            break
    return [tick for tick in ticks if low / beyond <= tick <= high * beyond]
