"""A full fine-tune on the solar cells against the published network: `python -m benchmarks.solar_cells`.

EfficientNet-Lite0 from ImageNet weights on the 1,968 training images, tested on 656. The published CNN reaches 88.42 %
on a split of the same sizes (Deitsch et al. 2019, arXiv 1807.02894). Takes about 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys

from bakeoff_core.finetuning.request import FinetuneSpec
from benchmarks.jobs_here import own_home
from benchmarks.runs_here import LITE0, estimate, finetune, line

PUBLISHED = 88.42
MOST_S = 45 * 60
TARGET_ESTIMATE = 0.25


def main() -> int:
    """Print the result; the exit code is 0 when the published accuracy was reached in time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--img-size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    spec = FinetuneSpec(
        LITE0,
        "elpv",
        "full",
        epochs=arguments.epochs,
        img_size=arguments.img_size,
        seed=arguments.seed,
        train_on="train+val",
    )
    with own_home():
        expected = estimate(spec).seconds
        found = finetune(spec)
    print(line(f"full, {arguments.epochs} epochs", found, expected))
    print(f"target: at least {PUBLISHED} % within {MOST_S / 60:.0f} minutes; estimate within {TARGET_ESTIMATE:.0%}")
    is_near = abs(expected / found["seconds"] - 1) <= TARGET_ESTIMATE
    return 0 if found["test_accuracy"] >= PUBLISHED and found["seconds"] <= MOST_S and is_near else 1


if __name__ == "__main__":
    sys.exit(main())
