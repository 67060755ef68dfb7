"""The *match recipes* switch of the Frontier page, and the notice that names the mixture where it is off.

Not covered: what the classes are (`bakeoff_core.recipe_classes`).
"""

from __future__ import annotations

import streamlit as st

from bakeoff_core.recipe_classes import RECIPE_CLASSES, explain_recipes
from bakeoff_core.records import AccuracySource

KEY = "recipes"
"""In the link: the class that is matched."""
SWITCH = "match_recipes"
CLASS = "recipe_class"
KEPT = f"kept_{KEY}"
"""In the session, while other pages are shown."""

HELP = (
    "A recipe is how a network was trained: on which images, for how long, with which tricks. It moves the accuracy of "
    "the same network by several points. Switched on, only networks that were trained alike are compared, so that what "
    "is left is the architecture."
)


def current(counts: dict[str, int]) -> str | None:
    """Return the class that is matched now: as chosen, from the link, or from earlier in this session; else `None`.

    Args:
        counts: The classes there are, as `recipe_classes.recipe_counts` returns them.
    """
    if SWITCH not in st.session_state:
        wanted = st.query_params.get(KEY)
        if wanted is None and (wanted := st.session_state.get(KEPT)) is not None:
            st.query_params[KEY] = wanted  # leaving the page took it out of the link
        st.session_state[SWITCH] = wanted in counts
        if wanted in counts:
            st.session_state[CLASS] = st.session_state[KEPT] = wanted
    if not st.session_state[SWITCH] or not counts:
        return None
    if st.session_state.get(CLASS) not in counts:
        st.session_state[CLASS] = next(iter(counts))  # the most frequent
    chosen = st.session_state[CLASS]
    if st.session_state.get(KEPT) != chosen:
        st.query_params[KEY] = st.session_state[KEPT] = chosen
    return chosen


def draw_switch(counts: dict[str, int]) -> None:
    """Draw the switch and, where it is on, the choice of the class; `current` must have been called in this run."""
    is_on = st.session_state[SWITCH] and bool(counts)
    columns = st.columns([6, 5] if is_on else 1, gap="small", vertical_alignment="center")
    columns[0].toggle("Match recipes", key=SWITCH, help=HELP, on_change=_forget, disabled=not counts)
    if is_on:
        columns[1].selectbox(
            "Recipe class",
            list(counts),
            format_func=lambda key: f"{RECIPE_CLASSES[key].title} · {counts[key]}",
            key=CLASS,
            label_visibility="collapsed",
        )


def draw_notice(counts: dict[str, int], recipe: str | None, source: AccuracySource) -> None:
    """Say under the chart which recipes are mixed in it, or which one is matched; nothing where all are alike."""
    told = explain_recipes(counts, recipe, source)
    if told is not None:
        hint = "" if recipe else " Switch on *Match recipes* to compare like with like."
        st.info(f"{told}{hint}", icon=":material/science:")


def _forget() -> None:
    """Take the class out of the link; where the switch is on, `current` puts the one chosen there in its place."""
    st.query_params.pop(KEY, None)
    st.session_state.pop(KEPT, None)
