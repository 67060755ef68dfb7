"""The choice of the metric that decides and, of two classes, of the one that matters."""

from __future__ import annotations

import numpy as np
import streamlit as st

from bakeoff_core.datasets.choices import MetricChoices
from bakeoff_core.datasets.records import ImageDataset, labels_of
from bakeoff_core.schema.metrics import METRICS, positive_class


def choose(dataset: ImageDataset, prefix: str) -> MetricChoices:
    """Draw the choice for a data set and return it; a metric of one class is offered where there are two.

    Args:
        dataset: What is learned from.
        prefix: Of the widgets' keys.
    """
    is_binary = len(dataset.classes) == 2
    metrics = [metric.name for metric in METRICS.values() if metric.can_decide and (is_binary or not metric.is_binary)]
    what, which = st.columns(2) if is_binary else (st.container(), None)
    metric = what.selectbox(
        "What decides",
        metrics,
        format_func=lambda name: METRICS[name].heading,
        key=f"{prefix}-metric-{len(metrics)}",
        persist_state="session",
        help="By what the better of two models is told. "
        + " ".join(f"**{METRICS[name].heading}**: {METRICS[name].meaning}" for name in metrics),
    )
    if which is None:
        return MetricChoices(metric=metric)
    images = np.bincount(labels_of(dataset.train), minlength=2).tolist()
    matters = which.selectbox(
        "Class that matters",
        dataset.classes,
        index=positive_class(dataset.classes, images),
        key=f"{prefix}-positive-{'|'.join(dataset.classes)}",
        persist_state="session",
        help="Precision, recall and average precision are of this class. At first it is the rarer one.",
    )
    return MetricChoices(metric=metric, positive_class=matters)
