"""A run at work as a card: how far it is, its curves as they come, and how to stop it. Trials are cards as well."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.finetuning.comparison.request import read_comparison
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.formatting import duration, images_per_second, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import read_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.reporting.figures.finetuning import Curve, loss_figure, validation_figure
from pages.parts.common import cache, plotly_chart
from pages.parts.finetune import comparison

WATCHED_HEIGHT_PX = 260


def draw(job_id: str) -> None:
    """Draw the card; it redraws itself every second, and the page when the job has ended."""
    st.fragment(_card, run_every="1s")(job_id)


def _card(job_id: str) -> None:
    job = read_job(job_id)
    if not job.active:
        st.rerun()
    with st.container(border=True):
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(progress_share(job), text=f"{title(job)} · {progress_text(job)}")
        if button.button("Stop", key=f"stop-{job_id}", icon=":material/stop_circle:", width="stretch"):
            with st.spinner("Stopping"):
                stop_job(job_id)
            st.rerun()
        curves = curves_of(job)
        if any(curve.metrics for curve in curves):
            loss, accuracy = st.columns(2)
            with loss:
                _figure(loss_figure(curves, dark=plotly_chart.is_dark()), f"loss-{job_id}")
            with accuracy:
                _figure(validation_figure(curves, dark=plotly_chart.is_dark()), f"accuracy-{job_id}")
        if job.kind != kinds.DRY_RUN.key:
            st.caption(
                "You can close this tab: training goes on, and a checkpoint is kept every half minute. Measuring has "
                "to wait until it is done."
            )


def _figure(figure: object, key: str) -> None:
    figure.update_layout(height=WATCHED_HEIGHT_PX)
    st.plotly_chart(figure, key=key, theme=None, width="stretch", config={"displayModeBar": False})


def title(job: Job) -> str:
    """Return what a job does, in Markdown."""
    model = markdown_text(job.status.get("model_name") or job.spec.get("model_name", ""))
    if job.kind == kinds.DRY_RUN.key:
        return f"Working out the cost of **{model}**"
    if job.kind == kinds.COMPARISON.key:
        return f"Comparing on **{model}**"
    recipe = RECIPES.get(job.spec.get("recipe", ""))
    return f"**{model}**" + (f", {recipe.title.lower()}" if recipe else "")


def progress_share(job: Job) -> float:
    """Return how much of what it is at is done, 0 to 1."""
    return min(1.0, (job.status.get("done") or 0) / max(1, job.status.get("total") or 1))


def progress_text(job: Job) -> str:
    """Return what a job is at, how fast it is, and how long it will take, in Markdown."""
    status = job.status
    parts = [markdown_text(status.get("message") or "Loading PyTorch and timm")]
    is_training = status.get("message") == "Training"
    if status.get("total") and (is_training or job.kind != kinds.COMPARISON.key):
        what = "steps" if is_training else "images"
        parts.append(f"{status.get('done') or 0:,} of {status['total']:,} {what}")
    if is_training and status.get("images_per_second"):
        parts.append(images_per_second(status["images_per_second"]))
    if status.get("time_left_s"):
        parts.append(f"about {duration(status['time_left_s'])} left")
    return " · ".join(parts)


def curves_of(job: Job) -> list[Curve]:
    """Return a job's learning curves."""
    if job.kind == kinds.DRY_RUN.key:
        return []
    if job.kind == kinds.COMPARISON.key:
        return comparison.curves_of(read_comparison(job.job_id))
    return [Curve("", cache.metrics_of(job))]
