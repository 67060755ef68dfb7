"""Fine-tuning runs and comparisons of them from outside: what to train, the start of it, and what became of it.

The pages' and the command line's common way in. Not covered: the training itself (see `finetuning.worker` and
`finetuning.comparison.worker`, which run in a process of their own), and which recipe to choose (`finetuning.recipes`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any, TypeVar

from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.comparison.records import COMPARED, FULL, Comparison, from_json
from bakeoff_core.finetuning.recipes import RECIPES, Recipe
from bakeoff_core.jobs.manager import Job, list_jobs, list_parts, read_job, start_job
from bakeoff_core.reporting.text.comparison import comparison_sentences
from bakeoff_core.schema.records import require_choice, require_count
from bakeoff_core.system.files import read_json

KIND = "finetune"
TRIAL_KIND = "trial"
MODULE = "bakeoff_core.finetuning.worker"
TRIAL_MODULE = "bakeoff_core.finetuning.dry_run.worker"
COMPARISON_KIND = "compare"
COMPARISON_MODULE = "bakeoff_core.finetuning.comparison.worker"
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""What workers that train get: threads that wait for each other sleep instead of spinning. With the machine to itself
a step takes a little longer; beside another busy program, where spinning threads hold the cores that the awaited ones
need, a fraction (docs/decisions/006). Measuring keeps the default, as a deployed model would."""
KINDS = (KIND, TRIAL_KIND, COMPARISON_KIND)
"""The kinds of jobs that train."""

TRAIN_ON = ("train", "train+val")
DEVICES = ("auto", "cpu", "cuda")
RESULTS = "results.json"
"""A finished run's results, in its folder."""
ESTIMATE = "estimate.json"
"""What a trial found, in its folder."""
PREDICTIONS = "predictions.parquet"
"""A finished run's answer to every test image."""
SPLITS = "splits.parquet"
"""Which image of the data set is in which part, with its label."""
EXPORT = "model"
"""The folder in a finished run's folder that plain timm can load."""
COMPARISON = "comparison.json"
"""What a finished comparison says, in its folder."""
LAST_LOSSES = 5
"""Steps over which the last training loss is averaged."""

MAX_STEPS = 1_000_000
MAX_EPOCHS = 10_000
MAX_BATCH_SIZE = 4096
MAX_PROCESSES = 64
IMG_SIZES = (16, 2048)


Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What can be asked of a run and of a comparison alike; each has a default."""

    data_dir: str | None = None
    """Where the images are; `None` for the data set's usual place."""
    weights_file: str | None = None
    """The user's own weights, in safetensors; `None` for the published ones."""
    steps: int | None = None
    """Optimiser steps of each run; `None` for as many as the epochs need."""
    epochs: int | None = None
    """Passes over the training images; `None` for the recipe's, and in a comparison for the full fine-tune's."""
    train_on: str = "train"
    """`train`, or `train+val`, which leaves no images to validate on."""
    batch_size: int = 32
    learning_rate: float | None = None
    """Peak rate of the head; `None` for the recipe's, scaled to the batch size."""
    img_size: int | None = None
    """Side of the input in pixels; `None` for the weights' own."""
    seed: int = 0
    device: str = "auto"
    any_way_up: bool = False
    """Whether images upside down are as likely, as from above or through a microscope; solar cells are in any case."""


@dataclass(frozen=True)
class FinetuneSpec(TrainingOptions):
    """One run: everything it needs to be repeated, with the data and the versions."""

    model_name: str
    """timm's name; a plain one means its default tag."""
    dataset: str
    """One of `datasets.registry.DATASETS`."""
    recipe: str
    """Key of `finetuning.recipes.RECIPES`."""
    growing: bool = field(default=False, kw_only=True)
    """Whether images, RandAugment and mixup grow together while it trains."""
    processes: int = field(default=1, kw_only=True)
    """Processes that train together on this machine, each with its share of the batch."""

    def __post_init__(self) -> None:
        if not self.model_name.strip():
            raise ValueError("`model_name` must name a model. Got nothing.")
        require_choice("dataset", self.dataset, DATASETS)
        require_choice("recipe", self.recipe, tuple(RECIPES))
        require_choice("train_on", self.train_on, TRAIN_ON)
        require_choice("device", self.device, DEVICES)
        if self.dataset == "folder" and not self.data_dir:
            raise ValueError("`data_dir` must name the folder of images for the data set `folder`.")
        if self.steps is not None and self.epochs is not None:
            raise ValueError("`steps` and `epochs` exclude each other. Give one of them.")
        for name, most in (("steps", MAX_STEPS), ("epochs", MAX_EPOCHS), ("batch_size", MAX_BATCH_SIZE)):
            value = getattr(self, name)
            if value is not None and require_count(name, value) > most:
                raise ValueError(f"`{name}` must be at most {most}. Got {value}.")
        if self.learning_rate is not None and not 0 < self.learning_rate < 100:
            raise ValueError(f"`learning_rate` must be greater than 0 and below 100. Got {self.learning_rate}.")
        if self.img_size is not None and not IMG_SIZES[0] <= self.img_size <= IMG_SIZES[1]:
            raise ValueError(f"`img_size` must be {IMG_SIZES[0]} to {IMG_SIZES[1]} pixels. Got {self.img_size}.")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"`seed` must be 0 to 4294967295. Got {self.seed}.")
        if self.growing and RECIPES[self.recipe].uses_features:
            raise ValueError("`growing` is for recipes that train the network; this one computes its features once.")
        if require_count("processes", self.processes) > MAX_PROCESSES or self.batch_size % self.processes:
            raise ValueError(
                f"`processes` must be at most {MAX_PROCESSES} and divide the batch size {self.batch_size}. "
                f"Got {self.processes}."
            )

    def planned_steps(self, recipe: Recipe, train_images: int) -> int:
        """Return the optimiser steps of the run; an epoch leaves out what is left over after whole batches."""
        epoch_steps = max(1, train_images // self.batch_size)
        return self.steps or (self.epochs or recipe.epochs) * epoch_steps


@dataclass(frozen=True)
class Estimate:
    """What a run would cost, from a trial of a few steps."""

    seconds: float
    """From the worker's start to its end."""
    parts: dict[str, float]
    """The same by kind of work, in seconds."""
    steps: int
    """Optimiser steps."""
    images_per_second: float | None
    """Trained; `None` where only a head is trained, which takes next to no time."""
    peak_memory_bytes: int
    """Of the worker: its largest resident set, or on CUDA what it holds of the GPU's memory."""
    weights: str
    """What the backbone would start from, in words."""
    train_images: int


@dataclass(frozen=True)
class ComparisonSpec(TrainingOptions):
    """A comparison: a linear probe, a full fine-tune and a run from scratch, alike in everything but the recipe.

    `FinetuneSpec` checks the fields.
    """

    model_name: str
    dataset: str

    def __post_init__(self) -> None:
        for recipe in COMPARED:
            self.run_spec(recipe)

    def run_spec(self, recipe: str) -> FinetuneSpec:
        """Return the request of one of the runs: the same number of steps whatever the recipe."""
        values = asdict(self)
        if self.steps is None and self.epochs is None:
            values["epochs"] = RECIPES[FULL].epochs
        return FinetuneSpec(recipe=recipe, **values)


@dataclass(frozen=True)
class Run:
    """A run as it is now."""

    job: Job
    spec: FinetuneSpec

    @property
    def run_id(self) -> str:
        """Its id; sortable by time of start."""
        return self.job.job_id

    def results(self) -> dict[str, Any] | None:
        """Return what the finished run wrote of its test; `None` before."""
        try:
            return json.loads((self.job.folder / RESULTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


@dataclass(frozen=True)
class ComparisonRun:
    """A comparison as it is now."""

    job: Job
    spec: ComparisonSpec

    @property
    def comparison_id(self) -> str:
        """Its id; sortable by time of start."""
        return self.job.job_id

    def runs(self) -> list[Run]:
        """Return the runs that have been begun, in order; while it is at work, the last one is being trained."""
        return [_run_of(job) for job in list_parts(self.job.job_id)]

    def result(self) -> Comparison | None:
        """Return what the finished comparison says; `None` before.

        Raises:
            BakeoffError: Another version of this product wrote it.
        """
        content = read_json(self.job.folder / COMPARISON)
        return from_json(content) if content else None


def start_run(spec: FinetuneSpec, *, trial: bool = False) -> Run:
    """Start to fine-tune, or with `trial` only to find out what it would cost (see `read_estimate`).

    Raises:
        BusyError: Another job is at work on this machine.
        NoSpaceError: The disk is full.
    """
    if trial:
        return _run_of(start_job(TRIAL_KIND, TRIAL_MODULE, asdict(spec), environment=ENVIRONMENT))
    return _run_of(start_job(KIND, MODULE, asdict(spec), processes=spec.processes, environment=ENVIRONMENT))


def read_estimate(trial: Run) -> Estimate | None:
    """Return what a finished trial found; `None` before it has ended, or where it failed."""
    found = read_json(trial.job.folder / ESTIMATE)
    known = set(Estimate.__dataclass_fields__)
    return Estimate(**found) if set(found) == known else None


def last_trial(spec: FinetuneSpec) -> Run | None:
    """Return the newest trial of exactly this run that was not stopped; `None` where there is none."""
    return next((t for t in _readable(TRIAL_KIND, _run_of) if t.spec == spec and t.job.state != "stopped"), None)


def read_run(run_id: str) -> Run:
    """Return a run, or a trial of one, as it is now.

    Raises:
        BakeoffError: There is no such run.
    """
    job = read_job(run_id)
    if job.kind not in (KIND, TRIAL_KIND):
        raise BakeoffError(f"Job {run_id} is no fine-tuning run.")
    try:
        return _run_of(job)
    except (ValueError, TypeError) as err:
        raise BakeoffError(f"Run {run_id} asks for what this version does not know: {err}") from err


def list_runs() -> list[Run]:
    """Return every run, the newest first; trials are left out."""
    return list(_readable(KIND, _run_of))


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


def start_comparison(spec: ComparisonSpec) -> ComparisonRun:
    """Start to train the three runs of a comparison, one after the other.

    Raises:
        BusyError: Another job is at work on this machine.
        NoSpaceError: The disk is full.
    """
    return _comparison_of(start_job(COMPARISON_KIND, COMPARISON_MODULE, asdict(spec), environment=ENVIRONMENT))


def read_comparison(comparison_id: str) -> ComparisonRun:
    """Return a comparison as it is now.

    Raises:
        BakeoffError: There is no such comparison.
    """
    job = read_job(comparison_id)
    if job.kind != COMPARISON_KIND:
        raise BakeoffError(f"Job {comparison_id} is no comparison.")
    return _comparison_of(job)


def list_comparisons() -> list[ComparisonRun]:
    """Return every comparison, the newest first."""
    return list(_readable(COMPARISON_KIND, _comparison_of))


def summarise_comparison(found: ComparisonRun) -> dict[str, Any]:
    """Return what there is to say of a comparison: the fields of `compare --json`; unknown is `None` or empty.

    `runs` holds those begun, as `summarise_run` returns them. `transfer_worth` is in points of test accuracy and
    `transfer_recipe` the run it is of. `stats`, `crossings`, `reaches`, `labels`, `labels_saved`, `findings` and
    `reasons` are as in `finetuning.comparison.records.Comparison`, and `sentences` say all of it in words.
    """
    result = found.result() if not found.job.active else None
    worth = result.worth if result else None
    kept = asdict(result) if result else {}
    return {
        "comparison_id": found.comparison_id,
        "state": found.job.state,
        "model_name": result.model_name if result else found.spec.model_name,
        "dataset": found.spec.dataset,
        "train_on": found.spec.train_on,
        "runs": [summarise_run(run) for run in found.runs()],
        "transfer_recipe": kept.get("transfer_recipe"),
        "transfer_worth": worth.points if worth else None,
        "transfer_worth_low": worth.low if worth else None,
        "transfer_worth_high": worth.high if worth else None,
        **{name: kept.get(name, ()) for name in ("gaps", "crossings", "reaches", "labels")},
        "labels_saved": kept.get("labels_saved"),
        **{name: kept.get(name, ()) for name in ("findings", "reasons")},
        "differences": result.differences() if result else {},
        "sentences": comparison_sentences(result) if result else [],
        "message": found.job.status.get("message"),
    }


def _readable(kind: str, read: Callable[[Job], Found]) -> Iterator[Found]:
    """The jobs of a kind, the newest first, without those whose request only another version understands."""
    for job in list_jobs(kind):
        with contextlib.suppress(ValueError, TypeError):
            yield read(job)


def _run_of(job: Job) -> Run:
    known = FinetuneSpec.__dataclass_fields__
    return Run(job, FinetuneSpec(**{name: value for name, value in job.spec.items() if name in known}))


def _comparison_of(job: Job) -> ComparisonRun:
    known = ComparisonSpec.__dataclass_fields__
    return ComparisonRun(job, ComparisonSpec(**{name: value for name, value in job.spec.items() if name in known}))
