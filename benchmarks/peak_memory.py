"""Our peak memory against an outside observer's: `python -m benchmarks.peak_memory`.

A child waits with torch and timm loaded, then measures a round as the product does. Meanwhile this process reads the
child's resident set from outside, about a thousand times a second, and takes the largest reading above the idle one.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

import psutil

from bakeoff_core.jobs.isolation import fork_server
from bakeoff_core.system.machine import usable_cores

MODELS = (
    "mobilenetv3_small_100",
    "efficientnet_b0",
    "resnet18",
    "resnet50",
    "vit_small_patch16_224",
    "convnext_tiny",
    "vgg16",
)
TARGET = 0.10


def work(connection: Connection, model_name: str) -> None:
    """Wait for the word, measure one round, send its peak; runs in the child."""
    from bakeoff_core.profiling.round import measure_round

    connection.send("idle")
    connection.recv()
    setting = {"img_size": 224, "batch_size": 1, "threads": usable_cores(), "device": "cpu", "dtype": "float32"}
    effort = {"passes": 16, "min_seconds": 0.5, "cap_s": 60.0, "count": False}
    measured, _ = measure_round({"model_name": model_name, **setting, **effort})
    connection.send(measured.peak_memory_bytes)


def main() -> int:
    """Print the ratio a model; the exit code is 0 when all are within the target."""
    context = fork_server(["bakeoff_core.models.timm_models"])
    ratios = [observe(context, name) for name in MODELS]
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    print(f"worst ratio {worst:.3f} (target: within {TARGET:.0%})")
    return 0 if abs(worst - 1) <= TARGET else 1


def observe(context: object, model_name: str) -> float:
    """Return the child's own figure over the observed one."""
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(theirs, model_name), daemon=True)
    child.start()
    ours.recv()
    process = psutil.Process(child.pid)
    idle = highest = process.memory_info().rss
    ours.send("go")
    while not ours.poll(0.001):
        highest = max(highest, process.memory_info().rss)
    told = ours.recv()
    child.join()
    observed = highest - idle
    print(f"{model_name:24s} ours {told / 1e6:7.1f} MB  observed {observed / 1e6:7.1f} MB  {told / observed:.3f}")
    return told / observed


if __name__ == "__main__":
    sys.exit(main())
