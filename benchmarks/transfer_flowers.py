"""What transfer is worth on Flowers102, official split, EfficientNet-Lite0: `python -m benchmarks.transfer_flowers`.

A linear probe of 60 steps (the lab's budget), probes trained on train and on train+val, a full fine-tune and a run
from scratch, all on real images; and how near the trial's estimate came to the true time of each. Needs Flowers102 in
`BAKEOFF_DATA` and about 40 minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys

from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.formatting import significant
from benchmarks.jobs_here import own_home
from benchmarks.runs_here import LITE0, estimate, finetune, line, require_flowers

TARGET_LOSS = 2.0
TARGET_PROBE, TARGET_PROBE_ALL = 83.0, 87.0
TARGET_ESTIMATE = 0.25


def main() -> int:
    """Print the table; the exit code is 0 when every target was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20, help="of the full fine-tune and of the run from scratch")
    parser.add_argument("--probes-only", action="store_true", help="leave both out: two minutes")
    arguments = parser.parse_args()
    epochs = arguments.epochs
    folder = require_flowers()

    def spec(recipe: str, **options: object) -> FinetuneSpec:
        return FinetuneSpec(LITE0, "flowers102", recipe, data_dir=folder, **options)

    asked = {
        "probe, 60 steps": spec("linear-probe", steps=60),
        "probe, train": spec("linear-probe"),
        "probe, train+val": spec("linear-probe", train_on="train+val"),
        f"full, {epochs} epochs": spec("full", epochs=epochs),
        f"scratch, {epochs} epochs": spec("scratch", epochs=epochs),
    }
    if arguments.probes_only:
        asked = {name: request for name, request in asked.items() if request.recipe == "linear-probe"}
    found, ratios = {}, {}
    with own_home():
        for name, request in asked.items():
            expected = estimate(request).seconds
            found[name] = finetune(request)
            ratios[name] = expected / found[name]["seconds"]
            print(line(name, found[name], expected), flush=True)
    quick, probe, probe_all = list(found.values())[:3]
    checks = {
        f"loss from {significant(quick['train_loss_first'])} to {significant(quick['train_loss_last'])} in 60 steps "
        f"(target: under {TARGET_LOSS})": quick["train_loss_last"] < TARGET_LOSS,
        f"probe on train at least {TARGET_PROBE} %": probe["test_accuracy"] >= TARGET_PROBE,
        f"probe on train+val at least {TARGET_PROBE_ALL} %": probe_all["test_accuracy"] >= TARGET_PROBE_ALL,
        f"every estimate within {TARGET_ESTIMATE:.0%}": all(abs(r - 1) <= TARGET_ESTIMATE for r in ratios.values()),
    }
    if not arguments.probes_only:
        full, scratch = list(found.values())[3:]
        checks |= {
            "full above probe, intervals disjoint": full["test_accuracy_low"] > probe["test_accuracy_high"],
            "scratch below probe, intervals disjoint": scratch["test_accuracy_high"] < probe["test_accuracy_low"],
        }
    for text, met in checks.items():
        print(f"{'met   ' if met else 'MISSED'}  {text}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
