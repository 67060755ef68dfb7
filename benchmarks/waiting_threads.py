"""What a training step costs when waiting threads spin and when they sleep: `python -m benchmarks.waiting_threads`.

A step of EfficientNet-Lite0 (32 random images of 224 px, forward and backward) in fresh processes, with OpenMP's own
setting and with the one that workers get which train (`jobs.kinds.YIELDING`), in turn: first alone, then
beside a program that keeps one core busy. Shows why training does not spin (docs/decisions/006). Takes about five
minutes.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import time

from bakeoff_core.jobs.kinds import YIELDING
from benchmarks.jobs_here import cpu_hog
from benchmarks.runs_here import LITE0

ROUNDS = 3
STEPS = 10
MOST_S = 60.0
BATCH = 32
DEAREST_ALONE = 1.15
"""How many times longer a step of sleeping threads may take on a quiet machine."""


def main() -> int:
    """Print both ratios; the exit code is 0 when sleeping costs little alone, and nothing beside a busy program."""
    ratios = {}
    for where, neighbour in (("alone", contextlib.nullcontext), ("beside a busy program", cpu_hog)):
        spinning, sleeping = [], []
        with neighbour():
            for _ in range(ROUNDS):
                spinning += step_seconds({})
                sleeping += step_seconds(YIELDING)
        spins, sleeps = statistics.median(spinning), statistics.median(sleeping)
        ratios[where] = sleeps / spins
        print(f"{where}: {spins:.2f} s spinning, {sleeps:.2f} s sleeping, ratio {ratios[where]:.2f}", flush=True)
    print(f"target: at most {DEAREST_ALONE} alone, at most 1 beside a busy program")
    return 0 if ratios["alone"] <= DEAREST_ALONE and ratios["beside a busy program"] <= 1 else 1


def step_seconds(environment: dict[str, str]) -> list[float]:
    """Return the seconds of each step of a fresh process with these settings."""
    inherited = {name: value for name, value in os.environ.items() if name not in YIELDING}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.waiting_threads", "steps"],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(seconds) for seconds in done.stdout.split()]


def print_steps() -> None:
    """Train on random images for a while, and print the seconds of each step but the first."""
    from bakeoff_core.models.torchvision_compat import prepare_torchvision

    prepare_torchvision()
    import timm
    import torch
    from torch.nn import functional

    from bakeoff_core.system.memory import keep_freed_memory

    keep_freed_memory()
    model = timm.create_model(LITE0).train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters())
    images = torch.rand(BATCH, 3, 224, 224).to(memory_format=torch.channels_last)
    labels = torch.randint(model.num_classes, (BATCH,))
    until = time.monotonic() + MOST_S
    for step in range(STEPS + 1):
        began = time.monotonic()
        optimizer.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        if step:
            print(time.monotonic() - began)
        if time.monotonic() > until:
            break


if __name__ == "__main__":
    sys.exit(print_steps() if sys.argv[1:] == ["steps"] else main())
