"""The loop that trains a network: steps, validation, checkpoints; on one device or, through Accelerate, on several.

Imports torch; only workers use it. Not covered: which model and data (`finetune`), heads on fixed features (`probe`).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from bakeoff_core.recipes import Recipe
from bakeoff_core.transfer import create_optimizer, create_scheduler, train_layers

CHECKPOINT = "checkpoint"
CHECKPOINT_S = 30.0
"""Seconds between two checkpoints; half of what a run may lose."""
GRADIENT_NORM = 1.0
"""Longest gradient of a step; a longer one is shortened to it."""


@dataclass(frozen=True)
class Step:
    """What one step did."""

    number: int
    """From 1."""
    loss: float
    """Mean cross-entropy of the batch, before the step."""
    learning_rate: float
    """Of the head."""
    images: int
    seconds: float
    """Since the step before it ended, loading included."""


class Training:
    """A run's state between its steps, which can be kept and restored."""

    def __init__(
        self, accelerator: Accelerator, model: nn.Module, loader: DataLoader, recipe: Recipe, steps: int, folder: Path
    ) -> None:
        """Prepare to train.

        Args:
            accelerator: Places model, optimiser and batches.
            model: With its new head.
            loader: Shuffled training batches.
            recipe: What trains when, and at which rates.
            steps: Steps in all.
            folder: Where checkpoints go.
        """
        self._accelerator, self._recipe, self._folder = accelerator, recipe, folder
        self._bare = model
        optimizer = create_optimizer(model, recipe)
        self.steps = steps
        self.model, self._optimizer, self._loader = accelerator.prepare(model, optimizer, loader)
        self._scheduler = create_scheduler(self._optimizer.optimizer, steps)
        self.number = 0
        self._kept_at = time.monotonic()

    @property
    def epoch_steps(self) -> int:
        """Steps in a pass over the training images."""
        return len(self._loader)

    def run(self) -> Iterator[Step]:
        """Go on to the last step, yielding each; validation between steps is the caller's."""
        while self.number < self.steps:
            epoch, done = divmod(self.number, self.epoch_steps)
            self._loader.set_epoch(epoch)
            batches = self._accelerator.skip_first_batches(self._loader, done) if done else self._loader
            began = time.monotonic()
            for images, labels in batches:
                self._set_phase()
                loss, rate = self._step(images, labels)
                self.number += 1
                yield Step(self.number, loss, rate, len(images), time.monotonic() - began)
                if self.number >= self.steps:
                    return
                began = time.monotonic()

    def keep_if_due(self) -> None:
        """Write a checkpoint if the last one is old; raises `OSError` where the disk is full."""
        if time.monotonic() - self._kept_at >= CHECKPOINT_S:
            self.keep()

    def keep(self) -> None:
        """Write a checkpoint beside the last one, then let it take its place."""
        new, current, old = (self._folder / f"{CHECKPOINT}{end}" for end in ("-new", "", "-old"))
        shutil.rmtree(new, ignore_errors=True)
        self._accelerator.save_state(str(new))
        (new / "step.json").write_text(json.dumps({"step": self.number, "steps": self.steps}))
        shutil.rmtree(old, ignore_errors=True)
        if current.exists():
            current.rename(old)
        new.rename(current)
        shutil.rmtree(old, ignore_errors=True)
        self._kept_at = time.monotonic()

    def restore(self) -> bool:
        """Go on from the last checkpoint, if there is a whole one for this many steps."""
        for end in ("", "-old"):
            kept = self._folder / f"{CHECKPOINT}{end}"
            try:
                state = json.loads((kept / "step.json").read_text())
            except (OSError, ValueError):
                continue
            if state.get("steps") == self.steps:
                self._accelerator.load_state(str(kept))
                self.number = state["step"]
                return True
        return False

    def _set_phase(self) -> None:
        """Let train what trains at this point of the recipe."""
        share = self.number / self.steps
        phase = next(p for p in self._recipe.phases if share < p.until or p.until >= 1)
        self.model.train()
        train_layers(self._bare, phase.trained)

    def _step(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
        self._scheduler.step_update(self.number + 1)
        with self._accelerator.autocast():
            logits = self.model(images.to(memory_format=torch.channels_last))
            loss = functional.cross_entropy(logits.float(), labels)
        self._optimizer.zero_grad()
        self._accelerator.backward(loss)
        self._accelerator.clip_grad_norm_(self.model.parameters(), GRADIENT_NORM)
        self._optimizer.step()
        return loss.item(), max(group["lr"] for group in self._optimizer.param_groups)


def predict(
    accelerator: Accelerator, model: nn.Module, loader: DataLoader, progress: Callable[[int], Any] = lambda done: None
) -> np.ndarray:
    """Return the model's probabilities for a loader's images, in order: float32 of shape (images, classes).

    The model is in eval mode afterwards.
    """
    model.eval()
    found: list[np.ndarray] = []
    done = 0
    with torch.inference_mode(), accelerator.autocast():
        for images, _ in loader:
            images = images.to(accelerator.device, memory_format=torch.channels_last)
            found.append(model(images).float().softmax(-1).cpu().numpy())
            done += len(images)
            progress(done)
    return np.concatenate(found)
