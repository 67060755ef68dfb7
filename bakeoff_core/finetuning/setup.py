"""What a fine-tuning run and its trial begin with: images, model, preprocessing and the pieces that train.

Imports torch; only workers use it. Not covered: running any of it (`finetuning.worker`, `finetuning.dry_run.worker`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from torch import nn

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.weights import find_weights, require_reachable
from bakeoff_core.datasets.choices import deciding_class, read_images
from bakeoff_core.datasets.records import ImageDataset, LabelledImage, labels_of
from bakeoff_core.datasets.registry import is_checked, without_damaged
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.linear_probe import require_linear_head
from bakeoff_core.finetuning.optimization import class_weights, scaled, stage_transform, train_transform
from bakeoff_core.finetuning.recipes import GROWING, RECIPES, Recipe, stage_size
from bakeoff_core.finetuning.request import BALANCED_SAMPLING, CLASS_WEIGHTS, FinetuneSpec
from bakeoff_core.finetuning.trainer import Training
from bakeoff_core.finetuning.validations import Validations
from bakeoff_core.formatting import counted
from bakeoff_core.jobs.worker import yield_to_others
from bakeoff_core.models.image_loaders import shared_batch_size, training_loader
from bakeoff_core.models.pretrained import (
    create_for_transfer,
    data_config,
    eval_transform,
    takes_any_size,
)
from bakeoff_core.models.sizes import require_runs
from bakeoff_core.models.timm_models import known_models
from bakeoff_core.schema.metrics import METRICS
from bakeoff_core.system.machine import usable_cores


@dataclass(frozen=True)
class Prepared:
    """A run, ready to train."""

    spec: FinetuneSpec
    accelerator: Accelerator
    dataset: ImageDataset
    was_checked: bool
    """Whether every image had been decoded before."""
    model_name: str
    """timm's `arch.tag`, in full."""
    weights: str
    """What the backbone starts from, in words."""
    recipe: Recipe
    """With the run's own learning rate."""
    model: nn.Module
    """With its new head, on its device."""
    config: dict[str, Any]
    """The model's preprocessing; see `models.pretrained.data_config`."""
    fit: tuple[LabelledImage, ...]
    """Images to train on."""
    val: tuple[LabelledImage, ...]
    """Images to validate on; empty where they are trained on."""
    positive: int | None
    """Of two classes, the label of the one that matters."""

    @property
    def eval_transform(self) -> Callable:
        """The transform of images that are validated or tested on."""
        return eval_transform(self.config)

    def training(self, folder: Path, steps: int | None = None) -> Training:
        """Return a training of so many steps, by default the run's, that keeps its checkpoints in a folder."""
        any_way_up = self.dataset.any_way_up or self.spec.any_way_up
        transform = train_transform(self.config, self.recipe.augmentation, any_way_up=any_way_up)
        batch_size = shared_batch_size(self.spec.batch_size, len(self.fit), self.accelerator.num_processes)
        balance = self.spec.balance
        loader = training_loader(self.fit, transform, batch_size, self.spec.seed, balanced=balance == BALANCED_SAMPLING)
        growing = GROWING if self.spec.growing else ()
        stages = [(stage, stage_transform(self.config, stage, any_way_up=any_way_up)) for stage in growing]
        steps = steps or self.spec.planned_steps(self.recipe, len(self.fit))
        weighs = balance == CLASS_WEIGHTS
        return Training(
            self.accelerator,
            self.model,
            loader,
            self.recipe,
            steps,
            folder,
            self.dataset.content_key(),
            self.validations(),
            stages,
            class_weights(labels_of(self.fit), len(self.dataset.classes)) if weighs else None,
        )

    def validations(self) -> Validations:
        """Return the run's validations before the first."""
        return Validations(self.spec.metric, self.spec.patience)


def prepare_run(
    spec: FinetuneSpec, tell: Callable[..., None], *, check_images: bool = True, seed_each: bool = True
) -> Prepared:
    """Read the images, load the model and place it on its device.

    Args:
        spec: What was asked for.
        tell: Told what is going on: a message, and `done` and `total` where they are known.
        check_images: Decode every image first and leave out what is damaged; `False` does so only where it takes no
            time, because the outcome is known.
        seed_each: Draw differently in each of several processes, as augmentation should.

    Raises:
        BakeoffError: Images or weights are missing, or something does not go together.
    """
    yield_to_others()
    accelerator = _accelerator_for(spec)
    torch.set_num_threads(max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))
    set_seed(spec.seed)
    tell("Checking the images")
    dataset = read_images(spec)
    deciding_class(spec, dataset)
    # A name or a file that will not do is told now, not when every image has been decoded.
    recipe = scaled(RECIPES[spec.recipe], spec.learning_rate, spec.batch_size)
    name = resolve_model_name(spec.model_name, known_models())
    weights = find_weights(name, Path(spec.weights_file) if spec.weights_file else None)
    if recipe.pretrained:
        require_reachable(name, weights)
    was_checked = is_checked(dataset)
    if check_images or was_checked:
        total = sum(map(len, dataset.splits().values()))
        dataset = without_damaged(
            dataset,
            lambda done: tell("Checking the images", done=done, total=total),
            leave_out_copies=spec.leave_out_copies,
        )
    tell("Downloading the weights" if recipe.pretrained and not weights.is_here else "Loading the model")
    model = create_for_transfer(name, weights if recipe.pretrained else None, len(dataset.classes), spec.img_size)
    if spec.growing and not takes_any_size(model):
        raise BakeoffError(
            f"{name} takes images of one size only, so they can't grow. Train it without growing images."
        )
    if recipe.uses_features:
        require_linear_head(model)
    config = data_config(model, spec.img_size)
    require_runs(model, name, config["input_size"][-1], _fed_sizes(spec))
    fit = dataset.train + (dataset.val if spec.train_on == "train+val" else ())
    val = dataset.val if spec.train_on == "train" else ()
    positive = deciding_class(spec, dataset)  # anew: of two classes as frequent, damaged images may have been of one
    batch_note = _batch_note(spec, recipe, len(fit), accelerator.num_processes)
    model.to(accelerator.device, memory_format=torch.channels_last)
    if seed_each:
        set_seed(spec.seed, device_specific=True)
    return Prepared(
        spec=spec,
        accelerator=accelerator,
        dataset=replace(dataset, notes=(*dataset.notes, *batch_note, *_undecided_note(spec, dataset, val, positive))),
        was_checked=was_checked,
        model_name=name,
        weights=weights.text if recipe.pretrained else "random",
        recipe=recipe,
        model=model,
        config=config,
        fit=fit,
        val=val,
        positive=positive,
    )


def _fed_sizes(spec: FinetuneSpec) -> Callable[[int], Sequence[int]]:
    """Which sides a run's images have at a size of the model, in pixels."""

    def fed(img_size: int) -> Sequence[int]:
        grown = [stage_size(stage, img_size) for stage in GROWING] if spec.growing else [img_size]
        return list(dict.fromkeys(grown))

    return fed


def _batch_note(spec: FinetuneSpec, recipe: Recipe, images: int, processes: int) -> list[str]:
    """What to say of a step where processes can't share all images evenly; raises as `shared_batch_size` does."""
    if recipe.uses_features:  # the head's steps are one process's
        return []
    used = shared_batch_size(spec.batch_size, images, processes)
    if used == min(spec.batch_size, images):
        return []
    return [
        f"Each step takes {used} of the {counted(images, 'image')} to train on, other ones each time, so that "
        f"{processes} processes share it evenly."
    ]


def _undecided_note(
    spec: FinetuneSpec, dataset: ImageDataset, val: tuple[LabelledImage, ...], positive: int | None
) -> list[str]:
    """What to say where there are images to validate on, and none of them is of the class that the metric is of."""
    metric = METRICS[spec.metric]
    if not (val and metric.is_binary) or any(image.label == positive for image in val):
        return []
    return [
        f"None of the {counted(len(val), 'image')} to validate on is of the class {dataset.classes[positive]}, so "
        f"{metric.title} could not choose the weights: those of the last step were kept."
    ]


def _accelerator_for(spec: FinetuneSpec) -> Accelerator:
    """Where a run trains, and with whom."""
    if spec.device == "cuda" and not torch.cuda.is_available():
        raise BakeoffError("There is no CUDA device that PyTorch can use. Train on the CPU, or leave the choice to it.")
    on_gpu = spec.device != "cpu" and torch.cuda.is_available()
    accelerator = Accelerator(
        cpu=not on_gpu,  # several processes only find each other where they are told so
        mixed_precision="bf16" if on_gpu else "no",
        dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True, even_batches=False, split_batches=True),
        # What is frozen for a while gets no gradient, which several processes would otherwise wait for.
        kwargs_handlers=[
            DistributedDataParallelKwargs(
                find_unused_parameters=any(phase.trained < 1 for phase in RECIPES[spec.recipe].phases)
            )
        ],
    )
    if spec.batch_size % accelerator.num_processes:
        raise BakeoffError(
            f"The batch size must be a multiple of the number of processes, {accelerator.num_processes}. "
            f"Got {spec.batch_size}."
        )
    return accelerator
