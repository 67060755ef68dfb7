"""The commands about fine-tuning runs: `finetune`, `runs`, `stop`, `resume`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bakeoff_core import formatting, jobs, runs
from bakeoff_core.datasets import DATASETS
from bakeoff_core.printing import follow, print_json, remark
from bakeoff_core.recipes import RECIPES


def finetune(arguments: argparse.Namespace) -> int:
    """Fine-tune a model on a data set and print the result."""
    options = ("dataset", "recipe", "data_dir", "weights_file", "steps", "epochs", "train_on", "batch_size", "img_size")
    options += ("growing", "processes")
    spec = runs.FinetuneSpec(
        model_name=arguments.model,
        learning_rate=arguments.lr,
        seed=arguments.seed,
        device=arguments.device,
        **{name: getattr(arguments, name) for name in options},
    )
    if arguments.dry_run:
        return _end_trial(follow(runs.start_run(spec, trial=True).job), arguments.json)
    return _end(follow(runs.start_run(spec).job), arguments.json)


def list_runs(arguments: argparse.Namespace) -> int:
    """List the runs, the newest first."""
    found = [runs.summarise_run(run) for run in runs.list_runs()]
    if arguments.json:
        print_json(found)
    else:
        for run in found:
            print(_line(run))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """Stop a run; its last checkpoint is kept."""
    job = jobs.stop_job(runs.read_run(arguments.run).run_id)
    remark(job.status.get("message") or job.state)
    return 0 if not job.active else 1


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a stopped or failed run from its last checkpoint, and print the result."""
    return _end(follow(jobs.resume_job(runs.read_run(arguments.run).run_id)), arguments.json)


def add(commands: Any, command: Callable[..., argparse.ArgumentParser], add_json: Callable[..., None]) -> None:
    """Add the commands to the parser."""
    train = command(commands, "finetune", finetune)
    train.add_argument("--model", required=True, metavar="NAME", help="timm name")
    train.add_argument("--dataset", required=True, choices=DATASETS)
    train.add_argument(
        "--data-dir", metavar="DIR", help="flowers102: the folder that holds flowers-102/; folder: yours"
    )
    train.add_argument("--recipe", required=True, choices=tuple(RECIPES))
    train.add_argument("--steps", type=int, help="optimiser steps")
    train.add_argument("--epochs", type=int, help="passes over the training images (default: the recipe's)")
    train.add_argument("--train-on", choices=runs.TRAIN_ON, default="train", help="default train")
    train.add_argument("--batch-size", type=int, default=32, help="images in a step (default 32)")
    train.add_argument("--lr", type=float, help="peak learning rate of the head (default: the recipe's)")
    train.add_argument("--img-size", type=int, help="side of the input in pixels (default: the weights' own)")
    train.add_argument("--seed", type=int, default=0, help="fixes everything drawn at random (default 0)")
    train.add_argument("--weights-file", metavar="FILE", help="your own pretrained weights, in safetensors")
    train.add_argument("--growing", action="store_true", help="let images, RandAugment and mixup grow while it trains")
    train.add_argument("--processes", type=int, default=1, help="processes that share each batch (default 1)")
    train.add_argument("--dry-run", action="store_true", help="only try a few steps and say what the run would cost")
    train.add_argument("--device", choices=runs.DEVICES, default="auto", help="where to train (default auto)")
    add_json(train)
    add_json(command(commands, "runs", list_runs))
    command(commands, "stop", stop).add_argument("run", metavar="RUN")
    again = command(commands, "resume", resume)
    again.add_argument("run", metavar="RUN")
    add_json(again)


def _end(job: jobs.Job, as_json: bool) -> int:
    """Print how a run ended."""
    found = runs.summarise_run(runs.read_run(job.job_id))
    if as_json:
        print_json(found)
    else:
        print(_line(found))
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" else 1


def _end_trial(job: jobs.Job, as_json: bool) -> int:
    """Print what a run would cost."""
    estimate = runs.read_estimate(runs.read_run(job.job_id))
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


def _line(run: dict[str, Any]) -> str:
    accuracy = "no result"
    if run["test_accuracy"] is not None:
        low, high = run["test_accuracy_low"], run["test_accuracy_high"]
        accuracy = f"{run['test_accuracy']:.2f} % test ({low:.2f} to {high:.2f})"
    return f"{run['run_id']}  {run['state']:8}  {run['recipe']:12}  {run['model_name']} on {run['dataset']}: {accuracy}"
