"""A linear head on features that never change.

Imports torch; only workers use it. Not covered: computing the features (`features.extract`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.optimization import (
    class_weighted_loss,
    class_weights,
    create_optimizer,
    create_scheduler,
)
from bakeoff_core.finetuning.recipes import Recipe
from bakeoff_core.finetuning.request import BALANCED_SAMPLING, CLASS_WEIGHTS, NO_BALANCE
from bakeoff_core.finetuning.validations import Validations, is_validated_at
from bakeoff_core.models.image_loaders import draw_weights

SMALLEST_DEVIATION = 1e-3
"""Channels that vary less than this share of the mean deviation are left unscaled."""


@dataclass(frozen=True)
class Head:
    """A linear classifier of features as they come from the backbone."""

    weight: torch.Tensor
    """Shape (classes, channels)."""
    bias: torch.Tensor
    """Shape (classes,)."""

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return float32 of shape (images, classes) for features of shape (images, channels)."""
        return functional.linear(torch.from_numpy(features), self.weight, self.bias).numpy()

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return float32 of shape (images, classes) for features of shape (images, channels)."""
        return torch.from_numpy(self.logits(features)).softmax(-1).numpy()


class ProbeTraining:
    """The steps of a probe, one at a time, so that the caller can report and stop between them."""

    def __init__(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        class_count: int,
        recipe: Recipe,
        steps: int,
        batch: int,
        seed: int,
        balance: str = NO_BALANCE,
    ) -> None:
        """Prepare to train.

        Args:
            features: Float32 of shape (images, channels).
            labels: Integers of shape (images,).
            class_count: Outputs.
            recipe: Rate and decay.
            steps: Steps in all.
            batch: Images in a step.
            seed: Fixes the head's start and the order of the images.
            balance: One of `finetuning.request.BALANCES`.
        """
        self._generator = torch.Generator().manual_seed(seed)
        self._labels = torch.from_numpy(labels).long()
        self._mean = torch.from_numpy(features.mean(0))
        deviation = torch.from_numpy(features.std(0))
        self._deviation = torch.where(
            deviation > SMALLEST_DEVIATION * deviation.mean(), deviation, torch.ones_like(deviation)
        )
        self._features = (torch.from_numpy(features) - self._mean) / self._deviation
        # Normalised channels in hundreds: scaled so that a step's effect does not depend on their number.
        self._scale = features.shape[1] ** -0.5
        self._linear = nn.Linear(features.shape[1], class_count)
        nn.init.zeros_(self._linear.weight)
        nn.init.zeros_(self._linear.bias)
        self._optimizer = create_optimizer(self._linear, recipe)
        self._scheduler = create_scheduler(self._optimizer, steps)
        self._batch = min(batch, len(features))
        self._class_weights = class_weights(labels, class_count) if balance == CLASS_WEIGHTS else None
        self._draw_weights = draw_weights(labels) if balance == BALANCED_SAMPLING else None
        self._order: list[int] = []

    def step(self, number: int) -> tuple[float, float]:
        """Do one step, numbered from 1; return the loss before it and the learning rate."""
        if len(self._order) < self._batch:
            self._order = self._new_order()
        chosen, self._order = self._order[: self._batch], self._order[self._batch :]
        self._scheduler.step_update(number)
        logits = self._linear(self._features[chosen] * self._scale)
        loss = class_weighted_loss(logits, self._labels[chosen], self._class_weights)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return loss.item(), self._optimizer.param_groups[0]["lr"]

    def _new_order(self) -> list[int]:
        """The images of a pass: each once, or as many, of every class alike."""
        images = len(self._labels)
        if self._draw_weights is None:
            return torch.randperm(images, generator=self._generator).tolist()
        return torch.multinomial(self._draw_weights, images, replacement=True, generator=self._generator).tolist()

    def head(self) -> Head:
        """Return the head as it is now, for features as they come."""
        weight = self._linear.weight.detach() * self._scale / self._deviation
        return Head(weight, self._linear.bias.detach() - weight @ self._mean)


def fit_head(
    training: ProbeTraining,
    steps: int,
    every: int,
    validations: Validations,
    validate: Callable[[int, Head], Mapping[str, float]] | None,
    stepped: Callable[[int, float, float], object] = lambda number, loss, rate: None,
) -> tuple[Head, int]:
    """Do a probe's steps, and choose the head by its validations.

    Args:
        training: Before its first step.
        steps: Planned; fewer are made where `validations` end it.
        every: Steps between two validations.
        validations: None yet; they are noted there.
        validate: Takes the number of steps and the head to its metrics in percent; `None` where there are no images for
            it.
        stepped: Told each step's number, loss and learning rate.

    Returns:
        The head of the best validation, or the last where there is none; and the number of steps made.
    """
    best, number = None, 0
    for number in range(1, steps + 1):
        stepped(number, *training.step(number))
        if validate is not None and is_validated_at(number, every, steps):
            head = training.head()
            if validations.note(number, validate(number, head)):
                best = head
            if validations.has_ended:
                break
    return best or training.head(), number


def require_linear_head(model: nn.Module) -> nn.Linear:
    """Return the model's classifier.

    Raises:
        BakeoffError: It is not one linear layer.
    """
    classifier = model.get_classifier()
    if not isinstance(classifier, nn.Linear):
        raise BakeoffError(
            "A linear probe needs a model whose classifier is one linear layer; use another recipe for this one."
        )
    return classifier


def put_head(model: nn.Module, head: Head) -> None:
    """Make a trained head the model's own; raises as `require_linear_head` does."""
    classifier = require_linear_head(model)
    with torch.no_grad():
        classifier.weight.copy_(head.weight)
        classifier.bias.copy_(head.bias)
