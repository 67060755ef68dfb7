"""Comparisons made up of chosen numbers."""

from collections.abc import Sequence

import pandas as pd

from bakeoff_core.datasets.metrics.classes import accuracy
from bakeoff_core.finetuning.comparison.analysis import compare
from bakeoff_core.finetuning.comparison.records import (
    FULL,
    PROBE,
    SCRATCH,
    ComparedRun,
    Comparison,
    Conditions,
    CurvePoint,
    LabelsPoint,
)

IMAGES = 200
IDENTITY = {
    "model_name": "resnet18.a1_in1k",
    "dataset": "elpv",
    "dataset_title": "Solar cells (ELPV)",
    "train_on": "train",
    "batch_size": 32,
    "seed": 0,
}
RATES = {PROBE: 0.1, FULL: 0.002, SCRATCH: 0.002}


def make_answers(right: int, images: int = IMAGES, first: int = 0) -> pd.DataFrame:
    """Answers to images of two classes in turn, of which so many in a row are right, from the `first` on."""
    labels = [at % 2 for at in range(images)]
    wrong = [not first <= at < first + right for at in range(images)]
    predicted = [label ^ mistake for label, mistake in zip(labels, wrong, strict=True)]
    names = [f"{at}.png" for at in range(images)]
    return pd.DataFrame({"image": names, "label": labels, "predicted": predicted})


def make_curve(*accuracies: float, interval: int = 10, seconds: float = 5.0) -> tuple[CurvePoint, ...]:
    """A validation each `interval` steps and `seconds`."""
    return tuple(CurvePoint(interval * at, value, seconds * at) for at, value in enumerate(accuracies, 1))


def make_part(recipe: str, answers: pd.DataFrame, curve: Sequence[CurvePoint] = (), **changes: object) -> ComparedRun:
    """A run that ended with these answers."""
    found = accuracy(answers["label"].to_numpy(), answers["predicted"].to_numpy())
    fields: dict = {
        "recipe": recipe,
        "run_id": f"20260101-120000-finetune-abcdef-{[PROBE, FULL, SCRATCH].index(recipe) + 1}",
        "state": "done",
        "test_accuracy": found["accuracy"],
        "test_low": found["low"],
        "test_high": found["high"],
        "seconds": 60.0,
        "features_computed": True if recipe == PROBE else None,
        "settings": {
            "learning_rate": RATES[recipe],
            "weight_decay": 0.05,
            "augmentation": "none" if recipe == PROBE else "light",
        },
        "curve": tuple(curve),
    }
    return ComparedRun(**fields | changes)


def make_conditions(**changes: object) -> Conditions:
    """Conditions that explain nothing."""
    fields: dict = {
        "class_count": 2,
        "train_images": 1600,
        "val_images": 400,
        "test_images": IMAGES,
        "majority_share": 50.0,
        "steps": 500,
        "epoch_steps": 50,
        "img_size": 224,
        "pretrained_size": 224,
        "grey_share": 0.0,
        "own_weights": False,
    }
    return Conditions(**fields | changes)


def make_comparison(
    probe: int | None = 160,
    full: int | None = 180,
    scratch: int | None = 120,
    *,
    curves: dict[str, tuple[CurvePoint, ...]] | None = None,
    labels: Sequence[LabelsPoint] = (),
    failed: Sequence[ComparedRun] = (),
    identity: dict | None = None,
    **conditions: object,
) -> Comparison:
    """Compare runs with so many of 200 test images right; `None` for a run that has no result."""
    curves = curves or {}
    right = {recipe: n for recipe, n in ((PROBE, probe), (FULL, full), (SCRATCH, scratch)) if n is not None}
    answers = {recipe: make_answers(count) for recipe, count in right.items()}
    parts = [make_part(recipe, frame, curves.get(recipe, ())) for recipe, frame in answers.items()]
    return compare(
        [*parts, *failed], answers, labels, make_conditions(**conditions), **{**IDENTITY, **(identity or {})}
    )
