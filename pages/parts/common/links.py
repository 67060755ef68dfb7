"""Links between the pages: where they lead, their parameters, and what the session keeps of these.

Streamlit takes a page's parameters out of the link while another page is shown, so the session keeps a copy of what is
to be found again. The server alone writes these parameters: did the browser write some of them, as widgets that are
bound to the link do, the later one of two quick changes would be lost on a busy machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.decision import RULES, Limits
from bakeoff_core.selection.accuracy_sources import key_of_run, source_key

FRONTIER, FINETUNE, EXPLORE = "pages/frontier.py", "pages/finetune.py", "pages/explore.py"
"""Pages that others lead to."""

LATENCY, FLOOR, MEMORY, PARAMS = "latency_ms", "min_top1", "max_memory_mb", "max_params_m"
"""Parameters of limits, named as the options of the command line."""
RULE, COST, RECIPE = "rule", "cost", "recipes"
"""Further parameters of the Frontier page; `RECIPE` is the class that is matched."""
ACCURACY, RUN = "accuracy", "run"
"""What its accuracies are of, and the fine-tuning runs chosen to go by; the latter may stand several times."""
ANATOMY, ANATOMY_SIZE, ANATOMY_OTHER = "anatomy", "anatomy_size", "anatomy_other"
"""The model that the Explore page takes apart, its size, and the model beside it."""
VIEW = "view"
"""Which of the Explore page's views is open."""

RULE_LABELS = {"most-accurate": "Most accurate", "cheapest": "Cheapest"}
COST_LABELS = {"latency": "Latency", "macs": "MACs", "params": "Parameters", "memory": "Memory"}
"""What `RULE` and `COST` say for each rule and cost, on the page as well; the first is left out of links."""

LATENCY_SLIDER, FLOOR_SLIDER = "latency-slider", "floor-slider"
"""Keys of the Frontier page's sliders, the latter with ImageNet's accuracies, for whoever moves them from elsewhere."""


def to_run(run: FinishedRun) -> dict[str, str]:
    """Return the parameters of a link to the Frontier page that shows a run's data set and goes by this run.

    For `st.page_link(links.FRONTIER, query_params=links.to_run(run))` and its like.
    """
    return {ACCURACY: key_of_run(run), RUN: run.run_id}


def to_ranking(ranking: Ranking) -> dict[str, str]:
    """Return the parameters of a link to the Frontier page that goes by a ranking's deciding metric."""
    return {ACCURACY: source_key(ranking.dataset, ranking.content_key, ranking.train_on, ranking.metric)}


def to_anatomy(model_name: str, img_size: int) -> dict[str, str]:
    """Return the parameters of a link to the Explore page that shows where a model's cost sits."""
    return {ANATOMY: model_name, ANATOMY_SIZE: str(img_size)}


def to_limits(limits: Limits, rule: str | None) -> dict[str, str]:
    """Return the parameters of a link to the Frontier page that goes by these limits alone, on ImageNet.

    What the session kept of other limits is forgotten, so call it when the link is followed. The sliders have to be
    moved as well, since a thumb is the user's (`components.live_slider.move_live_slider`).

    Args:
        limits: The limits.
        rule: One of `schema.decision.RULES`; `None` for the default.
    """
    texts = {
        LATENCY: _text(limits.max_latency_s, 1e3),
        FLOOR: _text(limits.min_top1, 1) or "0",  # without it, the page would start from a floor of its own
        MEMORY: _text(limits.max_memory_bytes, 1e-6),
        PARAMS: _text(limits.max_param_count, 1e-6),
        RULE: RULE_LABELS[rule] if rule not in (None, RULES[0]) else None,
    }
    parameters = {name: text for name, text in texts.items() if text is not None}
    for name in (*texts, COST, RUN):
        st.session_state.pop(session_key(name), None)
    st.session_state[session_key(ACCURACY)] = IMAGENET.key
    for name in (LATENCY, FLOOR, RULE):  # the others are bound to the link
        if name in parameters:
            st.session_state[session_key(name)] = parameters[name]
    return parameters


def session_key(name: str) -> str:
    """Return where in the session a parameter's copy is."""
    return f"kept_{name}"


def floor_key(source: AccuracySource) -> str:
    """Return where in the session the accuracy floor of a source is: 75 % of ImageNet mean nothing elsewhere."""
    return session_key(FLOOR) if source.is_imagenet else f"{session_key(FLOOR)} {source.key}"


def restore(name: str, key: str | None = None) -> str | None:
    """Return a parameter from the link, or from earlier in this session, which puts it back into the link.

    Args:
        name: In the link.
        key: In the session; `None` for `session_key(name)`.
    """
    text = st.query_params.get(name)
    if text is None and (text := st.session_state.get(key or session_key(name))) is not None:
        st.query_params[name] = text
    return text


def remember(name: str, text: str | None, key: str | None = None) -> None:
    """Put a parameter into the link and the session; `None` takes it out of both.

    Args:
        name: In the link.
        text: Its value.
        key: In the session; `None` for `session_key(name)`.
    """
    write({name: text})
    if text is None:
        st.session_state.pop(key or session_key(name), None)
    else:
        st.session_state[key or session_key(name)] = text


def write(parameters: Mapping[str, str | Sequence[str] | None]) -> None:
    """Put parameters into the link; those that are empty or `None` are taken out of it."""
    for name, value in parameters.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _text(value: float | None, factor: float) -> str | None:
    return None if value is None else f"{value * factor:.10g}"
