"""Medians of our timing loop against torch.utils.benchmark's: `python -m benchmarks.timing_agreement`.

Both time the same model object on the same threads in the same process, in alternating blocks, so that what drifts on
the machine meets both alike.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median

from bakeoff_core.models.timm_models import create_backbone
from bakeoff_core.profiling.timer import time_passes
from bakeoff_core.system.machine import usable_cores

MODELS = ("mobilenetv3_small_100", "efficientnet_b0", "vit_tiny_patch16_224", "resnet18", "resnet50", "convnext_tiny")
TARGET = 0.05
PASSES = 8
"""Timed passes of either in a block."""
MIN_BLOCKS, SECONDS = 16, 30.0
"""Blocks a model at least, and how long to go on, so that quick models get more of them."""


def main() -> int:
    """Print the ratio of medians a model; the exit code is 0 when all are within the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=usable_cores())
    arguments = parser.parse_args()
    ratios = {name: compare(name, arguments.threads) for name in MODELS}
    worst = max(ratios.values(), key=lambda ratio: abs(ratio - 1))
    print(f"worst ratio {worst:.3f} (target: within {TARGET:.0%}), {arguments.threads} threads")
    return 0 if abs(worst - 1) <= TARGET else 1


def compare(model_name: str, threads: int) -> float:
    """Return our median over torch's for one model."""
    import torch
    from torch.utils.benchmark import Timer

    torch.set_num_threads(threads)
    model, images = create_backbone(model_name, 224), torch.randn(1, 3, 224, 224)
    timer = Timer("model(images)", globals={"model": model, "images": images}, num_threads=threads)
    blocks: list[tuple[float, float]] = []

    def time_ours() -> float:
        return median(time_passes(lambda: model(images), min_passes=PASSES, min_seconds=0, cap_s=60).times_s)

    def time_theirs() -> float:
        return median(timer.timeit(1).median for _ in range(PASSES))  # each after two passes of its own warm-up

    began = time.monotonic()
    with torch.inference_mode():
        while len(blocks) < MIN_BLOCKS or time.monotonic() - began < SECONDS:
            if len(blocks) % 2 == 0:
                our_s, their_s = time_ours(), time_theirs()
            else:
                their_s, our_s = time_theirs(), time_ours()
            blocks.append((our_s, their_s))
    # Block against its neighbour, so that a machine that slows down for seconds favours neither.
    ratio = median(our_s / their_s for our_s, their_s in blocks)
    our_ms, their_ms = (median(column) * 1e3 for column in zip(*blocks, strict=True))
    print(
        f"{model_name:24s} ours {our_ms:7.2f} ms  torch's {their_ms:7.2f} ms  ratio {ratio:.3f} of {len(blocks)} pairs"
    )
    return ratio


if __name__ == "__main__":
    sys.exit(main())
