"""One run, trained: the unit of work of fine-tuning, free of how its progress is told and of what it leaves behind.

Only workers use it. Not covered: what a run begins with (`finetuning.setup`), the steps themselves
(`finetuning.trainer`, `finetuning.linear_probe`), and the job that does it (`finetuning.worker`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bakeoff_core.datasets.metrics.answers import answers_from
from bakeoff_core.datasets.metrics.classes import accuracy
from bakeoff_core.datasets.metrics.scores import values_of
from bakeoff_core.datasets.records import LabelledImage, labels_of
from bakeoff_core.features.extract import keep_features, weights_digest
from bakeoff_core.features.frozen_backbone import FrozenBackbone
from bakeoff_core.features.store import MIRRORED, PLAIN, features_key, read_features
from bakeoff_core.finetuning.linear_probe import Head, ProbeTraining, fit_head, put_head
from bakeoff_core.finetuning.setup import Prepared
from bakeoff_core.finetuning.trainer import predict
from bakeoff_core.finetuning.validations import is_validated_at, validation_interval


@dataclass(frozen=True)
class StepDone:
    """An optimiser step, and how the run gets on."""

    number: int
    """From 1."""
    steps: int
    """Of the whole run."""
    loss: float
    learning_rate: float
    images: int
    """Trained in this step."""
    training_s: float
    """Seconds that all steps of this process have taken, validations aside."""
    pace_s: float
    """Seconds a step takes, its share of the validations included."""
    test_s: float
    """Seconds that the test will take, as far as is known."""


class RunListener(Protocol):
    """Told what a run is doing; may raise to end it."""

    def doing(self, message: str, *, done: int | None = None, total: int | None = None) -> None:
        """Something begins or goes on."""

    def resumed(self, step: int, *, is_validated: bool) -> None:
        """The run goes on after a step, 0 where it begins anew, and will make later ones again.

        Args:
            step: Its number.
            is_validated: Whether what that step's validation showed is known, so that it is not done again.
        """

    def stepped(self, step: StepDone) -> None:
        """A step is done."""

    def validated(self, step: int, found: dict[str, float], values: dict[str, float]) -> None:
        """The network was validated after a step.

        Args:
            step: Its number.
            found: `accuracy`, `low` and `high` in percent.
            values: All metrics in percent, by name.
        """


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to; the trained network is in what it began with."""

    probabilities: np.ndarray
    """For the test images, of shape (images, classes)."""
    steps: int
    """Made."""
    best_step: int
    """After which the weights were as they were tested and exported: the best validation's, or the last."""
    val_scores: dict[str, float]
    """Those weights' metrics in percent on the validation images, by name; empty where there are none."""
    stopped_early: bool
    """Whether validations ended it before its last step."""
    features_key: str | None = None
    """Of the frozen features that the head learned from; `None` where the network was trained."""
    features_computed: bool = False
    """Whether any of those were computed in this run."""


def train_run(run: Prepared, folder: Path, listener: RunListener) -> RunOutcome:
    """Train as the recipe says, validating on the way, and answer the test images.

    Args:
        run: From `setup.prepare_run`.
        folder: Where checkpoints are; a run that has one goes on from it.
        listener: Told of it.

    Raises:
        BakeoffError: The checkpoint is of another run, or something can't be trained; the words say what to do.
        OSError: The disk is full, or an image is gone.
    """
    return _train_head(run, listener) if run.recipe.uses_features else _train_network(run, folder, listener)


# --- the network -----------------------------------------------------------------------------------------------------


def _train_network(run: Prepared, folder: Path, listener: RunListener) -> RunOutcome:
    training, steps = run.training(folder), run.spec.planned_steps(run.recipe, len(run.fit))
    training.restore()
    predicting_per_s: float | None = None

    def answer(images: tuple[LabelledImage, ...], message: str) -> np.ndarray:
        nonlocal predicting_per_s
        began, total = time.monotonic(), len(images)

        def progress(done: int) -> None:
            listener.doing(message, done=done, total=total)

        scores = predict(run.accelerator, training.bare, images, run.eval_transform, progress)
        predicting_per_s = total / max(time.monotonic() - began, 1e-9)
        return scores

    def validate(number: int) -> None:
        values = _note_validation(listener, number, answer(run.val, "Validating"), run)
        if training.validations.note(number, values):
            training.note_best()

    every = validation_interval(steps, training.epoch_steps)
    is_validated = training.validations.last_step == training.number
    listener.resumed(training.number, is_validated=is_validated)
    if run.val and is_validated_at(training.number, every, steps) and not is_validated:
        validate(training.number)  # from an earlier version's checkpoint, which says nothing of it
    began, first, training_s = time.monotonic(), training.number, 0.0
    for step in () if training.validations.has_ended else training.run():
        training_s += step.seconds
        pace_s = (time.monotonic() - began) / (step.number - first)
        test_s = len(run.dataset.test) / predicting_per_s if predicting_per_s else 0.0
        listener.stepped(
            StepDone(step.number, steps, step.loss, step.learning_rate, step.images, training_s, pace_s, test_s)
        )
        # Before a checkpoint, which keeps what it showed.
        if run.val and is_validated_at(step.number, every, steps):
            validate(step.number)
        if step.checkpoint_is_due:
            training.keep()
        if training.validations.has_ended:
            break
    training.keep()
    training.take_best()
    validations = training.validations
    return RunOutcome(
        answer(run.dataset.test, "Testing"),
        steps=training.number,
        best_step=validations.best_step or training.number,
        val_scores=validations.kept,
        stopped_early=training.number < steps,
    )


# --- a head on features ----------------------------------------------------------------------------------------------


def _train_head(run: Prepared, listener: RunListener) -> RunOutcome:
    """Train a head on the frozen network's features, put it on, and answer."""
    spec, dataset, steps = run.spec, run.dataset, run.spec.planned_steps(run.recipe, len(run.fit))
    features = _Features(run, listener)
    inputs_of = {split: features.of(split) for split in ("train", "val")}
    labels = {split: labels_of(images) for split, images in dataset.splits().items()}
    used = ("train", "val") if spec.train_on == "train+val" else ("train",)
    # Each image and its mirror image; validation and test see the images as they are.
    inputs = np.concatenate([inputs_of[split] for split in used])
    answers = np.concatenate([np.tile(labels[split], 2) for split in used])
    training = ProbeTraining(
        inputs, answers, len(dataset.classes), run.recipe, steps, spec.batch_size, spec.seed, spec.balance
    )
    listener.resumed(0, is_validated=False)  # the steps take seconds: a resumed probe makes them again
    every = validation_interval(steps, max(1, len(run.fit) // spec.batch_size))
    validations, began = run.validations(), time.monotonic()

    def stepped(number: int, loss: float, rate: float) -> None:
        spent = time.monotonic() - began
        listener.stepped(StepDone(number, steps, loss, rate, spec.batch_size, spent, spent / number, 0.0))

    def validate(number: int, head: Head) -> dict[str, float]:
        return _note_validation(listener, number, head.probabilities(inputs_of["val"][: len(run.val)]), run)

    head, made = fit_head(training, steps, every, validations, validate if run.val else None, stepped)
    put_head(run.model, head)
    return RunOutcome(
        head.probabilities(features.of("test")),  # last, so that the curves come sooner
        steps=made,
        best_step=validations.best_step or made,
        val_scores=validations.kept,
        stopped_early=made < steps,
        features_key=features.key,
        features_computed=features.computed,
    )


class _Features:
    """The features of a run's images, from the disk where they are kept."""

    def __init__(self, run: Prepared, listener: RunListener) -> None:
        self.key = features_key(run.dataset.content_key(), weights_digest(run.model), run.config)
        self.computed = False
        images = sum(map(len, run.dataset.splits().values()))
        self._run, self._listener = run, listener
        self._backbone = FrozenBackbone(run.model, run.config["input_size"], run.accelerator.device, images)

    def of(self, split: str) -> np.ndarray:
        """Return the features of a split, with mirror images but for the test."""
        run, views = self._run, (PLAIN,) if split == "test" else (PLAIN, MIRRORED)
        images = run.dataset.splits()[split]

        def progress(done: int) -> None:
            self._listener.doing(f"Computing the features of the {split} images", done=done, total=len(images))

        computed = keep_features(
            run.accelerator, self._backbone, images, run.eval_transform, self.key, split, views, progress
        )
        self.computed = self.computed or bool(computed)
        return np.concatenate([np.asarray(read_features(self.key, split, view)) for view in views])


def _note_validation(listener: RunListener, number: int, probabilities: np.ndarray, run: Prepared) -> dict[str, float]:
    """Tell of a validation; returns its metrics in percent, by name."""
    labels = labels_of(run.val)
    values = values_of(answers_from(labels, probabilities, run.positive))
    listener.validated(number, accuracy(labels, probabilities.argmax(1)), values)
    return values
