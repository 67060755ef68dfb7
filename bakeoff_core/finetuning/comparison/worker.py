"""The job that compares a linear probe, a full fine-tune and a run from scratch.

Trains a linear probe, a full fine-tune and a run from scratch one after the other in this process, each in a job's
folder of its own, where it can be looked at, exported and resumed like any run. Then trains probes on part of the
labels, which needs only the features that the probe has kept, and writes what all of them say to `comparison.json`.

A run that fails is left out, and the others go on. A resumed comparison keeps the runs that are finished, and goes on
with the one that was cut off where its own checkpoint is. Not covered: training (`finetuning.worker`), judging
(`finetuning.comparison.analysis`).
"""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.weights import find_weights
from bakeoff_core.datasets.choices import deciding_class, parse_spec, read_images
from bakeoff_core.datasets.images import is_grey
from bakeoff_core.datasets.metrics.answers import answers_from
from bakeoff_core.datasets.metrics.classes import accuracy
from bakeoff_core.datasets.metrics.scores import values_of
from bakeoff_core.datasets.records import ImageDataset, LabelledImage, labels_of
from bakeoff_core.datasets.registry import without_damaged
from bakeoff_core.errors import BakeoffError, ImageFileError
from bakeoff_core.features.store import MIRRORED, read_features
from bakeoff_core.finetuning.comparison.analysis import compare, curve_of
from bakeoff_core.finetuning.comparison.records import (
    COMPARED,
    PROBE,
    ComparedRun,
    Comparison,
    Conditions,
    LabelsPoint,
    to_json,
)
from bakeoff_core.finetuning.comparison.request import COMPARISON, ComparisonSpec
from bakeoff_core.finetuning.linear_probe import Head, ProbeTraining, fit_head
from bakeoff_core.finetuning.optimization import scaled
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import PREDICTIONS, Run
from bakeoff_core.finetuning.results import read_run
from bakeoff_core.finetuning.validations import Validations, validation_interval
from bakeoff_core.finetuning.worker import TRAINING, run_in
from bakeoff_core.formatting import counted
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.kinds import DECODING
from bakeoff_core.jobs.manager import list_parts
from bakeoff_core.jobs.parts import hold_part
from bakeoff_core.jobs.records import Job
from bakeoff_core.jobs.worker import Reporter, StopRequested, run_worker
from bakeoff_core.models.pretrained import pretrained_size
from bakeoff_core.models.timm_models import known_models
from bakeoff_core.system.files import to_user_error, write_json
from bakeoff_core.system.memory import keep_freed_memory

LABEL_SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Parts of the training labels that probes are trained on, beside all of them."""
GREY_SAMPLE = 24
"""Training images that are looked at for colour."""
SETTINGS = ("learning_rate", "weight_decay", "layer_decay", "augmentation")
"""Of a recipe, in which runs may differ beside what they start from and what trains."""


class Comparing:
    """One comparison, from its request to what it says."""

    def __init__(self, reporter: Reporter, folder: Path, spec: ComparisonSpec) -> None:
        """Prepare the comparison in a job's folder."""
        self._reporter, self._folder, self._spec = reporter, folder, spec
        self._done = 0

    def run(self) -> str:
        """Do everything and return the last word; raises `BakeoffError` for what the user can mend."""
        spec = self._spec
        parts = [part.job_id for part in self._parts()]
        self._reporter.report(message="Looking for the images and the weights", parts=parts)
        # What no run could do without is looked for first, so that it fails once and not three times.
        dataset = read_images(spec)
        deciding_class(spec, dataset)
        name = resolve_model_name(spec.model_name, known_models())
        find_weights(name, Path(spec.weights_file) if spec.weights_file else None)
        for number, recipe in enumerate(COMPARED, 1):
            self._train(number, recipe, self._steps(len(self._fit(dataset)))[0])
        runs = [read_run(part.job_id) for part in self._parts()]
        tested = [run for run in runs if run.job.state == "done"]
        if not tested:
            raise BakeoffError(f"None of the runs has a result. {runs[0].job.status.get('message')}")
        total = len(COMPARED) * self._steps(len(self._fit(dataset)))[0]
        self._reporter.report(message="Comparing", done=total, total=total, time_left_s=None)
        comparison = self._judge(dataset, name, runs, tested)
        try:
            write_json(self._folder / COMPARISON, to_json(comparison))
        except OSError as err:
            raise to_user_error(err, "What the comparison says could not be written") from err
        failed = [RECIPES[run.spec.recipe].title for run in runs if run not in tested]
        if failed:  # what the others say is kept; resuming does the rest again
            raise BakeoffError(f"Finished, but for what failed: {', '.join(failed)}. Mend that and resume.")
        return "Finished."

    # --- the runs ----------------------------------------------------------------------------------------------------

    def _train(self, number: int, recipe: str, steps: int) -> None:
        """Do one of the runs, unless it is done."""
        if any(part.job_id.endswith(f"-{number}") and part.state == "done" for part in self._parts()):
            return
        if self._reporter.stop_requested():
            raise StopRequested
        request = asdict(self._spec.run_spec(recipe))
        with hold_part(self._folder.name, number, kinds.FINETUNE, request) as folder:
            self._reporter.report(parts=[part.job_id for part in self._parts()])
            state = run_in(folder, Reporter(folder, self._listener(number, recipe, steps)))
        gc.collect()  # the run's model and batches, before the next one's are made
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if state == "stopped":
            raise StopRequested

    def _parts(self) -> list[Job]:
        return list_parts(self._folder.name)

    def _listener(self, number: int, recipe: str, steps: int) -> Callable[[dict[str, Any]], None]:
        """Tell the comparison's progress from that of the run at work: steps of all runs, and the time left."""
        title, before, total = RECIPES[recipe].title, (number - 1) * steps, len(COMPARED) * steps
        self._done = before

        def listen(status: dict[str, Any]) -> None:
            message = status.get("message")
            if message is None or status["state"] != "running":
                return
            training, left = message == TRAINING, None
            if training:
                self._done = before + (status.get("done") or 0)
            # A probe's steps say nothing of those that train the whole network; each of those takes as long as another.
            if training and recipe != PROBE and status.get("time_left_s") is not None:
                rest = (len(COMPARED) - number) * steps * self._spec.batch_size
                left = status["time_left_s"] + rest / status["images_per_second"]
            self._reporter.report(
                message=f"{title}, {number} of {len(COMPARED)}: {message[0].lower()}{message[1:]}",
                done=self._done,
                total=total,
                time_left_s=left,
            )

        return listen

    # --- what they say -----------------------------------------------------------------------------------------------

    def _judge(self, dataset: ImageDataset, name: str, runs: Sequence[Run], tested: Sequence[Run]) -> Comparison:
        results = tested[0].results() or {}
        answers = {run.spec.recipe: pd.read_parquet(run.job.folder / PREDICTIONS) for run in tested}
        sound = without_damaged(dataset, leave_out_copies=self._spec.leave_out_copies)  # known by now
        images = self._fit(sound)
        steps, epoch_steps = self._steps(len(images))
        labels = answers[tested[0].spec.recipe]["label"]
        conditions = Conditions(
            class_count=len(sound.classes),
            train_images=len(images),
            val_images=len(sound.val) if self._spec.train_on == "train" else 0,
            test_images=len(labels),
            majority_share=100 * float(labels.value_counts(normalize=True).max()),
            steps=steps,
            epoch_steps=epoch_steps,
            img_size=results["img_size"],
            pretrained_size=None if self._spec.weights_file else pretrained_size(name),
            grey_share=_grey_share(images, self._spec.seed),
            own_weights=self._spec.weights_file is not None,
        )
        return compare(
            [_part_of(run) for run in runs],
            answers,
            self._probe_fewer_labels(sound, steps, tested),
            conditions,
            metric=self._spec.metric,
            model_name=results["model_name"],
            dataset=sound.name,
            dataset_title=sound.title,
            train_on=self._spec.train_on,
            batch_size=self._spec.batch_size,
            seed=self._spec.seed,
        )

    def _probe_fewer_labels(self, dataset: ImageDataset, steps: int, tested: Sequence[Run]) -> list[LabelsPoint]:
        """Train and test probes on part of the labels; none where there is no probe, or its features are gone."""
        whole = next((run for run in tested if run.spec.recipe == PROBE), None)
        results = whole.results() if whole else None
        if not results or results.get("content_key") != dataset.content_key():
            return []
        used = ("train", "val") if self._spec.train_on == "train+val" else ("train",)
        key = results["features_key"]
        kept = [[read_features(key, split) for split in used], [read_features(key, split, MIRRORED) for split in used]]
        test = read_features(key, "test")
        if test is None or any(found is None for view in kept for found in view):
            return []
        plain, mirrored = map(np.concatenate, kept)
        labels = np.array([image.label for image in self._fit(dataset)])
        truth = np.array([image.label for image in dataset.test])
        points: list[LabelsPoint] = []
        for share in LABEL_SHARES:
            chosen = draw_by_class(labels, share, self._spec.seed)
            if len(chosen) == len(labels) or any(point.labels == len(chosen) for point in points):
                continue
            self._reporter.report(message=f"Linear probe on {len(chosen):,} of {counted(len(labels), 'label')}")
            inputs, answers = np.concatenate([plain[chosen], mirrored[chosen]]), np.tile(labels[chosen], 2)
            head = self._probe(dataset, inputs, answers, steps, read_features(key, "val"))
            found = accuracy(truth, head.logits(np.array(test)).argmax(1))
            points.append(LabelsPoint(len(chosen), found["accuracy"], found["low"], found["high"]))
        bounds = (results[f"test_accuracy{end}"] for end in ("", "_low", "_high"))
        return [*points, LabelsPoint(len(labels), *bounds)]

    def _probe(
        self, dataset: ImageDataset, inputs: np.ndarray, answers: np.ndarray, steps: int, val: np.ndarray | None
    ) -> Head:
        """A probe as that of the comparison, on other labels: its head is chosen by the same validation images.

        Args:
            dataset: All of it.
            inputs: Features to learn from, shape (images, channels).
            answers: Their labels.
            steps: Planned.
            val: Features of the validation images; `None` where they are not kept.
        """
        spec = self._spec
        recipe = scaled(RECIPES[PROBE], spec.learning_rate, spec.batch_size)
        classes, positive = len(dataset.classes), deciding_class(spec, dataset)
        training = ProbeTraining(inputs, answers, classes, recipe, steps, spec.batch_size, spec.seed, spec.balance)
        labels = labels_of(dataset.val)

        def validate(number: int, head: Head) -> dict[str, float]:
            return values_of(answers_from(labels, head.probabilities(np.array(val)), positive))

        validates = spec.train_on == "train" and len(labels) and val is not None
        every = validation_interval(*self._steps(len(self._fit(dataset))))
        validations = Validations(spec.metric, spec.patience)
        return fit_head(training, steps, every, validations, validate if validates else None)[0]

    def _fit(self, dataset: ImageDataset) -> tuple[LabelledImage, ...]:
        """The images that each run learns from."""
        return dataset.train + (dataset.val if self._spec.train_on == "train+val" else ())

    def _steps(self, images: int) -> tuple[int, int]:
        """The steps of each run, and those of a pass over the images."""
        steps = self._spec.run_spec(PROBE).planned_steps(RECIPES[PROBE], images)
        return steps, max(1, images // self._spec.batch_size)


def draw_by_class(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Draw a share of each class, one image at least; a smaller share is part of a larger one.

    Args:
        labels: Shape (n,).
        share: 0 to 1.
        seed: Fixes what is drawn.

    Returns:
        Positions in `labels`, ascending.
    """
    generator = np.random.default_rng(seed)
    order = [generator.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    return np.sort(np.concatenate([mine[: max(1, int(share * len(mine) + 0.5))] for mine in order]))


def _part_of(run: Run) -> ComparedRun:
    """A run as the comparison keeps it."""
    results = run.results() if run.job.state == "done" else None
    message = None if results else run.job.status.get("message")
    part = ComparedRun(run.spec.recipe, run.run_id, run.job.state, message)
    if not results:
        return part
    metrics = run.job.metrics()
    return replace(
        part,
        test_accuracy=results["test_accuracy"],
        test_low=results["test_accuracy_low"],
        test_high=results["test_accuracy_high"],
        seconds=results["seconds"],
        features_computed=results.get("features_computed") if run.spec.recipe == PROBE else None,
        settings={name: results["recipe"][name] for name in SETTINGS},
        curve=curve_of(metrics),
        val_scores=results.get("val_scores"),
        steps=results["steps"],
        stopped_early=results.get("stopped_early", False),
    )


def _grey_share(images: Sequence[LabelledImage], seed: int) -> float | None:
    """The share of a sample of images that have no colour; `None` where none of them opens."""
    found = []
    for image in random.Random(seed).sample(list(images), min(GREY_SAMPLE, len(images))):
        try:
            found.append(is_grey(image.path))
        except ImageFileError:
            continue
    return sum(found) / len(found) if found else None


def main(folder: str) -> int:
    """Do the comparison in `folder` to its end; the exit code is 0 when it got there."""
    keep_freed_memory()
    start_fork_server(DECODING)

    def work(reporter: Reporter) -> str:
        return Comparing(reporter, Path(folder), parse_spec(ComparisonSpec, reporter.spec)).run()

    return run_worker(folder, work, "Stopped. Resume goes on where it was; finished runs are kept.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
