"""What the cards of training jobs show: fine-tuning and comparisons with their curves as they come, and dry runs."""

from __future__ import annotations

from bakeoff_core.finetuning.comparison.request import read_comparison
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.records import Job
from bakeoff_core.reporting.figures.finetuning import Curve
from bakeoff_core.schema.metrics import ACCURACY
from pages.parts.common import cache
from pages.parts.common.job_card import JobCard, describe_progress
from pages.parts.finetune import curves

HEIGHT_PX = 260
NOTE = (
    "You can close this tab: training goes on, and a checkpoint is kept every half minute. Measuring has to wait until "
    "it is done."
)


def _describe_run(job: Job) -> str:
    recipe = RECIPES.get(job.spec.get("recipe", ""))
    return f"**{_model(job)}**{f', {recipe.title.lower()}' if recipe else ''} · {_describe_training(job)}"


def _describe_dry_run(job: Job) -> str:
    return f"Working out the cost of **{_model(job)}** · {_describe_training(job)}"


def _describe_comparison(job: Job) -> str:
    return f"{kinds.COMPARISON.title} on **{_model(job)}** · {_describe_training(job, counted=None)}"


def _model(job: Job) -> str:
    return markdown_text(job.status.get("model_name") or job.spec.get("model_name", ""))


def _describe_training(job: Job, counted: str | None = "images") -> str:
    """What a job is at; `counted` is what its status counts unless it is training."""
    if job.status.get("message") == "Training":
        return describe_progress(job, "steps", job.status.get("images_per_second"))
    return describe_progress(job, counted)


def _draw_run(job: Job) -> None:
    _draw_curves(job, [Curve("", cache.metrics_of(job), job.spec.get("metric") or ACCURACY)])


def _draw_comparison(job: Job) -> None:
    _draw_curves(job, curves.of_comparison(read_comparison(job.job_id)))


def _draw_curves(job: Job, found: list[Curve]) -> None:
    if any(curve.metrics for curve in found):
        curves.draw(found, keys=(f"loss-{job.job_id}", f"accuracy-{job.job_id}"), height_px=HEIGHT_PX)


CARDS = (
    JobCard(kinds.FINETUNE, _describe_run, _draw_run, NOTE),
    JobCard(kinds.COMPARISON, _describe_comparison, _draw_comparison, NOTE),
    JobCard(kinds.DRY_RUN, _describe_dry_run),
)
"""Of every kind of job that the Fine-tune page starts."""
