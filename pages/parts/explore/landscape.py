"""Accuracy against speed, and parameters against speed, of hundreds of models on one machine."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.figures.landscape import MAX_FAMILIES, accuracy_figure, parameter_figure
from bakeoff_core.reporting.text.landscape import explain_accuracies
from bakeoff_core.reporting.text.settings import setting_description
from bakeoff_core.selection.landscape import NO_FAMILY, families_in, usual_families
from pages.parts.common import plotly_chart
from pages.parts.explore.origins import INFERENCE, Origin

ORIGIN, FAMILIES = "explore_origin", "explore_families"
"""Session keys of the choices."""

ACCURACY, PARAMETERS = "Accuracy and speed", "Parameters and speed"
HEIGHT_PX = 480
DOUBLE_CLICK_MS = 140
"""How long Plotly waits for a second click in the legend before it hides a family; its own 500 feel like a fault."""


def show_next(machine: str, part: str) -> None:
    """Have the next run show a table of a published machine."""
    st.session_state[f"{ORIGIN}_next"] = f"{machine}, {part}"


def draw(origins: Sequence[Origin]) -> None:
    """Draw the choices and the picture.

    Args:
        origins: What there is to choose from; the first is shown at first.
    """
    by_label = {origin.label: origin for origin in origins}
    requested = st.session_state.pop(f"{ORIGIN}_next", None)
    if requested in by_label:
        st.session_state[ORIGIN] = requested
    elif st.session_state.get(ORIGIN) not in by_label:
        st.session_state.pop(ORIGIN, None)
    _draw(by_label)


@st.fragment
def _draw(by_label: dict[str, Origin]) -> None:
    """All that follows a choice of families; reruns alone, the rest of the page staying as it is."""
    left, right = st.columns([4, 3], vertical_alignment="bottom")
    label = left.selectbox(
        "Whose speeds",
        list(by_label),
        key=ORIGIN,
        persist_state="session",
        help="One picture shows one machine: speeds from different machines are never mixed.",
    )
    origin = by_label[label]
    picture = ACCURACY
    if origin.has_speed:
        picture = right.segmented_control(
            "Picture",
            (ACCURACY, PARAMETERS),
            default=ACCURACY,
            required=True,
            key="explore_picture",
            persist_state="session",
            label_visibility="collapsed",
        )
    families, only = _draw_families(origin)
    if picture == ACCURACY:
        cost = "seconds_per_image" if origin.has_speed else "macs"
        figure = accuracy_figure(origin.points, families, cost=cost, only=only, dark=plotly_chart.is_dark())
    else:
        figure = parameter_figure(origin.points, families, only=only, dark=plotly_chart.is_dark())
    figure.update_layout(height=HEIGHT_PX)
    st.plotly_chart(
        figure,
        key="explore",
        theme=None,
        width="stretch",
        config={
            "displaylogo": False,
            "doubleClickDelay": DOUBLE_CLICK_MS,
            "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
        },
    )
    st.caption(_reading(origin, picture))
    st.caption(_where(origin))


def _draw_families(origin: Origin) -> tuple[list[str], bool]:
    """Draw the filter; returns the families that get a colour, and whether the others are left out."""
    options = families_in(origin.points)
    before = st.session_state.get(FAMILIES)
    chosen = [family for family in before or () if family in options]
    if before is None or (before and not chosen):  # at first, and where another machine has none of those chosen
        chosen = usual_families(origin.points)
    st.session_state[FAMILIES] = chosen
    left, right = st.columns([5, 2], vertical_alignment="bottom")
    families = left.multiselect(
        "Families",
        options,
        key=FAMILIES,
        persist_state="session",
        max_selections=MAX_FAMILIES,
        placeholder="All in grey",
        help=f"Up to {MAX_FAMILIES} get a colour each: more can't be told apart. A family is what the catalogue calls "
        "an architecture's; weights that have seen more than ImageNet-1k are drawn apart, because that alone lifts "
        "their accuracy.",
    )
    only = right.toggle(
        "Only these",
        key="explore_only",
        help="Leave all other families out of the picture.",
        persist_state="session",
    )
    return families, only


def _where(origin: Origin) -> str:
    """Where the speeds come from, and what they are not."""
    if origin.measured is not None:
        batch = origin.measured.setting.batch_size
        each = "the median of a pass" if batch == 1 else f"the median of a pass, over the {batch} images in it"
        return (
            f"Measured: {markdown_text(setting_description(origin.measured))} Time per image is {each}. Accuracies are "
            "ImageNet-1k top-1, as on the Frontier page."
        )
    if origin.machine is None:
        return (
            "Accuracy against multiply-accumulates (MACs), as the catalogue has them. They say what has to be "
            "computed, not how long that takes: measure this machine, or import a published one."
        )
    batches = origin.points["batch_size"].dropna()
    least, most = (f"{batches.min():.0f}", f"{batches.max():.0f}") if len(batches) else ("?", "?")
    if most == "1":
        how = "with one image at a time"
    else:
        how = f"with {least if least == most else f'{least} to {most}'} images at a time"
    what = "inference" if origin.part == INFERENCE else "a training step"
    return (
        f"Published by timm for {markdown_text(origin.machine)}, {what} {how}. Time per image is one over the images a "
        "second: throughput, not the wait for one image, so it never enters a latency on another page. "
        f"{explain_accuracies(origin.points)}"
    )


def _reading(origin: Origin, picture: str) -> str:
    """How to read the picture, and what of it is out of view."""
    sentences = [
        "The larger the images, the larger the mark. Hollow: the weights have seen ImageNet-1k alone; filled (22k): "
        "more of ImageNet; with a dot (web): images from the web."
    ]
    if picture == ACCURACY:
        sentences.append("Lines are least-squares fits of accuracy over the logarithm of the other axis.")
    sentences.append("Click a name in the legend to hide it, double-click it to see it alone.")
    strays = int((origin.points["family"] == NO_FAMILY).sum())
    if 0 < strays < len(origin.points):
        sentences.append(f"Zoom out for {strays} that the catalogue has no family for.")
    return " ".join(sentences)
