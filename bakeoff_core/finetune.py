"""The fine-tuning job: run as `python -m bakeoff_core.finetune FOLDER` by `jobs.start_job`.

Everything a run needs to be repeated stands in its folder: the request (`spec.json`), what became of it
(`status.json`), every step's loss (`metrics.jsonl`), a checkpoint, and at the end `results.json`,
`predictions.parquet` and `model/`, which plain timm loads. A resumed run goes on from its checkpoint.

Not covered: the request and its defaults (`runs`, `recipes`), where images and weights are (`datasets`, `weights`),
the steps themselves (`training`, `probe`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.utils import set_seed
from torch import nn

from bakeoff_core import evaluation
from bakeoff_core.batches import evaluation_loader, training_loader
from bakeoff_core.catalogue import resolve_model_name
from bakeoff_core.datasets import ImageDataset, LabelledImage, read_dataset, without_damaged
from bakeoff_core.errors import BakeoffError
from bakeoff_core.features import compute_features, features_key, keep_features, read_features, weights_digest
from bakeoff_core.heap import keep_freed_memory
from bakeoff_core.home import timm_models_path
from bakeoff_core.machine import this_machine, usable_cores
from bakeoff_core.probe import ProbeTraining, put_head
from bakeoff_core.recipes import RECIPES
from bakeoff_core.reporter import Reporter, StopRequested
from bakeoff_core.runs import EXPORT, PREDICTIONS, RESULTS, FinetuneSpec
from bakeoff_core.timm_names import read_timm_models
from bakeoff_core.training import CHECKPOINT, Training, predict
from bakeoff_core.transfer import create_for_transfer, data_config, eval_transform, scaled, train_transform
from bakeoff_core.weights import find_weights

EVALUATION_BATCH = 32
MOST_VALIDATIONS = 10
"""Times a run is validated while it trains, its end included."""
REPORT_S = 0.5
"""Seconds between two reports of progress."""
TRAINING = "Training"
"""The message while steps are made; `done` and `total` count them then."""


class Finetuning:
    """One run, from its request to its results."""

    def __init__(self, reporter: Reporter, folder: Path, spec: FinetuneSpec) -> None:
        """Prepare the run in a job's folder."""
        self._reporter, self._folder, self._spec = reporter, folder, spec
        self._began = time.monotonic()
        self._reported = 0.0
        self._recipe = scaled(RECIPES[spec.recipe], spec.learning_rate, spec.batch_size)
        self._images_seen = 0
        self._training_s = 0.0
        self._features_key: str | None = None
        self._features_computed = False

    def run(self) -> None:
        """Do everything; raises `BakeoffError` for what the user can mend."""
        spec = self._spec
        torch.set_num_threads(usable_cores())
        set_seed(spec.seed)
        self._tell("Checking the images")
        dataset = read_dataset(spec.dataset, Path(spec.data_dir) if spec.data_dir else None)
        total = sum(map(len, dataset.splits().values()))
        dataset = without_damaged(dataset, lambda done: self._tell("Checking the images", done=done, total=total))
        name = resolve_model_name(spec.model_name, read_timm_models(timm_models_path()))
        weights = find_weights(name, Path(spec.weights_file) if spec.weights_file else None)
        self._tell(
            "Loading the model", model_name=name, skipped=[asdict(s) | {"path": str(s.path)} for s in dataset.skipped]
        )
        model = create_for_transfer(
            name, weights if self._recipe.pretrained else None, len(dataset.classes), spec.img_size
        )
        config = data_config(model, spec.img_size)
        self._accelerator = Accelerator(
            cpu=spec.device == "cpu",
            mixed_precision="bf16" if spec.device != "cpu" and torch.cuda.is_available() else "no",
            dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True, even_batches=False),
        )
        model.to(self._accelerator.device, memory_format=torch.channels_last)
        fit = dataset.train + (dataset.val if spec.train_on == "train+val" else ())
        val = dataset.val if spec.train_on == "train" else ()
        train = self._probe if self._recipe.uses_features else self._train
        probabilities = train(model, dataset, fit, val, config)
        self._write_results(dataset, probabilities, name, weights.text if self._recipe.pretrained else "random", config)
        self._export(model, dataset, name, config)
        shutil.rmtree(self._folder / CHECKPOINT, ignore_errors=True)

    # --- the two ways to train ---------------------------------------------------------------------------------------

    def _train(
        self,
        model: nn.Module,
        dataset: ImageDataset,
        fit: tuple[LabelledImage, ...],
        val: tuple[LabelledImage, ...],
        config: dict[str, Any],
    ) -> np.ndarray:
        """Train the network and return its probabilities for the test images."""
        spec, judge = self._spec, eval_transform(config)
        loader = training_loader(fit, train_transform(config, self._recipe.augmentation), spec.batch_size, spec.seed)
        steps = self._steps(len(loader))
        training = Training(self._accelerator, model, loader, self._recipe, steps, self._folder)
        training.restore()
        self._reporter.keep_metrics(lambda metric: metric["step"] <= training.number)
        every = _validation_interval(steps, training.epoch_steps)
        for step in training.run():
            self._images_seen += step.images
            self._training_s += step.seconds
            self._reporter.metric(
                step=step.number, loss=step.loss, learning_rate=step.learning_rate, seconds=self._seconds()
            )
            self._tell_step(step.number, steps)
            if val and (step.number % every == 0 or step.number == steps):
                self._validate(
                    step.number,
                    predict(self._accelerator, training.model, evaluation_loader(val, judge, EVALUATION_BATCH)),
                    val,
                )
            training.keep_if_due()
        training.keep()
        test = evaluation_loader(dataset.test, judge, EVALUATION_BATCH)
        total = len(dataset.test)
        return predict(
            self._accelerator, training.model, test, lambda done: self._tell("Testing", done=done, total=total)
        )

    def _probe(
        self,
        model: nn.Module,
        dataset: ImageDataset,
        fit: tuple[LabelledImage, ...],
        val: tuple[LabelledImage, ...],
        config: dict[str, Any],
    ) -> np.ndarray:
        """Train a head on the frozen network's features, put it on, and return its answers as `_train` does."""
        spec = self._spec
        key = self._features_key = features_key(dataset.content_key(), weights_digest(model), config)
        features = {split: self._features(model, key, split, dataset, config) for split in ("train", "val", "test")}
        labels = {split: _labels(images) for split, images in dataset.splits().items()}
        used = ("train", "val") if spec.train_on == "train+val" else ("train",)
        # Each image and its mirror image; validation and test see the images as they are.
        inputs = np.concatenate([features[split] for split in used])
        answers = np.concatenate([np.tile(labels[split], 2) for split in used])
        steps = self._steps(max(1, len(fit) // spec.batch_size))
        training = ProbeTraining(inputs, answers, len(dataset.classes), self._recipe, steps, spec.batch_size, spec.seed)
        self._reporter.keep_metrics(lambda metric: False)  # the steps take seconds: a resumed probe makes them again
        every = _validation_interval(steps, max(1, len(fit) // spec.batch_size))
        began = time.monotonic()
        for number in range(1, steps + 1):
            loss, rate = training.step(number)
            self._images_seen += spec.batch_size
            self._training_s = time.monotonic() - began
            self._reporter.metric(step=number, loss=loss, learning_rate=rate, seconds=self._seconds())
            self._tell_step(number, steps)
            if val and (number % every == 0 or number == steps):
                self._validate(number, training.head().logits(features["val"][: len(val)]), val)
        head = training.head()
        put_head(model, head)
        return torch.from_numpy(head.logits(features["test"])).softmax(-1).numpy()

    def _features(
        self, model: nn.Module, key: str, split: str, dataset: ImageDataset, config: dict[str, Any]
    ) -> np.ndarray:
        """The features of a split, from the disk where they are kept; with mirror images but for the test."""
        kept = read_features(key, split)
        if kept is not None:
            return kept
        images = dataset.splits()[split]
        mirrored = split != "test"
        total = len(images) * (1 + mirrored)
        found = compute_features(
            model,
            images,
            eval_transform(config),
            self._accelerator.device,
            mirrored=mirrored,
            progress=lambda done: self._tell(f"Computing the features of the {split} images", done=done, total=total),
        )
        keep_features(key, split, found)
        self._features_computed = True
        return found

    # --- progress ----------------------------------------------------------------------------------------------------

    def _steps(self, epoch_steps: int) -> int:
        return self._spec.steps or (self._spec.epochs or self._recipe.epochs) * epoch_steps

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)

    def _tell(self, message: str, **fields: Any) -> None:
        """Report what is going on, at once where it is something new."""
        now = time.monotonic()
        if message == getattr(self, "_message", None) and now - self._reported < REPORT_S:
            return
        self._message, self._reported = message, now
        self._reporter.report(message=message, seconds=self._seconds(), **{"done": None, "total": None, **fields})

    def _tell_step(self, number: int, steps: int) -> None:
        rate = self._images_seen / self._training_s if self._training_s else None
        left = (steps - number) * self._spec.batch_size / rate if rate else None
        self._tell(TRAINING, done=number, total=steps, images_per_second=rate, time_left_s=left)

    def _validate(self, number: int, scores: np.ndarray, images: tuple[LabelledImage, ...]) -> None:
        found = evaluation.accuracy(_labels(images), scores.argmax(1))
        self._reporter.metric(
            step=number,
            val_accuracy=found["accuracy"],
            val_accuracy_low=found["low"],
            val_accuracy_high=found["high"],
            seconds=self._seconds(),
        )

    # --- results -----------------------------------------------------------------------------------------------------

    def _write_results(
        self, dataset: ImageDataset, probabilities: np.ndarray, name: str, weights: str, config: dict[str, Any]
    ) -> None:
        labels, predicted = _labels(dataset.test), probabilities.argmax(1)
        names = [os.path.relpath(image.path, dataset.root) for image in dataset.test]
        found = evaluation.accuracy(labels, predicted)
        results = {
            "model_name": name,
            "weights": weights,
            "img_size": config["input_size"][-1],
            "dataset": dataset.name,
            "dataset_title": dataset.title,
            "content_key": dataset.content_key(),
            "classes": list(dataset.classes),
            "train_images": len(dataset.train),
            "val_images": len(dataset.val),
            "test_images": len(dataset.test),
            "skipped_images": len(dataset.skipped),
            "notes": list(dataset.notes),
            "test_accuracy": found["accuracy"],
            "test_accuracy_low": found["low"],
            "test_accuracy_high": found["high"],
            "by_class": evaluation.by_class(labels, predicted, dataset.classes),
            "confusions": evaluation.confusions(labels, predicted, dataset.classes, names),
            "seconds": self._seconds(),
            "images_per_second": self._images_seen / self._training_s if self._training_s else None,
            "features_key": self._features_key,
            "features_computed": self._features_computed,
            "recipe": asdict(self._recipe),
            "machine": asdict(this_machine()),
            "device": str(self._accelerator.device),
        }
        pd.DataFrame(
            {"image": names, "label": labels, "predicted": predicted, "probability": probabilities.max(1)}
        ).to_parquet(self._folder / PREDICTIONS)
        (self._folder / RESULTS).write_text(json.dumps(results, indent=1), encoding="utf-8")

    def _export(self, model: nn.Module, dataset: ImageDataset, name: str, config: dict[str, Any]) -> None:
        """Write the model so that `timm.create_model("local-dir:FOLDER/model", pretrained=True)` loads it."""
        from timm.models import save_for_hf

        bare = self._accelerator.unwrap_model(model).to(memory_format=torch.contiguous_format)  # as safetensors wants
        save_for_hf(
            bare,
            str(self._folder / EXPORT),
            model_config={"label_names": list(dataset.classes)},
            safe_serialization=True,
            data_config=config,
        )


def _labels(images: tuple[LabelledImage, ...]) -> np.ndarray:
    return np.array([image.label for image in images])


def _validation_interval(steps: int, epoch_steps: int) -> int:
    """Steps between two validations: whole epochs where there are enough of them."""
    least = -(-steps // MOST_VALIDATIONS)
    return max(least, min(epoch_steps, steps)) if steps > epoch_steps else max(1, least)


def _note(text: str) -> None:
    """Print to the job's log. A full disk, which takes no log, must not keep the status from saying so."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _describe(err: Exception) -> str:
    """Word an error of the libraries for whoever started the run."""
    if isinstance(err, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(err):
        return "There is not enough memory. Use a smaller batch, smaller images or a smaller model, and resume."
    if isinstance(err, OSError) and err.errno is not None:
        return f"The run could not go on: {err.strerror}. Mend that and resume; at most a minute of training is lost."
    return f"{type(err).__name__}: {err}"


def run_to_end(reporter: Reporter, work: Callable[[], str], stopped: str) -> str:
    """Do a job's work, and report how it ended, whatever happens.

    Args:
        reporter: The job's.
        work: Returns the last word.
        stopped: The last word if the job is stopped.

    Returns:
        `done`, `failed` or `stopped`.
    """
    try:
        if reporter.stop_wanted():  # asked while this process was still starting, and deaf to signals
            raise StopRequested
        message = work()
    except StopRequested:
        state, message = "stopped", stopped
    except BakeoffError as err:
        _note(traceback.format_exc())
        state, message = "failed", str(err)
    except Exception as err:
        _note(traceback.format_exc())
        state, message = "failed", _describe(err)
    else:
        state = "done"
    reporter.finish(state, message)
    return state


def run_in(folder: Path, reporter: Reporter) -> str:
    """Do the run whose request is in `folder`; returns how it ended, as `run_to_end` does."""

    def work() -> str:
        Finetuning(reporter, folder, FinetuneSpec(**reporter.spec)).run()
        return "Finished."

    stopped = "Stopped. Resume goes on from the last checkpoint, which is at most a minute old."
    return run_to_end(reporter, work, stopped)


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""
    keep_freed_memory()
    return 0 if run_in(Path(folder), Reporter(Path(folder))) == "done" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
