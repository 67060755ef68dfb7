"""What a finished run leaves in its folder: results, the answer to every test image, and a model that timm loads.

Imports torch; only workers use it. Not covered: getting there (`finetuning.worker`); reading it again
(`finetuning.request`).
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
from bakeoff_core.datasets.records import labels_of
from bakeoff_core.finetuning.request import EXPORT, OPENING, PREDICTIONS, RESULTS, SPLITS
from bakeoff_core.finetuning.setup import Prepared
from bakeoff_core.formatting import counted, markdown_text
from bakeoff_core.system.files import write_text
from bakeoff_core.system.machine import this_machine

RESULTS_VERSION = 1

LOADING = """\
import runpy

import timm

open_rgb = runpy.run_path("model/image_opening.py")["open_rgb"]
model = timm.create_model("local-dir:model", pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
scores = model(transform(open_rgb("photo.jpg"))[None]).softmax(-1)[0]
print(model.pretrained_cfg["label_names"][scores.argmax()], f"{scores.max():.1%}")
"""
"""How to use an exported model with timm alone; stands in its card, and a test runs it."""


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
        measured: What the run knows of itself: `seconds`, `images_per_second`, `steps`, `peak_memory_bytes`.

    Raises:
        OSError: The disk is full.
    """
    dataset = run.dataset
    labels, predicted = labels_of(dataset.test), probabilities.argmax(1)
    names = [os.path.relpath(image.path, dataset.root) for image in dataset.test]
    found = by_classes.accuracy(labels, predicted)
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
    write_text(folder / RESULTS, json.dumps(results, indent=1))
    return results


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


def model_card(results: dict[str, Any]) -> str:
    """Return what whoever gets the model must know, as Markdown, from a run's results."""
    text = markdown_text
    accuracy, low, high = (results[f"test_accuracy{end}"] for end in ("", "_low", "_high"))
    classes = ", ".join(text(name) for name in results["classes"])
    lines = [
        f"# {text(results['model_name'])}, fine-tuned on {text(results['dataset_title'])}",
        "",
        f"{accuracy:.2f} % of {counted(results['test_images'], 'test image')} "
        f"{'is' if results['test_images'] == 1 else 'are'} classified rightly "
        f"(95 % interval {low:.2f} to {high:.2f} %), at {results['img_size']} px.",
        "",
        f"- Recipe: {text(results['recipe']['title'])}, {counted(results['steps'], 'step')} of "
        f"{counted(results['spec']['batch_size'], 'image')}, seed {results['spec']['seed']}",
        f"- Started from: {text(results['weights'])}",
        f"- Trained on {counted(results['train_images'], 'image')}, validated on {results['val_images']:,}; licence of "
        f"the images: {text(results['licence'])}",
        *(f"- {text(note)}" for note in results["notes"]),
        f"- {len(results['classes'])} classes: {classes}",
        f"- Made with torch {text(results['machine']['torch_version'])} and timm "
        f"{text(results['machine']['timm_version'])}",
        "",
        "The weights are `model.safetensors`; labels and preprocessing stand in `config.json`. To use them, from the "
        "folder that holds `model/`, with timm (HEIC needs `pillow-heif`, too):",
        "",
        "```python",
        LOADING.rstrip(),
        "```",
        "",
        f"`{OPENING}` opens an image as it was opened to train: turned as its EXIF says, transparency laid over white, "
        "more than 8 bits scaled by one range for all images. Opened otherwise, a picture may get another answer.",
        "",
        "It knows these classes and nothing else: shown anything else, it names one of them all the same.",
    ]
    return "\n".join(lines) + "\n"
