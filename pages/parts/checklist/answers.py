"""The checklist's questions, and the answers to them: kept in the link, and in the session while other pages are open.

The link is written by the server alone (see `common.links` for why), under the names of the command line's options. Not
covered: what follows from the answers (`bakeoff_core.selection.checklist.advice`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.limits import LIMIT_RANGES, MOST_COUNTED, in_base_units, parse_count, parse_limit
from bakeoff_core.selection.checklist.rules import CHOICES, Answers
from pages.parts.common import links, session
from pages.parts.common.links import FLOOR, LATENCY, MEMORY, PARAMS

TEXTS = "checklist"
"""Session key of the answers: text by name, as the link holds them."""

WRITTEN = "checklist-written"
"""Session key of the answers that were put into the link and may still come back from the browser, oldest first."""
MOST_WRITTEN = 20

JUST_WRITTEN = "checklist-just-written"
"""Session key: true from when the link is written until a run has met it, who must not take it for the browser's."""

EDITION = "checklist-edition"
"""Session key of how often the answers were set by something else than the questions. It is part of the questions'
keys: what a browser sends that has not seen the new ones yet would otherwise be taken for answers."""

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

GMACS, LABELLED = "max_gmacs", "labelled"
LIMIT_OF = {
    LATENCY: "max_latency_s",
    FLOOR: "min_top1",
    MEMORY: "max_memory_bytes",
    PARAMS: "max_param_count",
    GMACS: "max_macs",
}
"""Which of `schema.limits.LIMIT_RANGES` a question asks for; the unit is in the name."""
NUMBERS = (*LIMIT_OF, LABELLED)
"""The questions answered by a number."""


def current() -> Answers:
    """Return the answers so far, taken from the link where it has changed, or from earlier in this session.

    Call it before the questions are drawn: it sets what they show.
    """
    linked = {name: st.query_params[name] for name in (*CHOICES, *NUMBERS) if name in st.query_params}
    texts = st.session_state.get(TEXTS, {})
    written = st.session_state.get(WRITTEN, [])
    is_new_here = not any(_key(name) in st.session_state for name in CHOICES)
    is_just_written = st.session_state.pop(JUST_WRITTEN, False)
    if is_new_here and texts and not linked:  # leaving the page took them out of the link
        st.session_state[WRITTEN] = [linked]
        _write(texts)
    elif is_just_written:
        pass
    elif linked in written:  # what comes late from a busy browser is an older link of ours, and no wish
        st.session_state[WRITTEN] = written[written.index(linked) :]
    else:  # a link was opened, or the browser's back button pressed
        texts = linked
        st.session_state[WRITTEN] = [linked]
        _ask_anew()
    values = {name: _value(name, text) for name, text in texts.items()}
    st.session_state[TEXTS] = texts = {name: text for name, text in texts.items() if values[name] is not None}
    for name in (*CHOICES, *NUMBERS):
        st.session_state.setdefault(_key(name), values[name] if name in texts else _default(name))
    answers = _answers(values)
    session.remember_answers(answers if texts else None)
    return answers


def _answers(values: Mapping[str, Any]) -> Answers:
    """Return answers in base units; what has no value is an open question."""
    limits = {limit: in_base_units(limit, values.get(name)) for name, limit in LIMIT_OF.items()}
    max_macs = limits.pop("max_macs")
    return Answers(
        target=values.get("target"),
        task=values.get("task") or "classification",
        limits=Limits(**limits),
        max_macs=max_macs,
        priority=values.get("priority"),
        labelled=values.get(LABELLED),
        domain=values.get("domain"),
    )


def forget() -> None:
    """Forget every answer."""
    _write({})
    _ask_anew()


def choose(name: str, label: str, *, help: str | None = None) -> None:
    """Draw a question with a choice of answers."""
    st.segmented_control(
        label,
        CHOICES[name],
        format_func=LABELS[name].get,
        required=name == "task",
        key=_key(name),
        on_change=_remember,
        args=(name,),
        help=help,
    )


def number(name: str, label: str, *, placeholder: str = "no limit", help: str | None = None, step: float | int) -> None:
    """Draw a question answered by a number."""
    low, high = (1, MOST_COUNTED) if name == LABELLED else LIMIT_RANGES[LIMIT_OF[name]][2:]
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        value=None,
        step=step,
        format="%d" if name == LABELLED else "%g",
        placeholder=placeholder,
        key=_key(name),
        on_change=_remember,
        args=(name,),
        help=help,
    )


def _remember(name: str) -> None:
    """Put an answer that was just given into the link and the session; a default is left out."""
    value, texts = st.session_state[_key(name)], dict(st.session_state.get(TEXTS, {}))
    texts.pop(name, None)
    if value is not None and value != _default(name):
        texts[name] = value if isinstance(value, str) else f"{value:.10g}"
    _write(texts)


def _write(texts: dict[str, str]) -> None:
    """Put these answers, and no others, into the session and the link."""
    st.session_state[TEXTS] = texts
    st.session_state[WRITTEN] = [*st.session_state.get(WRITTEN, []), texts][-MOST_WRITTEN:]
    st.session_state[JUST_WRITTEN] = True
    links.write({name: texts.get(name) for name in (*CHOICES, *NUMBERS)})


def _ask_anew() -> None:
    """Draw the questions as new ones, which show the answers as they are now."""
    st.session_state[EDITION] = st.session_state.get(EDITION, 0) + 1


def _value(name: str, text: str) -> str | float | int | None:
    """Return what a text in a link answers; `None` where it is no answer."""
    if name in CHOICES:
        return text if text in CHOICES[name] else None
    try:
        return parse_count(text) if name == LABELLED else parse_limit(LIMIT_OF[name], text)
    except ValueError:
        return None


def _default(name: str) -> str | None:
    return "classification" if name == "task" else None


def _key(name: str) -> str:
    return f"checklist-{name}-{st.session_state.get(EDITION, 0)}"
