"""What decides, and what is done for rare classes: the form's part on metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from bakeoff_core.datasets.records import ImageDataset
from bakeoff_core.finetuning.request import BALANCES
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.text.finetuning import BALANCE_TITLES
from bakeoff_core.reporting.text.metrics import unequal_classes
from bakeoff_core.schema.metrics import ACCURACY, DECIDING, METRICS, positive_class

METRIC, BALANCE, PATIENCE = "metric", "balance", "patience"
"""Of the widgets."""


def draw(dataset: ImageDataset, *, is_validated: bool) -> dict[str, Any]:
    """Draw the choices, and return them as fields of `FinetuneSpec`.

    Args:
        dataset: What is trained on.
        is_validated: Whether images are held back to validate on; without them no run can end early.
    """
    is_binary = len(dataset.classes) == 2
    decides, matters, rare, early = st.columns(4, vertical_alignment="bottom")
    options = [name for name in DECIDING if is_binary or not METRICS[name].is_binary]
    if st.session_state.get(METRIC) not in options:  # chosen for images of two classes
        st.session_state.pop(METRIC, None)
    metric = decides.selectbox(
        "What decides",
        options,
        format_func=lambda name: METRICS[name].heading,
        key=METRIC,
        persist_state="session",
        help="By this metric on the validation images the best weights are kept, a run ends early, and one of several "
        "runs is gone by.",
    )
    chosen = None
    if is_binary:
        chosen = _draw_positive(dataset, matters)
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
    sentence = unequal_classes(dataset.classes, _sizes(dataset), markdown_text)
    if sentence is not None:
        st.caption(f":material/balance: {sentence}")


def positive_key(classes: tuple[str, ...]) -> str:
    """Return the key of the choice of the class that matters, of two."""
    return f"positive-class-{'/'.join(classes)}"


def _draw_positive(dataset: ImageDataset, column: Any) -> str | None:
    """Draw the choice of the class that matters; `None` for the one that is taken unless another is asked for."""
    usual = dataset.classes[positive_class(dataset.classes, _sizes(dataset))]
    chosen = column.selectbox(
        "Class that matters",
        dataset.classes,
        index=dataset.classes.index(usual),
        key=positive_key(dataset.classes),
        persist_state="session",
        help="Precision, recall and average precision are of this class; the rarer one unless you choose.",
    )
    return None if chosen == usual else chosen


def _sizes(dataset: ImageDataset) -> list[int]:
    return np.bincount([image.label for image in dataset.train], minlength=len(dataset.classes)).tolist()


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
