"""What a finished run leaves in its folder: results, the answer to every test image, and a model that timm loads.

Imports torch; only workers use it. Not covered: getting there (`finetuning.worker`); the model's card
(`finetuning.model_card`); reading it again (`finetuning.results`).
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import pandas as pd
import torch

from bakeoff_core.datasets import image_opening
from bakeoff_core.datasets.metrics import classes as by_classes
from bakeoff_core.datasets.metrics.answers import Answers, answers_from
from bakeoff_core.datasets.metrics.scores import accuracy_over_balanced, precision_recall_curve, scores_of
from bakeoff_core.datasets.records import labels_of
from bakeoff_core.finetuning.model_card import model_card
from bakeoff_core.finetuning.request import CURVE, EXPORT, OPENING, PREDICTIONS, RESULTS, SPLITS
from bakeoff_core.finetuning.setup import Prepared
from bakeoff_core.system.files import write_text
from bakeoff_core.system.machine import this_machine

RESULTS_VERSION = 1


def write_splits(folder: Path, run: Prepared) -> None:
    """Write which image was in which part, with its label: what a repetition has to use."""
    rows = [
        (os.path.relpath(image.path, run.dataset.root), split, image.label)
        for split, images in run.dataset.splits().items()
        for image in images
    ]
    pd.DataFrame(rows, columns=["image", "split", "label"]).to_parquet(folder / SPLITS)


def write_results(folder: Path, run: Prepared, probabilities: np.ndarray, measured: dict[str, Any]) -> dict[str, Any]:
    """Write and return the results of a run.

    Args:
        folder: The run's.
        run: What was trained.
        probabilities: Of the test images, float32 of shape (images, classes).
        measured: What the run knows of itself: `seconds`, `images_per_second`, `steps`, `best_step`, `val_scores`,
            `stopped_early`, `peak_memory_bytes`.

    Raises:
        OSError: The disk is full.
    """
    dataset = run.dataset
    labels, predicted = labels_of(dataset.test), probabilities.argmax(1)
    names = [os.path.relpath(image.path, dataset.root) for image in dataset.test]
    found = by_classes.accuracy(labels, predicted)
    answers = answers_from(labels, probabilities, run.positive)
    results = {
        "format": RESULTS_VERSION,
        "model_name": run.model_name,
        "weights": run.weights,
        "img_size": run.config["input_size"][-1],
        "dataset": dataset.name,
        "dataset_title": dataset.title,
        "dataset_root": str(dataset.root),
        "content_key": dataset.content_key(),
        "licence": dataset.licence,
        "classes": list(dataset.classes),
        "train_images": len(run.fit),
        "val_images": len(run.val),
        "test_images": len(dataset.test),
        "skipped_images": len(dataset.skipped),
        "notes": list(dataset.notes),
        "value_ranges": dataset.value_ranges(),
        "copies": asdict(dataset.copies) if dataset.copies else None,
        "test_accuracy": found["accuracy"],
        "test_accuracy_low": found["low"],
        "test_accuracy_high": found["high"],
        "metric": run.spec.metric,
        "positive_class": None if run.positive is None else dataset.classes[run.positive],
        "scores": {name: asdict(score) for name, score in scores_of(answers).items()},
        "accuracy_over_balanced": asdict(accuracy_over_balanced(answers)),
        "balance": run.spec.balance,
        "by_class": by_classes.by_class(labels, predicted, dataset.classes),
        "confusions": by_classes.confusions(labels, predicted, dataset.classes, names),
        **measured,
        "recipe": asdict(run.recipe),
        "spec": asdict(run.spec),
        "machine": asdict(this_machine()),
        "accelerate_version": accelerate.__version__,
        "processes": run.accelerator.num_processes,
        "device": str(run.accelerator.device),
        "precision": run.accelerator.mixed_precision,
    }
    pd.DataFrame(
        {"image": names, "label": labels, "predicted": predicted, "probability": probabilities.max(1)}
    ).to_parquet(folder / PREDICTIONS)
    _write_curve(folder, answers)
    write_text(folder / RESULTS, json.dumps(results, indent=1))
    return results


def _write_curve(folder: Path, answers: Answers) -> None:
    """Write what each threshold of the class that matters comes to, where there is one and images of it."""
    if answers.positive is not None and (answers.labels == answers.positive).any():
        precision_recall_curve(answers).to_parquet(folder / CURVE)


def export_model(folder: Path, run: Prepared, results: dict[str, Any]) -> None:
    """Write the model so that `timm.create_model("local-dir:…/model", pretrained=True)` loads it, with its card.

    Raises:
        OSError: The disk is full.
    """
    from timm.models import save_for_hf

    bare = run.model.to(memory_format=torch.contiguous_format)  # as safetensors wants
    save_for_hf(
        bare,
        str(folder / EXPORT),
        model_config={"label_names": list(run.dataset.classes), "value_ranges": results["value_ranges"]},
        safe_serialization=True,
        data_config=run.config,
    )
    shutil.copyfile(image_opening.__file__, folder / EXPORT / OPENING)
    (folder / EXPORT / "README.md").write_text(model_card(results), encoding="utf-8")
