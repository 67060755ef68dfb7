"""The choice of the metric that decides and, of two classes, of the one that matters, for every form that asks."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bakeoff_core.datasets.records import ImageDataset
from bakeoff_core.schema.metrics import DECIDING, METRICS, positive_class


def draw_metric(column: DeltaGenerator, dataset: ImageDataset, *, key: str, what_for: str) -> str:
    """Draw the choice of the metric and return its name; one of one class is offered where there are two.

    Args:
        column: Where to draw.
        dataset: What is learned from.
        key: Of the widget.
        what_for: What goes by it, as a sentence.
    """
    options = [name for name in DECIDING if len(dataset.classes) == 2 or not METRICS[name].is_binary]
    if st.session_state.get(key) not in options:  # chosen for images of two classes
        st.session_state.pop(key, None)
    return column.selectbox(
        "What decides",
        options,
        format_func=lambda name: METRICS[name].heading,
        key=key,
        persist_state="session",
        help=f"{what_for} " + " ".join(f"**{METRICS[name].heading}**: {METRICS[name].meaning}" for name in options),
    )


def draw_positive(column: DeltaGenerator, dataset: ImageDataset, *, prefix: str = "") -> str | None:
    """Draw the choice of the class that matters, of two; `None` for the one that is taken unless another is asked for.

    Args:
        column: Where to draw.
        dataset: What is learned from, of two classes.
        prefix: Of the widget's key, see `positive_key`.
    """
    usual = dataset.classes[positive_class(dataset.classes, dataset.train_images_by_class())]
    chosen = column.selectbox(
        "Class that matters",
        dataset.classes,
        index=dataset.classes.index(usual),
        key=positive_key(dataset.classes, prefix),
        persist_state="session",
        help="Precision, recall and average precision are of this class; the rarer one unless you choose.",
    )
    return None if chosen == usual else chosen


def positive_key(classes: tuple[str, ...], prefix: str = "") -> str:
    """Return the key of the choice of the class that matters, of two."""
    return f"{prefix}positive-class-{'/'.join(classes)}"
