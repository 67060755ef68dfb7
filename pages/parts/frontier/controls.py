"""The controls of the Frontier page: two live sliders, the rule, the cost and the further limits, all in the link."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from bakeoff_core.schema.records import COST_COLUMNS, RULES, AccuracySource, Limits
from pages.parts.common.session import Asked
from pages.parts.components.live_slider import live_slider
from pages.parts.frontier import accuracy

DEFAULT_FLOOR = 75.0
"""The accuracy floor of the lab that this product grew from."""

COST_LABELS = {"latency": "Latency", "macs": "MACs", "params": "Parameters", "memory": "Memory"}
RULE_LABELS = {"most-accurate": "Most accurate", "cheapest": "Cheapest"}


def draw(table: pd.DataFrame, shown: accuracy.Shown) -> Asked:
    """Draw the controls for a table of candidates and return what they ask for, also in the middle of a drag.

    Args:
        table: The candidates, with the accuracies that are shown.
        shown: What these are accuracies of.
    """
    slowest_ms = _round_up(table["latency_p50_s"].max() * 1e3)
    step_ms = 0.1 if slowest_ms <= 100 else 1.0
    lowest = _lowest_floor(table["top1"].min())
    left, right = st.columns(2, gap="medium")
    with left:
        latency = live_slider(
            "Latency budget (ms)",
            minimum=step_ms,
            maximum=slowest_ms,
            step=step_ms,
            value=_from_url("latency_ms", slowest_ms),
            unit="ms",
            help="Highest acceptable median time of one forward pass, measured on the machine shown at the side.",
            key="latency-slider",
            on_release=_keep_in_url("latency_ms", slowest_ms),
        )
    with right:
        floor = live_slider(
            "Accuracy floor (%)",
            minimum=lowest,
            maximum=100.0,
            step=0.1,
            value=_from_url("min_top1", _default_floor(table, shown.source, lowest), accuracy.floor_slot(shown.source)),
            unit="%",
            help=_floor_help(shown.source),
            key="floor-slider" if shown.source.is_imagenet else f"floor-slider-{shown.source.key}",
            on_release=_keep_in_url("min_top1", None, accuracy.floor_slot(shown.source)),
        )
    rule, cost, more = st.columns([4, 5, 2], gap="medium", vertical_alignment="bottom")
    _choose_from_url("rule", RULE_LABELS)
    _choose_from_url("cost", COST_LABELS)
    chosen_rule = rule.segmented_control(
        "The pick is",
        RULES,
        format_func=RULE_LABELS.get,
        required=True,
        key="rule",
        on_change=_keep_choice,
        args=("rule", RULE_LABELS),
    )
    chosen_cost = cost.segmented_control(
        "Cost, and horizontal axis",
        tuple(COST_COLUMNS),
        format_func=COST_LABELS.get,
        required=True,
        key="cost",
        on_change=_keep_choice,
        args=("cost", COST_LABELS),
        help="What “cheapest” means. MACs are multiply-accumulates of one image; papers call them FLOPs.",
    )
    with more.popover("More limits", width="stretch"):
        memory_mb = st.number_input(
            "Peak memory, at most (MB)",
            min_value=1.0,
            value=None,
            placeholder="no limit",
            key="max_memory_mb",
            bind="query-params",
        )
        params_m = st.number_input(
            "Parameters, at most (millions)",
            min_value=0.1,
            value=None,
            placeholder="no limit",
            key="max_params_m",
            bind="query-params",
        )
    limits = Limits(
        min_top1=floor.value,
        max_latency_s=latency.value / 1e3,
        max_memory_bytes=memory_mb * 1e6 if memory_mb else None,
        max_param_count=params_m * 1e6 if params_m else None,
    )
    return Asked(limits, chosen_rule, chosen_cost, shown.source, shown.chosen)


def _lowest_floor(worst: float) -> float:
    """Return a floor just under the least accurate candidate, so that the slider's end excludes nobody."""
    return 0.0 if math.isnan(worst) else max(0.0, math.floor(worst) - 1.0)


def _default_floor(table: pd.DataFrame, source: AccuracySource, lowest: float) -> float:
    """Return where the floor stands at first. What is enough on other images than ImageNet's, only the user knows."""
    return DEFAULT_FLOOR if source.is_imagenet and table["top1"].max() >= DEFAULT_FLOOR else lowest


def _floor_help(source: AccuracySource) -> str:
    if source.is_published:
        return f"Lowest acceptable {source.name} top-1 accuracy, as published for the weights tag at this image size."
    images = f"{source.test_images:,} test images of {source.name}"
    if source.is_ranked:
        return (
            f"Lowest acceptable share of the {images} that a linear classifier of a frozen model's features gets right."
        )
    return f"Lowest acceptable share of the {images} that a model, fine-tuned on this machine, gets right."


def _from_url(name: str, default: float, slot: str | None = None) -> float:
    """Return a slider's value from the link, from earlier in this session, or the default.

    Args:
        name: In the link.
        default: Where neither has it, or no number.
        slot: Where the session keeps it; `None` for `kept_` and the name.
    """
    text = st.query_params.get(name)
    if text is None and (text := st.session_state.get(slot or f"kept_{name}")) is not None:
        st.query_params[name] = text  # leaving the page took it out of the link
    try:
        value = float(text)
    except (TypeError, ValueError):
        return default
    return value if math.isfinite(value) else default


def _choose_from_url(name: str, labels: dict[str, str]) -> None:
    """Set a choice that this page has not drawn yet from the link, from earlier in this session, or to the first.

    Streamlit could bind the choice to the link by itself, but then the browser writes one part of the link and the
    server, for the sliders, another; on a busy machine the later one of two quick changes is lost.
    """
    if name in st.session_state:
        return
    label = st.query_params.get(name)
    if label is None and (label := st.session_state.get(f"kept_{name}")) is not None:
        st.query_params[name] = label  # leaving the page took it out of the link
    st.session_state[name] = next((key for key, known in labels.items() if known == label), next(iter(labels)))


def _keep_choice(name: str, labels: dict[str, str]) -> None:
    """Keep a choice in the link; the first one is the default and is left out of it."""
    label = labels[st.session_state[name]]
    if label == next(iter(labels.values())):
        st.query_params.pop(name, None)
        st.session_state.pop(f"kept_{name}", None)
    else:
        st.query_params[name] = st.session_state[f"kept_{name}"] = label


def _keep_in_url(name: str, default: float | None, slot: str | None = None) -> Callable[[float], None]:
    """Return what to do when a slider is let go: keep its value in the link, or leave the default out of it."""
    slot = slot or f"kept_{name}"

    def keep(value: float) -> None:
        if value == default:
            st.query_params.pop(name, None)
            st.session_state.pop(slot, None)
        else:
            st.query_params[name] = f"{value:g}"
            st.session_state[slot] = f"{value:g}"

    return keep


def _round_up(value: float) -> float:
    """Return the next round number above a value, so that a slider's end means "no limit" to the eye: 62.3 to 70."""
    scale = 10 ** math.floor(math.log10(value))
    return float(math.ceil(value * 1.02 / scale) * scale)
