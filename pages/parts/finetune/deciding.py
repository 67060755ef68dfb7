"""What decides, and what is done for rare classes: the form's part on metrics."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bakeoff_core.datasets.records import ImageDataset
from bakeoff_core.finetuning.request import BALANCES, MAX_PATIENCE
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.text.finetuning import BALANCE_TITLES
from bakeoff_core.reporting.text.metrics import unequal_classes
from bakeoff_core.schema.metrics import ACCURACY, METRICS
from pages.parts.common import metric_choice

METRIC, BALANCE, PATIENCE = "metric", "balance", "patience"
"""Of the widgets."""


def draw(dataset: ImageDataset, *, is_validated: bool) -> dict[str, Any]:
    """Draw the choices, and return them as fields of `FinetuneSpec`.

    Args:
        dataset: What is trained on.
        is_validated: Whether images are held back to validate on; without them no run can end early.
    """
    decides, matters, rare, early = st.columns(4, vertical_alignment="bottom")
    metric = metric_choice.draw_metric(
        decides,
        dataset,
        key=METRIC,
        what_for="By it the best weights are kept, a run ends early, and one of several runs is gone by, all on the "
        "validation images.",
    )
    chosen = metric_choice.draw_positive(matters, dataset) if len(dataset.classes) == 2 else None
    balance = rare.selectbox(
        "Rare classes",
        BALANCES,
        format_func=lambda name: _capital(BALANCE_TITLES[name]),
        key=BALANCE,
        persist_state="session",
        help="Class weights: their images weigh more in the loss. Balanced sampling: they are drawn more often. Either "
        "finds more of them, at the cost of false alarms.",
    )
    patience = early.number_input(
        "End early after",
        min_value=1,
        max_value=MAX_PATIENCE,
        value=None,
        step=1,
        placeholder="never",
        key=PATIENCE,
        persist_state="session",
        disabled=not is_validated,
        help="So many validations in a row without a better one. It needs validation images.",
    )
    st.caption(METRICS[metric].meaning)
    return {
        "metric": metric,
        "positive_class": chosen,
        "balance": balance,
        "patience": patience if is_validated else None,
    }


def advise(dataset: ImageDataset, *, metric: str, balance: str) -> None:
    """Say what to decide by where classes are of unequal size, unless all of it was chosen."""
    if metric != ACCURACY and balance != BALANCES[0]:
        return
    sentence = unequal_classes(dataset.classes, dataset.train_images_by_class(), markdown_text)
    if sentence is not None:
        st.caption(f":material/balance: {sentence}")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
