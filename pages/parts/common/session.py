"""What the user asks for on the Frontier page, kept for the Report page."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bakeoff_core.schema.records import IMAGENET, RULES, AccuracySource, Limits


@dataclass(frozen=True)
class Asked:
    """Limits, rule, cost, accuracy and recipe class of a decision."""

    limits: Limits
    """The hard limits."""
    rule: str
    """One of `schema.records.RULES`."""
    cost: str
    """Key of `schema.records.COST_COLUMNS`."""
    source: AccuracySource = IMAGENET
    """What the accuracies are of."""
    chosen: tuple[str, ...] = ()
    """Ids of the fine-tuning runs to go by."""
    pretraining_class: str | None = None
    """Recipe class to which the candidates are restricted; `None` for no restriction."""


def remember(asked: Asked) -> None:
    """Keep what was asked for this session's other pages."""
    st.session_state["asked"] = asked


def asked_before() -> Asked:
    """Return what was asked last; before anything was, no limits and the defaults."""
    return st.session_state.get("asked", Asked(Limits(), RULES[0], "latency"))
