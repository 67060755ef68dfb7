"""Run every benchmark, one after the other, and tell which met their targets: `python -m benchmarks`."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "command_line",
    "bad_inputs",
    "frontier_speed",
    "timing_agreement",
    "macs_agreement",
    "catalogue_agreement",
    "speeds_table",
    "search_regret",
    "search_here",
    "peak_memory",
    "measuring_cost",
    "measuring_span",
    "pick_stability",
    "stability_calibration",
    "busy_pick",
    "server_weight",
    "job_span",
    "slider_latency",
    "explore_speed",
    "probe_speed",
    "transfer_flowers",
    "solar_cells",
    "rank_accuracy",
    "page_beside_training",
    "waiting_threads",
    "image_fuzz",
)


def main() -> int:
    """Run them all; the exit code is 0 when every target was met."""
    outcomes = {}
    for name in NAMES:
        print(f"\n=== {name}", flush=True)
        outcomes[name] = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode == 0
    print()
    for name, met in outcomes.items():
        print(f"{'met   ' if met else 'MISSED'}  {name}")
    return 0 if all(outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
