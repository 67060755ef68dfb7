"""The fine-tuning job.

Everything a run needs to be repeated stands in its folder: the request (`spec.json`), what became of it
(`status.json`), every step's loss (`metrics.jsonl`), which image was in which part (`splits.parquet`), a checkpoint,
and at the end `results.json`, `predictions.parquet` and `model/`, which plain timm loads. A resumed run goes on from
its checkpoint. Several processes train together under torch's or Accelerate's launcher; the first one reports.

Not covered: the request and its defaults (`finetuning.request`, `finetuning.recipes`), what it begins with
(`finetuning.setup`), the steps themselves (`finetuning.trainer`, `finetuning.linear_probe`), what it leaves behind
(`finetuning.export`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bakeoff_core.datasets.index import LabelledImage, labels_of
from bakeoff_core.datasets.metrics import accuracy
from bakeoff_core.datasets.summary import MOST_SKIPPED
from bakeoff_core.features.extract import keep_features, weights_digest
from bakeoff_core.features.extractor import FrozenBackbone
from bakeoff_core.features.store import MIRRORED, PLAIN, features_key, read_features
from bakeoff_core.finetuning.export import export_model, write_results, write_splits
from bakeoff_core.finetuning.linear_probe import ProbeTraining, put_head
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.finetuning.setup import Prepared, prepare_run
from bakeoff_core.finetuning.trainer import CHECKPOINT, predict
from bakeoff_core.jobs.manager import hold_if_free
from bakeoff_core.jobs.worker import Reporter, follow_launcher, process_start, run_to_end
from bakeoff_core.models.loaders import start_decoders
from bakeoff_core.system.heap import keep_freed_memory
from bakeoff_core.system.memory import peak_memory_bytes

MOST_VALIDATIONS = 10
"""Times a run is validated while it trains, its end included."""
REPORT_S = 0.5
"""Seconds between two reports of progress."""
TRAINING = "Training"
"""The message while steps are made; `done` and `total` count them then."""


class Finetuning:
    """One run, from its request to its results."""

    def __init__(self, reporter: Reporter, folder: Path, spec: FinetuneSpec, *, began: float | None = None) -> None:
        """Prepare the run in a job's folder.

        Args:
            reporter: Of the run.
            folder: The job's.
            spec: What was asked for.
            began: When the run began, on `time.monotonic`'s clock; `None` for now.
        """
        self._reporter, self._folder, self._spec = reporter, folder, spec
        self._began = (time.monotonic() if began is None else began) - reporter.earlier_seconds
        self._message, self._message_began, self._reported = "", time.monotonic(), 0.0
        self._images_seen = 0
        self._training_s = 0.0
        self._judged_per_s: float | None = None
        self._features_key: str | None = None
        self._features_computed = False

    def run(self) -> None:
        """Do everything; raises `BakeoffError` for what the user can mend."""
        run = prepare_run(self._spec, self._tell)
        skipped = [asdict(s) | {"path": str(s.path)} for s in run.dataset.skipped[:MOST_SKIPPED]]
        self._reporter.report(
            model_name=run.model_name, weights=run.weights, skipped=skipped, skipped_count=len(run.dataset.skipped)
        )
        leads = run.accelerator.is_main_process
        if leads:
            write_splits(self._folder, run)
        steps = self._spec.planned_steps(run.recipe, len(run.fit))
        probabilities = (self._probe if run.recipe.uses_features else self._train)(run, steps)
        self._tell("Writing the results")
        if leads:
            measured = {
                "steps": steps,
                "seconds": self._seconds(),
                "images_per_second": self._rate(),
                "peak_memory_bytes": peak_memory_bytes(run.accelerator.device),
                "features_key": self._features_key,
                "features_computed": self._features_computed,
            }
            export_model(self._folder, run, write_results(self._folder, run, probabilities, measured))
            shutil.rmtree(self._folder / CHECKPOINT, ignore_errors=True)
        run.accelerator.wait_for_everyone()

    # --- the two ways to train ---------------------------------------------------------------------------------------

    def _train(self, run: Prepared, steps: int) -> np.ndarray:
        """Train the network and return its probabilities for the test images."""
        training = run.training(self._folder)
        training.restore()
        self._reporter.keep_metrics(lambda metric: metric["step"] <= training.number)
        every = validation_interval(steps, training.epoch_steps)
        if run.val and training.number and training.number % every == 0:
            last = self._reporter.last_metric()
            if "val_accuracy" not in last:  # cut off between its checkpoint and its validation
                self._validate(training.number, self._judge(run, training.bare, run.val), run.val)
        began, first = time.monotonic(), training.number
        for step in training.run():
            self._images_seen += step.images
            self._training_s += step.seconds
            self._reporter.metric(
                step=step.number, loss=step.loss, learning_rate=step.learning_rate, seconds=self._seconds()
            )
            pace = (time.monotonic() - began) / (step.number - first)
            self._tell_step(step.number, steps, pace, len(run.dataset.test))
            if step.checkpoint_is_due:
                training.keep()
            if run.val and (step.number % every == 0 or step.number == steps):
                self._validate(step.number, self._judge(run, training.bare, run.val), run.val)
        training.keep()
        return self._judge(run, training.bare, run.dataset.test, "Testing")

    def _probe(self, run: Prepared, steps: int) -> np.ndarray:
        """Train a head on the frozen network's features, put it on, and return its answers as `_train` does."""
        spec, dataset = self._spec, run.dataset
        key = self._features_key = features_key(dataset.content_key(), weights_digest(run.model), run.config)
        images = sum(map(len, dataset.splits().values()))
        backbone = FrozenBackbone(run.model, run.config["input_size"], run.accelerator.device, images)
        features = {split: self._features(run, backbone, key, split) for split in ("train", "val")}
        labels = {split: labels_of(images) for split, images in dataset.splits().items()}
        used = ("train", "val") if spec.train_on == "train+val" else ("train",)
        # Each image and its mirror image; validation and test see the images as they are.
        inputs = np.concatenate([features[split] for split in used])
        answers = np.concatenate([np.tile(labels[split], 2) for split in used])
        training = ProbeTraining(inputs, answers, len(dataset.classes), run.recipe, steps, spec.batch_size, spec.seed)
        self._reporter.keep_metrics(lambda metric: False)  # the steps take seconds: a resumed probe makes them again
        every = validation_interval(steps, max(1, len(run.fit) // spec.batch_size))
        began = time.monotonic()
        for number in range(1, steps + 1):
            loss, rate = training.step(number)
            self._images_seen += spec.batch_size
            self._training_s = time.monotonic() - began
            self._reporter.metric(step=number, loss=loss, learning_rate=rate, seconds=self._seconds())
            self._tell_step(number, steps, self._training_s / number, 0)
            if run.val and (number % every == 0 or number == steps):
                self._validate(number, training.head().logits(features["val"][: len(run.val)]), run.val)
        head = training.head()
        put_head(run.model, head)
        # Last, so that the curves come sooner.
        return torch.from_numpy(head.logits(self._features(run, backbone, key, "test"))).softmax(-1).numpy()

    def _features(self, run: Prepared, backbone: FrozenBackbone, key: str, split: str) -> np.ndarray:
        """The features of a split, from the disk where they are kept; with mirror images but for the test."""
        images, views = run.dataset.splits()[split], (PLAIN,) if split == "test" else (PLAIN, MIRRORED)
        message, total = f"Computing the features of the {split} images", len(images)
        computed = keep_features(
            run.accelerator,
            backbone,
            images,
            run.judge,
            key,
            split,
            views,
            lambda done: self._tell(message, done=done, total=total),
        )
        self._features_computed = self._features_computed or bool(computed)
        return np.concatenate([np.asarray(read_features(key, split, view)) for view in views])

    def _judge(
        self, run: Prepared, model: torch.nn.Module, images: tuple[LabelledImage, ...], message: str = "Validating"
    ) -> np.ndarray:
        """The model's probabilities for images; says so, and how long it takes."""
        began, total = time.monotonic(), len(images)
        found = predict(
            run.accelerator, model, images, run.judge, lambda done: self._tell(message, done=done, total=total)
        )
        self._judged_per_s = total / max(time.monotonic() - began, 1e-9)
        return found

    # --- progress ----------------------------------------------------------------------------------------------------

    def _rate(self) -> float | None:
        """Images trained a second; a head's steps on kept features pass no image through the network."""
        if RECIPES[self._spec.recipe].uses_features or not self._training_s:
            return None
        return self._images_seen / self._training_s

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)

    def _tell(self, message: str, *, done: int | None = None, total: int | None = None, **fields: Any) -> None:
        """Report what is going on, at once where it is something new, with the time it will take if left unsaid."""
        now = time.monotonic()
        if message != self._message:
            self._message, self._message_began = message, now
        elif now - self._reported < REPORT_S and (done is None or done != total):
            return
        self._reported = now
        spent = now - self._message_began
        left = spent * (total - done) / done if done and total and spent > 1 else None
        self._reporter.report(
            message=message, seconds=self._seconds(), done=done, total=total, **{"time_left_s": left, **fields}
        )

    def _tell_step(self, number: int, steps: int, pace_s: float, test_images: int) -> None:
        """Report a step; the time left includes the validations, by their share so far, and the test."""
        test_s = test_images / self._judged_per_s if self._judged_per_s else 0.0
        left = (steps - number) * pace_s + test_s
        self._tell(TRAINING, done=number, total=steps, images_per_second=self._rate(), time_left_s=left)

    def _validate(self, number: int, scores: np.ndarray, images: tuple[LabelledImage, ...]) -> None:
        found = accuracy(labels_of(images), scores.argmax(1))
        self._reporter.metric(
            step=number,
            val_accuracy=found["accuracy"],
            val_accuracy_low=found["low"],
            val_accuracy_high=found["high"],
            seconds=self._seconds(),
        )


def validation_interval(steps: int, epoch_steps: int) -> int:
    """Return the steps between two validations: whole epochs where there is more than one."""
    least = max(1, -(-steps // MOST_VALIDATIONS))
    return -(-least // epoch_steps) * epoch_steps if steps > epoch_steps else least


def run_in(folder: Path, reporter: Reporter, *, began: float | None = None) -> str:
    """Do the run whose request is in `folder`; returns how it ended, as `run_to_end` does.

    Args:
        folder: The run's.
        reporter: The run's.
        began: When it began, on `time.monotonic`'s clock; `None` for now.
    """

    def work() -> str:
        Finetuning(reporter, folder, FinetuneSpec(**reporter.spec), began=began).run()
        return "Finished."

    stopped = "Stopped. Resume goes on from the last checkpoint, which is at most a minute old."
    return run_to_end(reporter, work, stopped)


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""
    keep_freed_memory()
    if "LOCAL_RANK" in os.environ:
        follow_launcher()
    leads = os.environ.get("RANK", "0") == "0"
    # A launcher of the user's own, for several machines say, has not taken the folder's lock for us.
    with hold_if_free(Path(folder)) if leads else contextlib.nullcontext():
        return _work_in(Path(folder), leads)


def _work_in(folder: Path, leads: bool) -> int:
    reporter = Reporter(folder, leads=leads)
    start_decoders()
    return 0 if run_in(folder, reporter, began=process_start()) == "done" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
