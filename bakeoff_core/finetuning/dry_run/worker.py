"""The dry run of a fine-tuning run, before the run itself: what would it cost?

Does a few of each kind of work that the run would do, on its own images and model, and leaves in `estimate.json` how
long the whole would take and how much memory it would need. Nothing is trained that anybody keeps. Not covered: the
run (`finetuning.worker`).
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np

from bakeoff_core.datasets.choices import parse_spec
from bakeoff_core.datasets.images import find_damaged
from bakeoff_core.datasets.records import LabelledImage, evenly_spaced, labels_of
from bakeoff_core.errors import BakeoffError
from bakeoff_core.features.extract import pooled, weights_digest
from bakeoff_core.features.frozen_backbone import FrozenBackbone
from bakeoff_core.features.store import MIRRORED, PLAIN, features_key, missing_views
from bakeoff_core.finetuning.dry_run.request import ESTIMATE, RunEstimate
from bakeoff_core.finetuning.linear_probe import ProbeTraining, require_linear_head
from bakeoff_core.finetuning.recipes import GROWING
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.finetuning.setup import Prepared, prepare_run
from bakeoff_core.finetuning.trainer import CHECKPOINT, CHECKPOINT_S, FIRST_CHECKPOINT_S, Training, predict
from bakeoff_core.finetuning.validations import validation_interval
from bakeoff_core.formatting import counted
from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.kinds import DECODING
from bakeoff_core.jobs.worker import Reporter, process_start, run_worker
from bakeoff_core.models.memory import peak_memory_bytes
from bakeoff_core.system.files import write_text
from bakeoff_core.system.memory import keep_freed_memory

SAMPLE_IMAGES = 256
"""Images that the dry run works with; all of the run's where there are fewer."""
PREDICTED_IMAGES = 128
"""Images run through the model to see how long all of them take."""
HEAD_STEPS = 300
"""Steps of a head to see how long all of them take."""
WARMUP_STEPS, TIMED_STEPS, TIMED_S = 2, 6, 3.0
"""Steps of each kind before the clock starts, and after it: so many, or for so long, whichever is less."""


class DryRun:
    """One dry run, from its request to its estimate."""

    def __init__(self, reporter: Reporter, folder: Path, spec: FinetuneSpec) -> None:
        """Prepare the dry run in a job's folder."""
        self._reporter, self._folder, self._spec = reporter, folder, spec
        self._seconds: dict[str, float] = {}

    def run(self) -> None:
        """Do everything; raises `BakeoffError` for what the user can mend."""
        run = prepare_run(
            self._spec, lambda message, **fields: self._reporter.report(message=message), check_images=False
        )
        self._seconds["starting"] = time.monotonic() - process_start()
        self._reporter.report(message="Trying a few steps", model_name=run.model_name, weights=run.weights)
        sample = self._sound_sample(run)
        if run.recipe.uses_features:
            self._try_features(run, sample)
            rate = None
        else:
            rate = self._try_training(run, sample)
        estimate = RunEstimate(
            seconds=sum(self._seconds.values()),
            parts=self._seconds,
            steps=self._spec.planned_steps(run.recipe, len(run.fit)),
            images_per_second=rate,
            peak_memory_bytes=peak_memory_bytes(run.accelerator.device),
            weights=run.weights,
            train_images=len(run.fit),
        )
        write_text(self._folder / ESTIMATE, json.dumps(asdict(estimate), indent=1))

    def _sound_sample(self, run: Prepared) -> list[LabelledImage]:
        """Some images to learn from that do open; and how long it would take to see of all whether they do."""
        some = evenly_spaced(run.fit, max(SAMPLE_IMAGES, 2 * self._spec.batch_size))
        if run.was_checked:
            return some
        began = time.monotonic()
        damaged = find_damaged(image.path for image in some)
        pace_s = (time.monotonic() - began) / len(some)
        self._seconds["checking the images"] = sum(map(len, run.dataset.splits().values())) * pace_s
        sound = [image for image in some if image.path not in damaged]
        if not sound:
            raise BakeoffError(
                f"None of {counted(len(some), 'image')} can be used, the first because {next(iter(damaged.values()))}"
            )
        return sound

    def _try_features(self, run: Prepared, sample: Sequence[LabelledImage]) -> None:
        """See how long the features take that are not kept yet, and the head's steps on them."""
        key = features_key(run.dataset.content_key(), weights_digest(run.model), run.config)
        splits = run.dataset.splits()
        views = {split: (PLAIN,) if split == "test" else (PLAIN, MIRRORED) for split in splits}
        passes = {split: len(splits[split]) * len(missing_views(key, split, views[split])) for split in splits}
        if any(passes.values()):
            device, images = run.accelerator.device, sum(map(len, splits.values()))
            backbone = FrozenBackbone(run.model, run.config["input_size"], device, images)
            began = time.monotonic()
            backbone.prepare()
            self._seconds["preparing the backbone"] = time.monotonic() - began

            def run_through(progress: Callable[[int], None]) -> None:
                done = 0
                for (rows,) in pooled(backbone, evenly_spaced(sample, PREDICTED_IMAGES), run.eval_transform):
                    done += len(rows)
                    progress(done)

            start_s, pace_s = _time_passes(run_through)
            begun = sum(count > 0 for count in passes.values())
            self._seconds["computing features"] = begun * start_s + sum(passes.values()) * pace_s
        steps = self._spec.planned_steps(run.recipe, len(run.fit))
        self._seconds["training the head"] = steps * self._head_step_s(run)

    def _head_step_s(self, run: Prepared) -> float:
        """Seconds of one step of a head on as many features as the run has, noted as the run would note it."""
        channels = require_linear_head(run.model).in_features
        labels = np.tile(labels_of(run.fit), 2)  # each image and its mirror image
        features = np.random.default_rng(0).standard_normal((len(labels), channels), np.float32)
        classes, batch = len(run.dataset.classes), self._spec.batch_size
        seed, balance = self._spec.seed, self._spec.balance
        training = ProbeTraining(features, labels, classes, run.recipe, HEAD_STEPS, batch, seed, balance)
        began = time.monotonic()
        for number in range(1, HEAD_STEPS + 1):
            loss, rate = training.step(number)
            self._reporter.metric(step=number, loss=loss, learning_rate=rate, seconds=0.0)
        seconds = (time.monotonic() - began) / HEAD_STEPS
        self._reporter.keep_metrics(lambda metric: False)
        return seconds

    def _try_training(self, run: Prepared, sample: Sequence[LabelledImage]) -> float:
        """See how long steps, validations and the test take; return the images trained a second."""
        steps = self._spec.planned_steps(run.recipe, len(run.fit))
        epoch = max(1, len(run.fit) // self._spec.batch_size)
        training = replace(run, fit=tuple(sample)).training(self._folder, steps)
        total_s = 0.0
        for start, end in segments(run, steps):
            first_s, step_s = _time_steps(training, start)
            starts = len(range(start - start % epoch, end, epoch))  # passes over the images begun in it
            total_s += (end - start) * step_s + starts * max(0.0, first_s - step_s)
        self._seconds["training"] = total_s
        if run.val:
            training.note_best()  # a run's checkpoints hold, and its memory, the best weights so far as well
        began = time.monotonic()
        training.keep()
        keep_s = time.monotonic() - began
        shutil.rmtree(self._folder / CHECKPOINT, ignore_errors=True)
        while_training = 1 + (total_s - FIRST_CHECKPOINT_S) // CHECKPOINT_S if total_s >= FIRST_CHECKPOINT_S else 0
        self._seconds["checkpoints"] = keep_s * (1 + while_training)
        start_s, pace_s = _time_passes(
            lambda progress: predict(
                run.accelerator,
                training.bare,
                evenly_spaced(sample, PREDICTED_IMAGES),
                run.eval_transform,
                progress=progress,
            )
        )
        if run.val:
            every = validation_interval(steps, epoch)
            times = steps // every + (steps % every > 0)
            self._seconds["validating"] = times * (start_s + len(run.val) * pace_s)
        self._seconds["testing"] = start_s + len(run.dataset.test) * pace_s
        return steps * self._spec.batch_size / total_s


def segments(run: Prepared, steps: int) -> list[tuple[int, int]]:
    """Return the ranges of steps (first, end) within which every step does the same work."""
    shares = [phase.until for phase in run.recipe.phases] + ([s.until for s in GROWING] if run.spec.growing else [])
    ends = sorted({0, steps, *(round(share * steps) for share in shares if share < 1)})
    return list(pairwise(ends))


def _time_steps(training: Training, start: int) -> tuple[float, float]:
    """Do a few steps from step `start` on; return the seconds of the first of a pass, and of any other."""
    times: list[float] = []
    for lap in range(2):  # the first lap's first step includes what happens only once in a process
        training.number = start
        times.clear()
        for step in training.run():
            times.append(step.seconds)
            if len(times) >= (WARMUP_STEPS if lap == 0 else TIMED_STEPS) or sum(times[1:]) > TIMED_S:
                break
    return times[0], fmean(times[1:] or times)


def _time_passes(run_through: Callable[[Callable[[int], None]], object]) -> tuple[float, float]:
    """Time a pass of images through the model that tells how many are done: seconds to start, and for each image."""
    began, marks = time.monotonic(), []
    run_through(lambda done: marks.append((time.monotonic(), done)))
    (first_at, first), (ended, last) = marks[0], marks[-1]
    if last == first:  # a single batch: all of its time is the images'
        return 0.0, (ended - began) / last
    pace_s = (ended - first_at) / (last - first)
    return max(0.0, first_at - began - first * pace_s), pace_s


def main(folder: str) -> int:
    """Do the dry run in `folder` to its end; the exit code is 0 when it got there."""
    keep_freed_memory()
    start_fork_server(DECODING)

    def work(reporter: Reporter) -> str:
        DryRun(reporter, Path(folder), parse_spec(FinetuneSpec, reporter.spec)).run()
        return "Finished."

    return run_worker(folder, work, "Stopped.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
