"""Folders of fine-tuning runs, written by a test just as the launcher and the worker write them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import RESULTS, FinetuneSpec
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.records import FORMAT_VERSION
from bakeoff_core.system.paths import jobs_path

CONTENT = "1a2b3c4d5e6f7a8b"
MACHINE = {
    "machine_id": "0123456789ab",
    "machine_name": "Example CPU, 2 cores, 24 GiB",
    "cpu_name": "Example CPU",
    "cpu_count": 2,
    "memory_bytes": 24 * 2**30,
    "gpu_name": None,
    "os_name": "Linux 6.1",
    "python_version": "3.11.7",
    "torch_version": "2.13.0",
    "timm_version": "1.0.31",
}
CELLS_NOTES = ["2,624 electroluminescence pictures of solar cells.", "Of the published split only the sizes are known."]


def write_run(
    number: int,
    model_name: str = "resnet18.a1_in1k",
    *,
    recipe: str = "full",
    accuracy: float = 85.0,
    validated: float | None = 84.0,
    state: str = "done",
    spec: dict[str, Any] | None = None,
    **results: Any,
) -> str:
    """Write the folder of a run and return its id; runs with higher numbers are newer.

    Args:
        number: Of minutes after noon at which it started, below 60.
        model_name: What was trained.
        recipe: Key of `RECIPES`.
        accuracy: Of the test, in percent; its interval is two points to either side.
        validated: At the last step, in percent; `None` for no validation.
        state: As the worker wrote it last; results are there in any case.
        spec: Changes of what was asked.
        results: Changes of what it came to.
    """
    run_id = f"20260301-12{number:02d}00-{kinds.FINETUNE.key}-{number:06x}"
    folder = jobs_path() / run_id
    folder.mkdir(parents=True)
    asked = asdict(FinetuneSpec(model_name.partition(".")[0], "elpv", recipe)) | (spec or {})
    request = {
        "format": FORMAT_VERSION,
        "kind": kinds.FINETUNE.key,
        "module": kinds.FINETUNE.module,
        "exclusive": True,
        "spec": asked,
    }
    status = {"format": FORMAT_VERSION, "state": state, "pid": 1, "model_name": model_name, "message": "Finished."}
    metrics = [{"step": 1, "loss": 0.7, "learning_rate": 1e-3, "seconds": 1.0}, {"step": 1060, "loss": 0.2}]
    if validated is not None:
        metrics.insert(1, {"step": 530, "val_accuracy": 99.0})  # no run is judged by how it stood midway
        metrics.append({"step": 1060, "val_accuracy": validated, "val_accuracy_low": 80.0, "val_accuracy_high": 90.0})
    outcome = {
        "model_name": model_name,
        "weights": f"timm's {model_name}" if RECIPES[recipe].pretrained else "random",
        "img_size": 224,
        "dataset": "elpv",
        "dataset_title": "Solar cells (ELPV)",
        "content_key": CONTENT,
        "classes": ["functional", "defective"],
        "train_images": 1673,
        "val_images": 295,
        "test_images": 656,
        "skipped_images": 0,
        "licence": "CC BY-NC-SA 4.0",
        "notes": CELLS_NOTES,
        "test_accuracy": accuracy,
        "test_accuracy_low": accuracy - 2,
        "test_accuracy_high": accuracy + 2,
        "by_class": [
            {"name": "functional", "images": 450, "accuracy": 92.0, "low": 89.0, "high": 94.0},
            {"name": "defective", "images": 206, "accuracy": 69.9, "low": 63.0, "high": 75.8},
        ],
        "confusions": [
            {"true": "defective", "predicted": "functional", "count": 62, "examples": ["images/cell0007.png"]},
            {"true": "functional", "predicted": "defective", "count": 36, "examples": []},
        ],
        "seconds": 754.2,
        "images_per_second": 45.0,
        "recipe": asdict(RECIPES[recipe]),
        "machine": MACHINE,
        "device": "cpu",
    }
    write(folder / "spec.json", request)
    write(folder / "status.json", status)
    write(folder / RESULTS, {**outcome, **results})
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(metric)}\n" for metric in metrics))
    return run_id


def change(run_id: str, file: str, **changes: Any) -> None:
    """Change fields of one of a run's files."""
    path = jobs_path() / run_id / file
    write(path, {**json.loads(path.read_text()), **changes})


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
