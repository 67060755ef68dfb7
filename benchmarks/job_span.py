"""Time small training jobs from the command to their end: what a worker's start, decoders and exit cost.

    python -m benchmarks.job_span [--against DIR] [--runs N]

A full fine-tune of six steps and a linear probe, both on 84 solar cells at 64 px, each in a state folder without kept
features. With `--against`, another checkout does the same in turn with this one, by the same Python. Seconds differ too
much between machines to be judged; the share does not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bakeoff_core.datasets.registry import read_dataset

HERE = Path(__file__).parents[1]
MODEL, IMAGES_A_CLASS = "tf_efficientnet_lite0", 60
RECIPES = ("full", "linear-probe")


def copy_images(folder: Path) -> None:
    """Copy so many solar cells of each class into a folder a class."""
    dataset = read_dataset("elpv")
    for label, name in enumerate(dataset.classes):
        (folder / name).mkdir(parents=True)
        for image in [image for image in dataset.train if image.label == label][:IMAGES_A_CLASS]:
            shutil.copy(image.path, folder / name)


def span_s(checkout: Path, recipe: str, images: Path) -> float:
    """Return the seconds that a job of a checkout takes in a new state folder.

    Raises:
        RuntimeError: It did not end well.
    """
    options = ["--model", MODEL, "--dataset", "folder", "--data-dir", str(images), "--recipe", recipe]
    options += ["--steps", "6", "--batch-size", "16", "--img-size", "64"]
    with tempfile.TemporaryDirectory() as home:
        # Another checkout must never be found before the one that is asked.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"BAKEOFF_HOME": home, "HF_HUB_OFFLINE": "1"}
        began = time.perf_counter()
        command = [sys.executable, "-m", "bakeoff_core", "finetune", *options]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{recipe} in {checkout} ended with {done.returncode}: {done.stderr[-500:]}")
        return time.perf_counter() - began


def medians_s(checkouts: Sequence[Path], recipe: str, images: Path, runs: int) -> list[float]:
    """Return the median span in each checkout, who goes first changing from run to run."""
    times: list[list[float]] = [[] for _ in checkouts]
    for run in range(runs):
        for at in sorted(range(len(checkouts)), reverse=run % 2 == 1):
            times[at].append(span_s(checkouts[at], recipe, images))
    return [statistics.median(found) for found in times]


def main() -> int:
    """Print a line for each kind of job."""
    parser = argparse.ArgumentParser(description="Time small training jobs.")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout of this product")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    checkouts = [HERE, *([arguments.against.resolve()] if arguments.against else [])]
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "cells"
        copy_images(images)
        for recipe in RECIPES:
            here_s, *there_s = medians_s(checkouts, recipe, images, arguments.runs)
            shares = "".join(f"   {here_s / other_s:.2f} of {other_s:.1f} s there" for other_s in there_s)
            print(f"  {recipe:<14} {here_s:.1f} s{shares}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
