"""Learning curves side by side: the loss, and the metric that decides."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bakeoff_core.finetuning.comparison.request import ComparisonRun
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import Run
from bakeoff_core.reporting.figures.finetuning import Curve, loss_figure, validation_figure
from bakeoff_core.reporting.text.finetuning import best_step
from pages.parts.common import cache, plotly_chart


def draw(curves: Sequence[Curve], *, keys: tuple[str, str], height_px: int | None = None) -> None:
    """Draw the curves of one or several runs.

    Args:
        curves: Of each run.
        keys: Unique names of the two charts in the app.
        height_px: How high they are; `None` as the figures say.
    """
    figures = (loss_figure, validation_figure)
    for column, draw_figure, key in zip(st.columns(2), figures, keys, strict=True):
        figure = draw_figure(curves, dark=plotly_chart.is_dark())
        if height_px is not None:
            figure.update_layout(height=height_px)
        with column:
            plotly_chart.draw_static(figure, key=key)


def of_comparison(comparison: ComparisonRun) -> list[Curve]:
    """Return the learning curves of a comparison's runs, as far as they have come."""
    return [of_run(RECIPES[run.spec.recipe].title, run) for run in comparison.runs()]


def of_run(name: str, run: Run) -> Curve:
    """Return the learning curves of a run, as far as they have come."""
    finished = next((found for found in cache.finished_runs() if found.run_id == run.run_id), None)
    return Curve(name, cache.metrics_of(run.job), run.spec.metric, best_step(finished) if finished else None)
