"""The checklist's questions, and the answers to them: kept in the link, and in the session while other pages are open.

The link is written by the server alone (see `frontier.controls` for why), under the names of the command line's
options. Not covered: what follows from the answers (`bakeoff_core.selection.checklist.advice`).
"""

from __future__ import annotations

import math

import streamlit as st

from bakeoff_core.schema.records import Limits
from bakeoff_core.selection.checklist.advice import Advice, advise
from bakeoff_core.selection.checklist.rules import CHOICES, Answers, read_rules
from pages.parts.common import cache, sidebar

KEPT = "checklist"
"""Session key of the answers: text by name, as the link holds them."""

WRITTEN = "checklist-written"
"""Session key of the answers that were put into the link and may still come back from the browser, oldest first."""
MOST_WRITTEN = 20

LABELS = {
    "target": {"server": "A server", "edge": "An edge box", "mobile": "A phone"},
    "task": {
        "classification": "Classify",
        "detection": "Detect",
        "segmentation": "Segment",
        "generation": "Generate",
    },
    "priority": {"accuracy": "Accuracy", "efficiency": "Efficiency", "iteration": "Quick trials"},
    "domain": {"natural": "Natural photographs", "other": "Of another kind"},
}
"""What the answers are called on the page."""

NUMBERS = {
    "latency_ms": (0.01, None),
    "min_top1": (0.0, 100.0),
    "max_memory_mb": (1.0, None),
    "max_params_m": (0.1, None),
    "max_gmacs": (0.001, None),
    "labelled": (1, 1_000_000_000),
}
"""The questions answered by a number, and the range of each; the unit is in the name."""


def current() -> Answers:
    """Return the answers so far, taken from the link where it has changed, or from earlier in this session.

    Call it before the questions are drawn: it sets what they show.
    """
    linked = {name: st.query_params[name] for name in (*CHOICES, *NUMBERS) if name in st.query_params}
    kept = st.session_state.get(KEPT, {})
    written = st.session_state.get(WRITTEN, [])
    is_new_here = not any(_key(name) in st.session_state for name in CHOICES)
    if is_new_here and kept and not linked:  # leaving the page took them out of the link
        st.session_state[WRITTEN] = [linked]
        _write(kept)
    elif linked in written:  # what comes late from a busy browser is an older link of ours, and no wish
        st.session_state[WRITTEN] = written[written.index(linked) :]
    else:  # a link was opened, or the browser's back button pressed
        kept = linked
        st.session_state[WRITTEN] = [linked]
    kept = {name: text for name, text in kept.items() if _value(name, text) is not None}
    st.session_state[KEPT] = kept
    for name in (*CHOICES, *NUMBERS):
        st.session_state[_key(name)] = _value(name, kept[name]) if name in kept else _default(name)
    return answers_kept()


def answers_kept() -> Answers:
    """Return the answers given in this session, for other pages."""
    kept = st.session_state.get(KEPT, {})
    given = {name: _value(name, text) for name, text in kept.items()}
    numbers = {name: given.get(name) for name in NUMBERS}
    return Answers(
        target=given.get("target"),
        task=given.get("task") or "classification",
        limits=Limits(
            min_top1=numbers["min_top1"],
            max_latency_s=_scaled(numbers["latency_ms"], 1e-3),
            max_memory_bytes=_scaled(numbers["max_memory_mb"], 1e6),
            max_param_count=_scaled(numbers["max_params_m"], 1e6),
        ),
        max_macs=None if numbers["max_gmacs"] is None else round(numbers["max_gmacs"] * 1e9),
        priority=given.get("priority"),
        labelled=numbers["labelled"],
        domain=given.get("domain"),
    )


def advice_kept() -> Advice | None:
    """Return what follows from the answers given in this session; `None` where none was given."""
    if not st.session_state.get(KEPT):
        return None
    shown = sidebar.shown()
    return advise(answers_kept(), cache.evidence(shown.setting if shown else None), read_rules())


def forget() -> None:
    """Forget every answer."""
    _write({})
    for name in (*CHOICES, *NUMBERS):
        st.session_state[_key(name)] = _default(name)


def choose(name: str, label: str, *, help: str | None = None) -> None:
    """Draw a question with a choice of answers."""
    st.segmented_control(
        label,
        CHOICES[name],
        format_func=LABELS[name].get,
        required=name == "task",
        key=_key(name),
        on_change=_keep,
        args=(name,),
        help=help,
    )


def number(name: str, label: str, *, placeholder: str = "no limit", help: str | None = None, step: float | int) -> None:
    """Draw a question answered by a number."""
    low, high = NUMBERS[name]
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        value=None,
        step=step,
        format="%d" if name == "labelled" else "%g",
        placeholder=placeholder,
        key=_key(name),
        on_change=_keep,
        args=(name,),
        help=help,
    )


def _keep(name: str) -> None:
    """Put an answer that was just given into the link and the session; a default is left out."""
    value, kept = st.session_state[_key(name)], dict(st.session_state.get(KEPT, {}))
    kept.pop(name, None)
    if value is not None and value != _default(name):
        kept[name] = value if isinstance(value, str) else f"{value:.10g}"
    _write(kept)


def _write(kept: dict[str, str]) -> None:
    """Keep these answers, and no others, in the session and the link."""
    st.session_state[KEPT] = kept
    st.session_state[WRITTEN] = [*st.session_state.get(WRITTEN, []), kept][-MOST_WRITTEN:]
    for name in (*CHOICES, *NUMBERS):
        if name in kept:
            st.query_params[name] = kept[name]
        else:
            st.query_params.pop(name, None)


def _value(name: str, text: str) -> str | float | int | None:
    """Return what a text in a link answers; `None` where it is no answer."""
    if name in CHOICES:
        return text if text in CHOICES[name] else None
    try:
        value = int(text) if name == "labelled" else float(text)
    except ValueError:
        return None
    low, high = NUMBERS[name]
    return value if low <= value <= (math.inf if high is None else high) and math.isfinite(value) else None


def _default(name: str) -> str | None:
    return "classification" if name == "task" else None


def _key(name: str) -> str:
    return f"checklist-{name}"


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
