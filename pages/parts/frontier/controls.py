"""The controls of the Frontier page: two live sliders, the rule, the cost and the further limits, all in the link."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from bakeoff_core.reporting.text.metrics import metric_meaning
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.decision import COST_COLUMNS, RULES, Limits
from bakeoff_core.schema.limits import LEAST, MOST, parse_limit
from pages.parts.common import links
from pages.parts.common.links import (
    COST,
    COST_LABELS,
    FLOOR,
    FLOOR_SLIDER,
    LATENCY,
    LATENCY_SLIDER,
    MEMORY,
    PARAMS,
    RULE,
    RULE_LABELS,
    floor_key,
)
from pages.parts.common.session import Criteria, Question
from pages.parts.components.live_slider import live_slider

DEFAULT_FLOOR = 75.0
"""The accuracy floor of the lab that this product grew from."""

_LIMIT_OF = {LATENCY: "max_latency_s", FLOOR: "min_top1"}
"""Which of `schema.limits.LIMIT_RANGES` a slider sets."""


def draw(table: pd.DataFrame, criteria: Criteria) -> Question:
    """Draw the controls for a table of candidates and return what they ask for, also in the middle of a drag.

    Args:
        table: The candidates, of every recipe class, with the accuracies that are shown.
        criteria: What they are compared by; the cost is chosen here.
    """
    source = criteria.source
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
            value=_restored(LATENCY, slowest_ms),
            unit="ms",
            help="Highest acceptable median time of one forward pass, measured on the machine shown at the side.",
            key=LATENCY_SLIDER,
            on_release=_remember(LATENCY, slowest_ms),
        )
    with right:
        floor = live_slider(
            f"{source.told.heading} floor (%)",
            minimum=lowest,
            maximum=100.0,
            step=0.1,
            value=_restored(FLOOR, _default_floor(table, source, lowest), floor_key(source)),
            unit="%",
            help=_floor_help(source),
            key=floor_slider(source),
            on_release=_remember(FLOOR, None, floor_key(source)),
        )
    rule, cost, more = st.columns([4, 5, 2], gap="medium", vertical_alignment="bottom")
    with rule:
        chosen_rule = _draw_rule(source)
    with cost:
        chosen_cost = _draw_cost()
    with more.popover("More limits", width="stretch"):
        memory_mb = _draw_limit("Peak memory, at most (MB)", MEMORY, step=10.0)
        params_m = _draw_limit("Parameters, at most (millions)", PARAMS, step=1.0)
    limits = Limits(
        min_top1=floor.value,
        max_latency_s=latency.value / 1e3,
        max_memory_bytes=memory_mb * 1e6 if memory_mb else None,
        max_param_count=params_m * 1e6 if params_m else None,
    )
    return Question(limits, chosen_rule, replace(criteria, cost=chosen_cost))


def floor_slider(source: AccuracySource) -> str:
    """Return the key of the floor's slider: 75 % of ImageNet mean nothing elsewhere."""
    return FLOOR_SLIDER if source.is_imagenet else f"{FLOOR_SLIDER}-{source.key}"


def _draw_limit(label: str, name: str, *, step: float) -> float | None:
    return st.number_input(
        label,
        min_value=LEAST,
        max_value=MOST,
        value=None,
        step=step,
        format="%g",
        placeholder="no limit",
        key=name,
        bind="query-params",
    )


def _draw_rule(source: AccuracySource) -> str:
    _restore_choice(RULE, RULE_LABELS)
    labels = RULE_LABELS if source.is_accuracy else {**RULE_LABELS, RULES[0]: f"Best {source.told.title}"}
    return st.segmented_control(
        "The pick is",
        RULES,
        format_func=labels.get,
        required=True,
        key=RULE,
        on_change=_remember_choice,
        args=(RULE, RULE_LABELS),
    )


def _draw_cost() -> str:
    _restore_choice(COST, COST_LABELS)
    return st.segmented_control(
        "Cost, and horizontal axis",
        tuple(COST_COLUMNS),
        format_func=COST_LABELS.get,
        required=True,
        key=COST,
        on_change=_remember_choice,
        args=(COST, COST_LABELS),
        help="What “cheapest” means. MACs are multiply-accumulates of one image; papers call them FLOPs.",
    )


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
    if not source.is_accuracy:
        whose = "a linear classifier of a frozen model's features" if source.is_ranked else "a fine-tuned model"
        meaning = metric_meaning(source.metric, source.positive_class)
        return f"Lowest acceptable {source.told.title} of {whose} on the {images}: {meaning}"
    if source.is_ranked:
        return (
            f"Lowest acceptable share of the {images} that a linear classifier of a frozen model's features gets right."
        )
    return f"Lowest acceptable share of the {images} that a model, fine-tuned on this machine, gets right."


def _restored(name: str, default: float, key: str | None = None) -> float:
    """Return a slider's value from the link, from earlier in this session, or the default where neither has a limit.

    Args:
        name: In the link.
        default: Where neither has it.
        key: In the session, as for `links.restore`.
    """
    text = links.restore(name, key)
    try:
        return default if text is None else parse_limit(_LIMIT_OF[name], text)
    except ValueError:
        return default


def _remember(name: str, default: float | None, key: str | None = None) -> Callable[[float], None]:
    """Return what to do when a slider is let go: keep its value in the link, or leave the default out of it."""

    def remember(value: float) -> None:
        links.remember(name, None if value == default else f"{value:g}", key)

    return remember


def _restore_choice(name: str, labels: dict[str, str]) -> None:
    """Set a choice that this page has not drawn yet from the link, from earlier in this session, or to the first."""
    if name not in st.session_state:
        label = links.restore(name)
        st.session_state[name] = next((key for key, known in labels.items() if known == label), next(iter(labels)))


def _remember_choice(name: str, labels: dict[str, str]) -> None:
    """Keep a choice in the link; the first one is the default and is left out of it."""
    choice = st.session_state[name]
    if choice is None:  # a busy browser may send that nothing is chosen, before it has drawn what is
        del st.session_state[name]  # so that it is restored
        return
    links.remember(name, None if choice == next(iter(labels)) else labels[choice])


def _round_up(value: float) -> float:
    """Return the next round number above a value, so that a slider's end means "no limit" to the eye: 62.3 to 70."""
    scale = 10 ** math.floor(math.log10(value))
    return float(math.ceil(value * 1.02 / scale) * scale)
