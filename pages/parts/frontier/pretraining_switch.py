"""The *match recipes* switch of the Frontier page, and the notice that names the mixture where it is off.

Not covered: what the classes are (`bakeoff_core.catalogue.pretraining`).
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.reporting.text.catalogue import explain_pretraining, explain_pretraining_classes
from bakeoff_core.schema.accuracy import AccuracySource
from pages.parts.common import links
from pages.parts.common.links import RECIPE

SWITCH = "match_recipes"
CLASS = "recipe_class"
REQUESTED = links.session_key(RECIPE)
"""In the session: the class that was chosen, also where no candidate is of it, and while other pages are shown."""

HELP = (
    "A recipe is how a network was trained: on which images, for how long, with which tricks. It moves the accuracy of "
    "the same network by several points. Switched on, only networks that were trained alike are compared, so that what "
    "is left is the architecture."
)


def current(counts: dict[str, int]) -> str | None:
    """Return the class that is matched now: as chosen, from the link, or from earlier in this session; else `None`.

    Where no candidate is of the class that was chosen, the most frequent one is matched instead, as long as that
    is so.

    Args:
        counts: The classes there are, as `catalogue.pretraining.pretraining_counts` returns them.
    """
    if SWITCH not in st.session_state:
        requested = links.restore(RECIPE)
        st.session_state[SWITCH] = requested in PRETRAINING_CLASSES
        st.session_state[REQUESTED] = requested if requested in PRETRAINING_CLASSES else None
    if not st.session_state[SWITCH] or not counts:
        return None
    if st.session_state.get(REQUESTED) is None:  # just switched on
        links.remember(RECIPE, next(iter(counts)))
    requested = st.session_state[REQUESTED]
    matched = requested if requested in counts else next(iter(counts))
    if st.session_state.get(CLASS) != matched:
        st.session_state[CLASS] = matched
    return matched


def draw_switch(counts: dict[str, int]) -> None:
    """Draw the switch and, where it is on, the choice of the class; `current` must have been called in this run."""
    is_on = st.session_state[SWITCH] and bool(counts)
    columns = st.columns([6, 5] if is_on else 1, gap="small", vertical_alignment="center")
    columns[0].toggle("Match recipes", key=SWITCH, help=HELP, on_change=_forget, disabled=not counts)
    if is_on:
        columns[1].selectbox(
            "Recipe class",
            list(counts),
            format_func=lambda key: f"{PRETRAINING_CLASSES[key].title} · {counts[key]}",
            key=CLASS,
            on_change=lambda: links.remember(RECIPE, st.session_state[CLASS]),
            label_visibility="collapsed",
        )


def draw_notice(counts: dict[str, int], pretraining_class: str | None, source: AccuracySource) -> None:
    """Say under the chart which recipes are mixed in it, or which one is matched; nothing where all are alike."""
    sentences = explain_pretraining(counts, pretraining_class, source)
    if sentences is None:
        return
    hint = "" if pretraining_class else " Switch on *Match recipes* to compare like with like."
    requested = st.session_state.get(REQUESTED)
    instead = (
        f"No model here is of the recipe class {PRETRAINING_CLASSES[requested].title}. "
        if pretraining_class not in (None, requested)
        else ""
    )
    st.info(f"{instead}{sentences}{hint}", icon=":material/science:")
    if pretraining_class is None:
        draw_meanings(counts)


def draw_meanings(keys: Iterable[str]) -> None:
    """Draw what classes mean, folded away; nothing where there are none."""
    meanings = explain_pretraining_classes(keys)
    if meanings:
        with st.expander("What these recipe classes mean"):
            st.markdown("\n".join(meanings))


def _forget() -> None:
    """Take the class out of the link; where the switch is on, `current` puts the most frequent one in its place."""
    links.remember(RECIPE, None)
