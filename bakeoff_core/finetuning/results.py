"""Fine-tuning runs that finished, as plain data: what each was asked, what it came to, and which to go by.

A folder that holds no results, or results nobody can read, is no finished run and is passed over. Not covered: runs
that are still at work (see `finetuning.request`), tables made of these (`selection.accuracy_sources`), and their report
(`reporting.documents.finetuning_section`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, ClassVar, TypeVar

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.request import RESULTS, FinetuneSpec, Run
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import files_stamp, list_jobs, list_understood, read_understood
from bakeoff_core.jobs.records import Job
from bakeoff_core.schema.metrics import ACCURACY, Score
from bakeoff_core.schema.parsing import Count, Key, Percent, Text, parse_record


@dataclass(frozen=True)
class FinishedRun:
    """One run with its results."""

    is_ranked: ClassVar[bool] = False
    """Whether the model stayed frozen; see `ranking.results.RankedModel`."""

    run_id: str
    """Sortable by time of start."""
    model_name: str
    """timm's `arch.tag`."""
    img_size: int
    """Height and width of the input it was trained and tested at."""
    dataset: str
    """Key of the data set."""
    dataset_title: str
    """Its name; for a folder of the user's own, any text."""
    content_key: str
    """Identifies its images and their splits."""
    recipe: str
    """Key of the recipe."""
    recipe_title: str
    """Its name."""
    test_images: int
    """Images it was tested on."""
    test_accuracy: float
    """Percent of them it got right."""
    test_accuracy_low: float
    """Lower end of the 95 % interval that so many images allow."""
    test_accuracy_high: float
    """Upper end of the same interval."""
    val_accuracy: float | None
    """Percent of the validation images it got right at its end; `None` where it trained on them."""
    steps: int
    """Optimiser steps made."""
    spec: FinetuneSpec
    """What was asked."""
    positive_class: str | None = None
    """Of two classes, the name of the one that matters."""
    scores: Mapping[str, Score] = field(default_factory=dict, compare=False)
    """On the test images, by metric; accuracy alone for runs of before there were others."""
    val_scores: Mapping[str, float] = field(default_factory=dict, compare=False)
    """On the validation images in percent, by metric, of the weights that were kept; empty where it trained on them."""
    results: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """Everything else it wrote of its test, as it stands in the file: unchecked."""


def read_finished_runs() -> list[FinishedRun]:
    """Return every finished run, the newest first."""
    found = (_finished(job) for job in list_jobs(kinds.FINETUNE))
    return [run for run in found if run is not None]


def finished_runs_stamp() -> int:
    """Return a number that changes when what `read_finished_runs` returns may have; takes a look at few files."""
    return files_stamp(kinds.FINETUNE, RESULTS, "status.json")


def leading_run(
    runs: Iterable[FinishedRun], chosen: Iterable[str] | None = None, *, metric: str = ACCURACY
) -> FinishedRun:
    """Return the run to go by, of several on the same images.

    The best by the metric on the validation images leads, the newer run where it is equal or there is none to compare.
    Never the test: the best of several tests flatters, since it is partly luck (Cawley and Talbot 2010,
    jmlr.org/papers/v11/cawley10a). A run that was not validated follows those that were.

    Args:
        runs: At least one.
        chosen: Ids of runs that the user wants; one of them leads whatever its accuracy.
        metric: One of `schema.metrics.DECIDING`.

    Raises:
        ValueError: There are no runs.
    """
    wanted = frozenset(chosen or ())
    ranked = sorted(runs, key=lambda run: _rank(run, wanted, metric))
    if not ranked:
        raise ValueError("`runs` must hold at least one. Got none.")
    return ranked[-1]


def _rank(run: FinishedRun, wanted: frozenset[str], metric: str) -> tuple[bool, float, str]:
    return run.run_id in wanted, run.val_scores.get(metric, -1.0), run.run_id


@dataclass(frozen=True)
class _RecipeResult:
    name: Text
    title: Text


@dataclass(frozen=True)
class _Results:
    """What of `results.json` a `FinishedRun` needs."""

    model_name: Text
    img_size: Count
    dataset: Key
    dataset_title: Text
    content_key: Key
    recipe: _RecipeResult
    test_images: Count
    test_accuracy: Percent
    test_accuracy_low: Percent
    test_accuracy_high: Percent
    val_accuracy: Percent | None
    positive_class: Text | None = None
    scores: dict[str, Score] = field(default_factory=dict)
    val_scores: dict[str, Percent] = field(default_factory=dict)


def _finished(job: Job) -> FinishedRun | None:
    # The worker's own last word: while it lets go of its lock, the job is still said to be running.
    if job.status.get("state") != "done":
        return None
    try:
        run = read_run(job.job_id)
        results, summary = run.results() or {}, summarise_run(run)
        found = parse_record(_Results, {**results, "val_accuracy": summary["val_accuracy"]})
    except (BakeoffError, TypeError, ValueError, AttributeError):
        return None
    fields = {name: value for name, value in vars(found).items() if name != "recipe"}
    plain = Score(found.test_accuracy, found.test_accuracy_low, found.test_accuracy_high)
    fields["scores"] = {ACCURACY: plain, **found.scores}
    validated = {} if found.val_accuracy is None else {ACCURACY: found.val_accuracy}
    fields["val_scores"] = {**validated, **found.val_scores}
    return FinishedRun(
        run_id=run.run_id,
        recipe=found.recipe.name,
        recipe_title=found.recipe.title,
        steps=summary["steps"],
        spec=run.spec,
        results=results,
        **fields,
    )


LAST_LOSSES = 5
"""Steps over which the last training loss is averaged."""


Found = TypeVar("Found")


def read_run(run_id: str) -> Run:
    """Return a run, or a trial of one, as it is now.

    Raises:
        BakeoffError: There is no such run.
    """
    return read_understood(run_id, [kinds.FINETUNE, kinds.DRY_RUN], Run.from_job, "fine-tuning run")


def list_runs() -> list[Run]:
    """Return every run, the newest first; trials are left out."""
    return list(list_understood(kinds.FINETUNE, Run.from_job))


def summarise_run(run: Run) -> dict[str, Any]:
    """Return what there is to say of a run: the fields of `finetune --json` and more; unknown is `None`.

    Accuracies are percentages, of the data set's own splits; `test_accuracy_low` and `_high` are the 95 % interval.
    `owner` is the comparison that the run is part of.
    """
    metrics = run.job.metrics()
    losses = [m["loss"] for m in metrics if m.get("loss") is not None]
    validated = [m for m in metrics if m.get("val_accuracy") is not None]
    results = run.results() or {}
    status = run.job.status
    return {
        "run_id": run.run_id,
        "owner": run.job.owner,
        "state": run.job.state,
        "model_name": status.get("model_name") or run.spec.model_name,
        "dataset": run.spec.dataset,
        "recipe": run.spec.recipe,
        "train_on": run.spec.train_on,
        "steps": max((m["step"] for m in metrics if "step" in m), default=0),
        "train_loss_first": losses[0] if losses else None,
        "train_loss_last": fmean(losses[-LAST_LOSSES:]) if losses else None,
        "val_accuracy": validated[-1]["val_accuracy"] if validated else None,
        "test_accuracy": results.get("test_accuracy"),
        "test_accuracy_low": results.get("test_accuracy_low"),
        "test_accuracy_high": results.get("test_accuracy_high"),
        "seconds": results.get("seconds") or status.get("seconds"),
        "images_per_second": results.get("images_per_second") or status.get("images_per_second"),
        "message": status.get("message"),
    }
