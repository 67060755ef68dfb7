"""A page for the browser tests: two live sliders, what Python makes of them, and ways to disturb them.

Everything a test reads stands alone in an element with an id. `?delay=0.3` makes the fragment slow.
"""

from __future__ import annotations

import time

import streamlit as st

from pages.parts.components.live_slider import live_slider, move_live_slider

st.set_page_config(page_title="Live slider", layout="wide")


def show(name: str, text: object) -> None:
    """Write `text` into an element that a test finds by its id."""
    st.html(f'<span id="{name}">{text}</span>')


def number(name: str, default: float) -> float:
    """Read a number from the URL."""
    return float(st.query_params.get(name, default))


def note_release(value: float) -> None:
    """Count the releases, and rerun the whole page as a real one does to redraw its chart."""
    st.session_state["releases"] = [*st.session_state.get("releases", []), value]
    st.rerun()


@st.fragment
def sliders_and_cards(maximum: float) -> None:
    """Draw what reruns during a drag."""
    st.session_state["fragment_runs"] = st.session_state.get("fragment_runs", 0) + 1
    time.sleep(number("delay", 0.0))
    left, right = st.columns(2)
    with left:
        budget = live_slider(
            "Latency budget (ms)",
            minimum=1,
            maximum=maximum,
            step=0.5,
            value=number("budget", 50),
            unit="ms",
            help="Slowest acceptable time of one forward pass. <b>Plain text</b>, also with | and *.",
            key="budget",
            on_release=note_release,
        )
    with right:
        floor = live_slider("Accuracy floor (%)", minimum=60, maximum=90, step=0.1, value=75, unit="%", key="floor")
    st.query_params["budget"] = f"{budget.released:g}"
    with left, st.container(border=True):
        st.caption("While dragging")
        show("budget-value", f"{budget.value:g}")
        show("floor-value", f"{floor.value:g}")
    with right, st.container(border=True):
        st.caption("At rest")
        show("budget-released", f"{budget.released:g}")
        show("floor-released", f"{floor.released:g}")
    show("fragment-runs", st.session_state["fragment_runs"])


st.session_state["page_runs"] = st.session_state.get("page_runs", 0) + 1
with st.container(horizontal=True):
    st.button("Reset", on_click=move_live_slider, args=("budget", 50.0))
    is_wide = st.toggle("Wide range", key="wide")
    st.button("Rerun", type="primary")
    if st.button("Rerun soon"):  # so that a test can have a page rerun arrive in the middle of a drag
        time.sleep(1.0)
        st.session_state["late_reruns"] = st.session_state.get("late_reruns", 0) + 1
    if st.button("Move soon"):
        time.sleep(1.0)
        move_live_slider("budget", 90.0)
sliders_and_cards(500.0 if is_wide else 100.0)
show("page-runs", st.session_state["page_runs"])
show("late-reruns", st.session_state.get("late_reruns", 0))
show("releases", " ".join(f"{value:g}" for value in st.session_state.get("releases", [])) or "none")
