"""What Plotly figures share: the font, transparent backgrounds, and the layout of a picture of many points.

Draw them with `theme=None`: colours and fonts are designed here, and Streamlit's own theme would replace half of them.
Not covered: the colours (`reporting.figures.palette`).
"""

from __future__ import annotations

import plotly.graph_objects as go

from bakeoff_core.reporting.figures.palette import GRID_ALPHA, INTERVAL_ALPHA, Palette

FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
HOVER_LABEL = {"align": "left", "font": {"family": FONT, "size": 13}}
MARGINS_PX = (70.0, 110.0)
"""What axes and legend take off the picture's width and height before labels are laid out."""


def base_layout(palette: Palette) -> dict[str, object]:
    """Return what every figure's layout has: the font, and backgrounds through which the page shows."""
    return {
        "template": "none",
        "font": {"family": FONT, "size": 13, "color": palette.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def points_layout(
    palette: Palette, *, xaxis: dict[str, object], yaxis: dict[str, object], legend: dict[str, object], **more: object
) -> go.Layout:
    """Lay out a picture of many points: fonts, lines of the axes, a legend above the plot.

    Args:
        palette: Colours of the theme.
        xaxis: What is particular about it, as for the next two.
        yaxis: See `xaxis`.
        legend: See `xaxis`.
        more: Further entries of the layout.
    """
    axis = {
        "gridcolor": rgba(palette.quiet, GRID_ALPHA),
        "linecolor": rgba(palette.quiet, INTERVAL_ALPHA),
        "zeroline": False,
        "showline": True,
        "automargin": True,
    }
    return go.Layout(
        **base_layout(palette),
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        hovermode="closest",
        hoverlabel=HOVER_LABEL,
        # Upright at the edge, where it does not lie on the legend.
        modebar={"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "remove": ["select2d", "lasso2d"]},
        # Above the plot, in the container's coordinates: it pushes the plot down and never covers a point.
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "bgcolor": "rgba(0,0,0,0)",
            **legend,
        },
        xaxis={**axis, **xaxis},
        yaxis={**axis, **yaxis},
        **more,
    )


def rgba(colour: str, alpha: float) -> str:
    """Return a hex colour with opacity, in the only form Plotly knows for it."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"
