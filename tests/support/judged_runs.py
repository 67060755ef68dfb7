"""Folders of runs that were judged by several metrics, as their worker writes them.

`write_cells_run` is of solar cells, where accuracy hides the defective ones: 80 of 206 are found, and 446 of 450
functional ones. `write_flowers_run` is of more classes than two.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from bakeoff_core.datasets.metrics.thresholds import CURVE_COLUMNS
from bakeoff_core.finetuning.request import CURVE, PREDICTIONS
from bakeoff_core.schema.metrics import Difference, Score
from bakeoff_core.system.paths import jobs_path
from tests.support.run_folders import change, write_run

CELLS, DEFECTIVE = 656, 206
OPERATING_POINTS = (
    (0.01, 656, 206),
    (0.05, 520, 202),
    (0.1, 400, 190),
    (0.2, 280, 170),
    (0.3, 200, 150),
    (0.4, 120, 104),
    (0.5, 84, 80),
    (0.7, 50, 49),
    (0.9, 20, 20),
)
"""Of the cells: threshold, images that are answered with defective from there on, defective ones among them."""
SCORES = {
    "accuracy": Score(80.18, 76.96, 83.05),
    "balanced-accuracy": Score(68.97, 65.7, 72.38),
    "macro-f1": Score(71.35, 67.2, 75.3),
    "average-precision": Score(78.42, 73.1, 83.0),
    "recall": Score(38.83, 32.44, 45.64),
    "precision": Score(95.24, 88.39, 98.13),
}
VALIDATIONS = ((10, 76.0, 60.0), (20, 80.5, 70.5), (30, 81.0, 68.0))
"""Step, accuracy, balanced accuracy."""


def cells_curve() -> pd.DataFrame:
    """Return the precision-recall curve of `OPERATING_POINTS`."""
    rows = [(at, flagged, 100 * found / flagged, 100 * found / DEFECTIVE) for at, flagged, found in OPERATING_POINTS]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def write_cells_run(number: int = 1, *, curve: bool = True, spec: dict[str, Any] | None = None, **results: Any) -> str:
    """Write the folder of a run on solar cells and return its id.

    Args:
        number: See `run_folders.write_run`.
        curve: Whether the curve is there.
        spec: Changes of what was asked.
        results: Changes of what it came to.
    """
    judged = {
        "positive_class": "defective",
        "scores": {name: asdict(score) for name, score in SCORES.items()},
        "accuracy_over_balanced": asdict(Difference(11.21, 9.92, 12.4)),
        "by_class": [
            {"name": "functional", "images": 450, "accuracy": 99.11, "low": 97.74, "high": 99.65},
            {"name": "defective", "images": 206, "accuracy": 38.83, "low": 32.44, "high": 45.64},
        ],
        "test_accuracy": SCORES["accuracy"].value,
        "test_accuracy_low": SCORES["accuracy"].low,
        "test_accuracy_high": SCORES["accuracy"].high,
    }
    asked = {"steps": 30, **(spec or {})}
    best = 2 if asked.get("metric", "accuracy") == "accuracy" else 1
    step, accuracy, balanced = VALIDATIONS[best]
    judged["val_scores"] = {"accuracy": accuracy, "balanced-accuracy": balanced, "macro-f1": 72.0}
    run_id = _write(number, asked, {"best_step": step, **judged, **results}, VALIDATIONS)
    if curve:
        cells_curve().to_parquet(jobs_path() / run_id / CURVE)
    return run_id


def write_flowers_run(number: int = 1, **results: Any) -> str:
    """Write the folder of a run on three kinds of flowers that was not validated, and return its id."""
    names, right = ("daisy", "rose", "tulip"), (90.0, 80.0, 85.0)
    three = {name: score for name, score in SCORES.items() if name in ("accuracy", "balanced-accuracy", "macro-f1")}
    judged = {
        "dataset": "folder",
        "dataset_title": "flowers",
        "classes": list(names),
        "positive_class": None,
        "scores": {name: asdict(score) for name, score in three.items()},
        "val_scores": {},
        "accuracy_over_balanced": asdict(Difference(0.4, -1.1, 1.9)),
        "by_class": [
            {"name": name, "images": 100, "accuracy": found, "low": found - 8, "high": found + 6}
            for name, found in zip(names, right, strict=True)
        ],
    }
    spec = {"dataset": "folder", "data_dir": "/nowhere/flowers", "train_on": "train+val", "steps": 30}
    return _write(number, spec, {**judged, **results}, ())


def _write(number: int, spec: dict[str, Any], results: dict[str, Any], validations: tuple) -> str:
    outcome = {
        "metric": spec.get("metric", "accuracy"),
        "balance": spec.get("balance", "none"),
        "best_step": 30,
        "stopped_early": False,
        "steps": 30,
        "peak_memory_bytes": 900_000_000,
        "dataset_root": "/nowhere",
        "copies": None,
        "confusions": [],
    }
    run_id = write_run(number, "tf_efficientnet_lite0.in1k", validated=None, spec=spec, **{**outcome, **results})
    folder = jobs_path() / run_id
    lines: list[dict[str, Any]] = [{"step": at, "loss": 1 / at, "seconds": float(at)} for at in range(1, 31)]
    lines += [_validation(*found) for found in validations]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    _write_predictions(folder)
    return run_id


def _validation(step: int, accuracy: float, balanced: float) -> dict[str, Any]:
    interval = {"val_accuracy_low": accuracy - 5, "val_accuracy_high": accuracy + 4}
    scores = {"accuracy": accuracy, "balanced-accuracy": balanced}
    return {"step": step, "val_accuracy": accuracy, **interval, "val_scores": scores}


def _write_predictions(folder: Path) -> None:
    rows = [("a.png", 0, 0, 0.9), ("b.png", 1, 0, 0.6)]
    pd.DataFrame(rows, columns=["image", "label", "predicted", "probability"]).to_parquet(folder / PREDICTIONS)


def make_old(run_id: str) -> None:
    """Make a run one of before there were metrics."""
    (jobs_path() / run_id / CURVE).unlink(missing_ok=True)
    path = jobs_path() / run_id / "results.json"
    new = ("metric", "positive_class", "scores", "val_scores", "accuracy_over_balanced", "best_step", "stopped_early")
    kept = {name: value for name, value in json.loads(path.read_text()).items() if name not in (*new, "balance")}
    path.write_text(json.dumps(kept))
    spec = json.loads((jobs_path() / run_id / "spec.json").read_text())["spec"]
    asked = {name: value for name, value in spec.items() if name not in ("metric", "positive_class", "balance")}
    change(run_id, "spec.json", spec={name: value for name, value in asked.items() if name != "patience"})
    lines = [json.loads(line) for line in (jobs_path() / run_id / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("val_scores", None)
    (jobs_path() / run_id / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
