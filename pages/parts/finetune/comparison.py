"""Comparisons of probe, full fine-tune and from scratch: what transfer was worth, in sentences and pictures."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.comparison.request import ComparisonRun, list_comparisons
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.formatting import duration, markdown_text
from bakeoff_core.jobs.labels import read_label
from bakeoff_core.reporting.figures.finetuning import labels_figure, validation_figure
from bakeoff_core.reporting.text.comparison import comparison_sentences
from pages.parts.common import job_label, plotly_chart, resume
from pages.parts.finetune import curves

SHOWN = 3


def draw() -> None:
    """Draw the newest comparisons, the first one open."""
    ended = [found for found in list_comparisons() if not found.job.active][:SHOWN]
    if not ended:
        return
    st.markdown("### What transfer was worth")
    for at, found in enumerate(ended):
        started = f"{found.comparison_id[4:6]}-{found.comparison_id[6:8]} {found.comparison_id[9:11]}:"
        model = markdown_text(found.job.status.get("model_name") or found.spec.model_name)
        images = markdown_text(found.spec.dataset)
        name = read_label(found.job.folder).name
        called = f"{markdown_text(name)} · " if name else ""
        with st.expander(
            f"{called}{model} on {images}, {started}{found.comparison_id[11:13]} UTC · {found.job.state}",
            expanded=at == 0,
        ):
            _draw_one(found)
            job_label.draw([found.job], "comparison")


def _draw_one(found: ComparisonRun) -> None:
    job_label.draw_note(found.job)
    try:
        comparison = found.result()
    except BakeoffError as err:
        st.error(markdown_text(err))
        return
    if comparison is None:
        _draw_unfinished(found)
        return
    if found.job.state != "done":
        _draw_unfinished(found)
    st.markdown("\n".join(f"- {sentence}" for sentence in comparison_sentences(comparison, markdown_text)))
    left, right = st.columns(2)
    dark = plotly_chart.is_dark()
    with left:
        figure = validation_figure(curves.of_comparison(found), dark=dark)
        plotly_chart.draw_static(figure, key=f"transfer-curves-{found.comparison_id}")
    if comparison.labels:
        with right:
            plotly_chart.draw_static(labels_figure(comparison, dark=dark), key=f"labels-{found.comparison_id}")
    st.dataframe(
        [
            {
                "run": RECIPES[part.recipe].title,
                "test (%)": part.test_accuracy,
                "low (%)": part.test_low,
                "high (%)": part.test_high,
                "validation (%)": part.val_accuracy,
                "time": duration(part.seconds),
                "state": part.state,
            }
            for part in comparison.parts
        ],
        hide_index=True,
        width="stretch",
        placeholder="—",
        column_config={
            name: st.column_config.NumberColumn(format="%.2f")
            for name in ("test (%)", "low (%)", "high (%)", "validation (%)")
        },
    )


def _draw_unfinished(found: ComparisonRun) -> None:
    """Say how a comparison ended that is not complete, and offer to go on."""
    message = markdown_text(found.job.status.get("message") or "")
    (st.warning if found.job.state == "stopped" else st.error)(message or found.job.state)
    resume.draw_button(found.job, "Resume the comparison")
