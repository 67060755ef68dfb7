"""Fine-tuning runs and comparisons of them from outside: what to train, the start of it, and what became of it.

The pages' and the command line's common way in. Not covered: the training itself (see `finetuning.worker` and
`finetuning.comparison.worker`, which run in a process of their own), and which recipe to choose (`finetuning.recipes`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from bakeoff_core.datasets.choices import ImageChoices, MetricChoices, parse_spec
from bakeoff_core.datasets.records import TRAIN_ON
from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.finetuning.recipes import RECIPES, Recipe
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import start_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.schema.checks import require_choice, require_count, require_unicode
from bakeoff_core.schema.profile import DEVICE_CHOICES

RESULTS = "results.json"
"""A finished run's results, in its folder."""
PREDICTIONS = "predictions.parquet"
"""A finished run's answer to every test image."""
SPLITS = "splits.parquet"
"""Which image of the data set is in which part, with its label."""
EXPORT = "model"
"""The folder in a finished run's folder that plain timm can load."""
OPENING = "image_opening.py"
"""In it, how images are opened: a copy of `datasets.image_opening`, so that there are no two ways."""
CURVE = "curve.parquet"
"""For two classes, what each threshold of the class that matters comes to on the test images; columns
`datasets.metrics.scores.CURVE_COLUMNS`."""
BALANCES = ("none", "class-weights", "balanced-sampling")
"""What is done for rare classes: nothing; their images weigh more in the loss; they are drawn more often."""
NO_BALANCE, CLASS_WEIGHTS, BALANCED_SAMPLING = BALANCES
MAX_STEPS = 1_000_000
MAX_EPOCHS = 10_000
MAX_BATCH_SIZE = 4096
MAX_PATIENCE = 1_000
"""Validations; a run has ten at most."""
LARGEST = {"steps": MAX_STEPS, "epochs": MAX_EPOCHS, "batch_size": MAX_BATCH_SIZE, "patience": MAX_PATIENCE}
"""The largest value of each number that can be asked for."""
MAX_PROCESSES = 64
IMG_SIZES = (16, 2048)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(ImageChoices, MetricChoices):
    """What can be asked of a run and of a comparison alike; each has a default."""

    data_dir: str | None = None
    """Where the images are; `None` for the data set's usual place."""
    weights_file: str | None = None
    """The user's own weights, in safetensors or a checkpoint of plain tensors; `None` for the published ones."""
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
    balance: str = NO_BALANCE
    """One of `BALANCES`: what is done for rare classes."""
    patience: int | None = None
    """Validations in a row without a better one after which a run ends early; `None` for never."""


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
        for name in ("model_name", "data_dir", "weights_file"):
            require_unicode(name, getattr(self, name))
        require_choice("dataset", self.dataset, DATASETS)
        require_choice("recipe", self.recipe, tuple(RECIPES))
        require_choice("train_on", self.train_on, TRAIN_ON)
        require_choice("device", self.device, DEVICE_CHOICES)
        require_choice("balance", self.balance, BALANCES)
        self.require_known()
        self.require_known_metric()
        if self.dataset == "folder" and not self.data_dir:
            raise ValueError("`data_dir` must name the folder of images for the data set `folder`.")
        if self.steps is not None and self.epochs is not None:
            raise ValueError("`steps` and `epochs` exclude each other. Give one of them.")
        for name, most in LARGEST.items():
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
class Run:
    """A run as it is now."""

    job: Job
    spec: FinetuneSpec

    @property
    def run_id(self) -> str:
        """Its id; sortable by time of start."""
        return self.job.job_id

    @classmethod
    def from_job(cls, job: Job) -> Run:
        """Return the run that a job, or a dry run of it, does; raises `ValueError` where it asks for the unknown."""
        return cls(job, parse_spec(FinetuneSpec, job.spec))

    def results(self) -> dict[str, Any] | None:
        """Return what the finished run wrote of its test; `None` before."""
        try:
            return json.loads((self.job.folder / RESULTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def start_run(spec: FinetuneSpec) -> Run:
    """Start to fine-tune.

    Raises:
        BusyError: Another job is at work on this machine.
        NoSpaceError: The disk is full.
    """
    return Run.from_job(start_job(kinds.FINETUNE, asdict(spec), processes=spec.processes))
