"""The commands `finetune`, `compare` and `runs`, and `stop` and `resume`, which know rankings as well."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bakeoff_core import formatting
from bakeoff_core.cli import rank
from bakeoff_core.cli.console import follow, print_json, remark
from bakeoff_core.datasets.index import TRAIN_ON, expanded
from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.finetuning import results as finetuning_results
from bakeoff_core.finetuning.comparison import request as comparison_request
from bakeoff_core.finetuning.dry_run import request as dry_run_request
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec, start_run
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import read_job, resume_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking import request as ranking_request
from bakeoff_core.reporting.documents import json
from bakeoff_core.schema.records import DEVICE_CHOICES

_SAME_NAMES = (
    *("dataset", "data_dir", "weights_file", "steps", "epochs", "train_on", "batch_size", "img_size", "seed"),
    "any_way_up",
)
"""Options that are called as the fields of a spec."""


def finetune(arguments: argparse.Namespace) -> int:
    """Fine-tune a model on a data set and print the result."""
    spec = FinetuneSpec(
        recipe=arguments.recipe,
        growing=arguments.growing,
        processes=arguments.processes,
        **_spec_fields(arguments),
    )
    if arguments.dry_run:
        return _end_trial(follow(dry_run_request.start_dry_run(spec).job), arguments.json)
    return _end(follow(start_run(spec).job), arguments.json)


def compare(arguments: argparse.Namespace) -> int:
    """Train a probe, a full fine-tune and a run from scratch alike, and print what transfer was worth."""
    spec = comparison_request.ComparisonSpec(**_spec_fields(arguments))
    return _end(follow(comparison_request.start_comparison(spec).job), arguments.json)


def list_runs(arguments: argparse.Namespace) -> int:
    """List the runs, the newest first."""
    found = [finetuning_results.summarise_run(run) for run in finetuning_results.list_runs()]
    if arguments.json:
        print_json(found)
    else:
        for run in found:
            print(_line(run))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """Stop a run, a comparison or a ranking; what is finished and the last checkpoint are kept."""
    job = stop_job(_require_ours(arguments.run))
    remark(job.status.get("message") or job.state)
    return 0 if not job.active else 1


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a stopped or failed run, comparison or ranking where it was, and print the result."""
    return _end(follow(resume_job(_require_ours(arguments.run))), arguments.json)


def add(commands: Any, command: Callable[..., argparse.ArgumentParser], add_json: Callable[..., None]) -> None:
    """Add the commands to the parser."""
    train = command(commands, "finetune", finetune)
    train.add_argument("--recipe", required=True, choices=tuple(RECIPES))
    train.add_argument("--growing", action="store_true", help="let images, RandAugment and mixup grow while it trains")
    train.add_argument("--processes", type=int, default=1, help="processes that share each batch (default 1)")
    train.add_argument("--dry-run", action="store_true", help="only try a few steps and say what the run would cost")
    _add_training(train, "the recipe's")
    add_json(train)
    against = command(commands, "compare", compare)
    _add_training(against, "those of the full fine-tune")
    add_json(against)
    add_json(command(commands, "runs", list_runs))
    command(commands, "stop", stop).add_argument("run", metavar="RUN")
    again = command(commands, "resume", resume)
    again.add_argument("run", metavar="RUN")
    add_json(again)


def _add_training(parser: argparse.ArgumentParser, epochs: str) -> None:
    """Add what a run and a comparison are asked alike."""
    parser.add_argument("--model", required=True, metavar="NAME", help="timm name")
    parser.add_argument("--dataset", required=True, choices=DATASETS)
    parser.add_argument(
        "--data-dir", metavar="DIR", help="flowers102: the folder that holds flowers-102/; folder: yours"
    )
    parser.add_argument("--steps", type=int, help="optimiser steps")
    parser.add_argument("--epochs", type=int, help=f"passes over the training images (default: {epochs})")
    parser.add_argument("--train-on", choices=TRAIN_ON, default="train", help="default train")
    parser.add_argument("--batch-size", type=int, default=32, help="images in a step (default 32)")
    parser.add_argument("--lr", type=float, help="peak learning rate of the head (default: the recipe's)")
    parser.add_argument("--img-size", type=int, help="side of the input in pixels (default: the weights' own)")
    parser.add_argument("--seed", type=int, default=0, help="fixes everything drawn at random (default 0)")
    parser.add_argument("--weights-file", metavar="FILE", help="your own pretrained weights, in safetensors")
    parser.add_argument(
        "--any-way-up", action="store_true", help="images upside down are as likely, as through a microscope"
    )
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="where to train (default auto)")


def _spec_fields(arguments: argparse.Namespace) -> dict[str, Any]:
    """What a run and a comparison are asked alike, by the names of the spec's fields."""
    return {
        "model_name": arguments.model,
        "learning_rate": arguments.lr,
        "device": arguments.device,
        **{name: getattr(arguments, name) for name in _SAME_NAMES},
        # The worker looks from another folder than the user's.
        **{name: _absolute(getattr(arguments, name)) for name in ("data_dir", "weights_file")},
    }


def _absolute(path: str | None) -> str | None:
    return str(expanded(Path(path)).absolute()) if path else None


def _require_ours(job_id: str) -> str:
    """Return the id of a run, a comparison or a ranking; raises `BakeoffError` for any other."""
    readers = {
        kinds.COMPARISON.key: comparison_request.read_comparison,
        kinds.RANKING.key: ranking_request.read_ranking,
    }
    return readers.get(read_job(job_id).kind, finetuning_results.read_run)(job_id).job.job_id


def _end(job: Job, as_json: bool) -> int:
    """Print how a run, a comparison or a ranking ended."""
    if job.kind == kinds.RANKING.key:
        return rank.end(job.job_id, as_json)
    if job.kind == kinds.COMPARISON.key:
        return _end_comparison(job, as_json)
    found = finetuning_results.summarise_run(finetuning_results.read_run(job.job_id))
    if as_json:
        print_json(found)
    else:
        print(_line(found))
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" else 1


def _end_trial(job: Job, as_json: bool) -> int:
    """Print what a run would cost."""
    estimate = dry_run_request.read_estimate(finetuning_results.read_run(job.job_id))
    if estimate is None:
        remark(job.status.get("message") or job.state)
        return 1
    if as_json:
        print_json(asdict(estimate))
    else:
        print(f"about {formatting.duration(estimate.seconds)}, {formatting.megabytes(estimate.peak_memory_bytes)}")
    for part, seconds in estimate.parts.items():
        remark(f"{part}: {formatting.duration(seconds)}")
    return 0


def _end_comparison(job: Job, as_json: bool) -> int:
    """Print what a comparison says; the exit code is 0 where each of its runs got there."""
    found = json.summarise_comparison(comparison_request.read_comparison(job.job_id))
    if as_json:
        print_json(found)
    else:
        for run in found["runs"]:
            print(_line(run))
        for sentence in found["sentences"]:
            print(sentence)
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" and all(run["state"] == "done" for run in found["runs"]) else 1


def _line(run: dict[str, Any]) -> str:
    accuracy = "no result"
    if run["test_accuracy"] is not None:
        low, high = run["test_accuracy_low"], run["test_accuracy_high"]
        accuracy = f"{run['test_accuracy']:.2f} % test ({low:.2f} to {high:.2f})"
    owner = f"  (part of {run['owner']})" if run["owner"] else ""
    return (
        f"{run['run_id']}  {run['state']:8}  {run['recipe']:12}  {run['model_name']} on {run['dataset']}: "
        f"{accuracy}{owner}"
    )
