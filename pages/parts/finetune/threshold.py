"""The class that matters at a threshold: how many of its images are found, and how many answers with it are right.

The slider runs this part of the page alone.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bakeoff_core.datasets.metrics.sentences import score_text
from bakeoff_core.datasets.metrics.thresholds import operating_point
from bakeoff_core.finetuning.request import CURVE
from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.figures.metrics import precision_recall_figure
from bakeoff_core.reporting.text.metrics import FLATTERS, threshold_text
from bakeoff_core.schema.metrics import AVERAGE_PRECISION, METRICS, PRECISION, RECALL
from bakeoff_core.system.files import FileStamp, stamp_of
from bakeoff_core.system.paths import jobs_path
from pages.parts.common import plotly_chart
from pages.parts.finetune import scores

STEP = 0.01
"""Of the slider."""


def is_known(run: FinishedRun) -> bool:
    """Tell whether a run left a curve: it had two classes, and the class that matters was among the test images."""
    return run.positive_class is not None and _file(run).size_bytes is not None


@st.fragment
def draw(run: FinishedRun) -> None:
    """Draw the curve, the slider, and what the threshold comes to."""
    curve = _curve(_file(run))
    name = run.positive_class or ""
    words, picture = st.columns(2, gap="large")
    with words:
        threshold = st.slider(
            "Threshold",
            0.0,
            1.0,
            0.5,
            STEP,
            key=f"threshold-{run.run_id}",
            help="An image is answered with the class that matters where its probability is at least this.",
        )
        try:
            point = operating_point(curve, threshold)
        except (ValueError, TypeError):
            st.caption("The curve can't be read any more.")
            return
        st.markdown(f"**{threshold_text(point, name, markdown_text)}**")
        with st.container(horizontal=True, gap="small"):
            scores.draw_tile(RECALL, point.recall, note=f" at {threshold:.2f}")
            scores.draw_tile(PRECISION, point.precision, note=f" at {threshold:.2f}")
        if AVERAGE_PRECISION in run.scores:
            score = score_text(run.scores[AVERAGE_PRECISION])
            st.markdown(
                f"{METRICS[AVERAGE_PRECISION].heading}, whatever the threshold: {score}",
                help=METRICS[AVERAGE_PRECISION].meaning,
            )
        st.caption(FLATTERS)
    with picture:
        figure = precision_recall_figure(curve, point, name, dark=plotly_chart.is_dark())
        plotly_chart.draw_static(figure, key=f"precision-recall-{run.run_id}")


def _file(run: FinishedRun) -> FileStamp:
    return stamp_of(jobs_path() / run.run_id / CURVE)


@st.cache_data(max_entries=8, show_spinner=False)
def _curve(file: FileStamp) -> pd.DataFrame:
    try:
        return pd.read_parquet(file.path)
    except (OSError, ValueError):
        return pd.DataFrame()
