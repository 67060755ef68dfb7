"""The loop that trains a network: steps, validation, checkpoints; on one device or, through Accelerate, on several.

Imports torch; only workers use it. Not covered: which model and data (`finetuning.worker`), heads on fixed features
(`finetuning.linear_probe`).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from bakeoff_core.datasets.records import LabelledImage
from bakeoff_core.errors import BakeoffError, reason_of
from bakeoff_core.finetuning.optimization import (
    class_weighted_loss,
    create_mixup,
    create_optimizer,
    create_scheduler,
    train_layers,
)
from bakeoff_core.finetuning.recipes import GrowingStage, Recipe
from bakeoff_core.finetuning.validations import Validations
from bakeoff_core.models.image_loaders import ImageFiles, evaluation_loader, shared

CHECKPOINT = "checkpoint"
BEST = "best.pt"
"""In a checkpoint, the weights of the best validation so far."""
CHECKPOINT_S = 30.0
"""Seconds between two checkpoints; half of what a run may lose."""
FIRST_CHECKPOINT_S = 5.0
"""Seconds until the first one, so that a run that is stopped while it is young has something to go on from."""
EVALUATION_BATCH = 32
GRADIENT_NORM = 1.0
"""Longest gradient of a step; a longer one is shortened to it."""


@dataclass(frozen=True)
class TrainingStep:
    """What one step did."""

    number: int
    """From 1."""
    loss: float
    """Mean cross-entropy of the batch, weighted by class where classes have weights, before the step."""
    learning_rate: float
    """Of the head."""
    images: int
    """Of all processes together."""
    seconds: float
    """Since the step before it ended, loading included."""
    checkpoint_is_due: bool
    """Whether the last checkpoint is old; the same in every process."""


class Training:
    """A run's state between its steps, which can be kept and restored."""

    def __init__(
        self,
        accelerator: Accelerator,
        model: nn.Module,
        loader: DataLoader,
        recipe: Recipe,
        steps: int,
        folder: Path,
        content_key: str,
        validations: Validations,
        stages: Sequence[tuple[GrowingStage, Callable[[Any], torch.Tensor]]] = (),
        class_weights: torch.Tensor | None = None,
    ) -> None:
        """Prepare to train.

        Args:
            accelerator: Places model, optimiser and batches.
            model: With its new head.
            loader: Shuffled training batches of `ImageFiles`.
            recipe: What trains when, and at which rates.
            steps: Steps in all.
            folder: Where checkpoints go.
            content_key: Of the images; a checkpoint of others is refused.
            validations: None yet; they are kept and restored with the rest.
            stages: With growing images, each stage and the transform of its images; empty for the loader's own.
            class_weights: As `optimization.class_weights` returns them; `None` for all alike.
        """
        self._accelerator, self._recipe, self._folder = accelerator, recipe, folder
        self._content_key, self._stages = content_key, stages
        self._images: ImageFiles = loader.dataset
        self._class_weights = None if class_weights is None else class_weights.to(accelerator.device)
        self.bare = model
        """The model itself, without what several processes wrap around it."""
        self.validations = validations
        """Those until now."""
        self._best: dict[str, torch.Tensor] | None = None
        """The weights of the best of them, in the process that leads."""
        self._classes = model.num_classes
        optimizer = create_optimizer(model, recipe)
        self.steps = steps
        self.model, self._optimizer, self._loader = accelerator.prepare(model, optimizer, loader)
        self._scheduler = create_scheduler(self._optimizer.optimizer, steps)
        self.number = 0
        self._keep_at = time.monotonic() + FIRST_CHECKPOINT_S

    @property
    def epoch_steps(self) -> int:
        """Steps in a pass over the training images."""
        return len(self._loader)

    def run(self) -> Iterator[TrainingStep]:
        """Go on to the last step, yielding each; validation between steps is the caller's."""
        while self.number < self.steps:
            epoch, done = divmod(self.number, self.epoch_steps)
            self._loader.set_epoch(epoch)
            mixup, until = self._set_stage()
            batches = self._accelerator.skip_first_batches(self._loader, done) if done else self._loader
            began = time.monotonic()
            for images, labels in batches:
                self._set_phase()
                targets = labels
                if mixup is not None and len(images) % 2 == 0:  # it mixes each image with one of the others
                    images, targets = mixup(images, labels)
                loss, rate, is_due = self._step(images, targets)
                self.number += 1
                count = len(images) * self._accelerator.num_processes
                yield TrainingStep(self.number, loss, rate, count, time.monotonic() - began, is_due)
                if self.number >= until:
                    break
                began = time.monotonic()

    def keep(self) -> None:
        """Write a checkpoint beside the last one, then let it take its place; every process has to call it.

        Raises:
            OSError: The disk is full; the last checkpoint is still there.
        """
        new, current, old = (self._folder / f"{CHECKPOINT}{end}" for end in ("-new", "", "-old"))
        leads = self._accelerator.is_main_process
        if leads:
            shutil.rmtree(new, ignore_errors=True)
        self._accelerator.wait_for_everyone()
        self._accelerator.save_state(str(new))
        self._accelerator.wait_for_everyone()
        if leads:
            if self._best is not None:
                with (new / BEST).open("wb") as file:
                    torch.save(self._best, file)
            state = {"step": self.number, "steps": self.steps, "content_key": self._content_key}
            state["validations"] = self.validations.state()
            (new / "step.json").write_text(json.dumps(state))
            shutil.rmtree(old, ignore_errors=True)
            if current.exists():
                current.rename(old)
            new.rename(current)
            shutil.rmtree(old, ignore_errors=True)
        self._keep_at = time.monotonic() + CHECKPOINT_S

    def restore(self) -> bool:
        """Go on from the last checkpoint, if there is a whole one.

        Raises:
            BakeoffError: The images have changed since; what was learned from some may be tested on now.
        """
        for end in ("", "-old"):
            kept = self._folder / f"{CHECKPOINT}{end}"
            try:
                state = json.loads((kept / "step.json").read_text())
            except (OSError, ValueError):
                continue
            if (state.get("steps"), state.get("content_key")) != (self.steps, self._content_key):
                raise BakeoffError(
                    "The images have changed since this run began: an image it has learned from could be one it is "
                    "tested on now. Start a new run."
                )
            self._accelerator.load_state(str(kept))
            self.number = state["step"]
            if "validations" in state:  # those of earlier versions kept no best weights
                self.validations.restore(state["validations"])
            if self._accelerator.is_main_process and (kept / BEST).exists():
                self._best = _read_weights(kept / BEST)
            return True
        return False

    def note_best(self) -> None:
        """Keep the weights as they are now for the end: in memory, and with the next checkpoint on the disk.

        A checkpoint and the best weights known by then are replaced together, so that a run that was cut off goes on
        with what it knew at that step.
        """
        if self._accelerator.is_main_process:
            self._best = {name: value.to("cpu", copy=True) for name, value in self.bare.state_dict().items()}

    def take_best(self) -> None:
        """Make the best weights the network's, right after `keep`; every process has to call it.

        The last weights stay where no validation had a value.
        """
        if self.validations.best_step in (None, self.number):
            return
        self._accelerator.wait_for_everyone()  # until the checkpoint is in its place
        self.bare.load_state_dict(_read_weights(self._folder / CHECKPOINT / BEST))
        self._accelerator.wait_for_everyone()

    def _set_stage(self) -> tuple[Any, int]:
        """Let the images grow as far as they are at this step; return the stage's mixup and its last step."""
        for stage, transform in self._stages:
            until = self.steps if stage.until >= 1 else round(stage.until * self.steps)
            if self.number < until:
                self._images.transform = transform
                return create_mixup(stage.mixup, self._classes), until
        return None, self.steps

    def _set_phase(self) -> None:
        """Let train what trains at this point of the recipe."""
        share = self.number / self.steps
        phase = next(p for p in self._recipe.phases if share < p.until or p.until >= 1)
        self.model.train()
        train_layers(self.bare, phase.trained)

    def _step(self, images: torch.Tensor, targets: torch.Tensor) -> tuple[float, float, bool]:
        """Do one step; return the loss over all processes, the head's rate, and whether a checkpoint is due."""
        self._scheduler.step_update(self.number + 1)
        with self._accelerator.autocast():
            logits = self._forward(images.to(memory_format=torch.channels_last))
            loss = class_weighted_loss(logits.float(), targets, self._class_weights)
        self._optimizer.zero_grad()
        self._accelerator.backward(loss)
        self._accelerator.clip_grad_norm_(self.model.parameters(), GRADIENT_NORM)
        self._optimizer.step()
        is_due = time.monotonic() >= self._keep_at
        told = torch.tensor([loss.item(), float(is_due)], device=self._accelerator.device)
        mean_loss, due_share = self._accelerator.reduce(told, "mean").tolist()
        return mean_loss, max(group["lr"] for group in self._optimizer.param_groups), due_share > 0

    def _forward(self, images: torch.Tensor) -> torch.Tensor:
        """Run the network on a batch.

        Raises:
            BakeoffError: A batch norm is to be trained on a single value, of which there is no deviation.
        """
        try:
            return self.model(images)
        except ValueError as err:
            if len(images) > 1 or not any(isinstance(module, _BatchNorm) for module in self.bare.modules()):
                raise
            shared = f" for each of {self._accelerator.num_processes}" if self._accelerator.num_processes > 1 else ""
            raise BakeoffError(
                "This network norms each channel over the images of a step (batch norm), so it can't be trained on one "
                f"image at a time. Got a batch of 1{shared}. Use a batch size, and as many training images, of 2 or "
                f"more{shared}. PyTorch's reason: {reason_of(err)}"
            ) from err


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, map_location="cpu", weights_only=True)


def predict(
    accelerator: Accelerator,
    model: nn.Module,
    images: Sequence[LabelledImage],
    transform: Callable[[Any], torch.Tensor],
    progress: Callable[[int], Any] = lambda done: None,
) -> np.ndarray:
    """Return the model's probabilities for images, in order: float32 of shape (images, classes).

    Several processes share the work, and each gets the whole answer. The model is in eval mode afterwards.

    Args:
        accelerator: Says where the model is and who shares the work.
        model: The bare model: what wraps it in several processes would wait for the others at every batch.
        images: At least one.
        transform: As `models.pretrained.eval_transform` returns it.
        progress: Told the number of images done.
    """
    model.eval()

    def probabilities(mine: Sequence[LabelledImage], tell: Callable[[int], Any]) -> np.ndarray:
        found, done = [], 0
        with torch.inference_mode(), accelerator.autocast():
            for batch, _ in evaluation_loader(mine, transform, EVALUATION_BATCH):
                batch = batch.to(accelerator.device, memory_format=torch.channels_last)
                found.append(model(batch).float().softmax(-1).cpu().numpy())
                done += len(batch)
                tell(done)
        return np.concatenate(found) if found else np.empty((0, model.num_classes), np.float32)

    return shared(accelerator, images, probabilities, progress)
