"""Our MACs against timm's published ones: `python -m benchmarks.macs_agreement [--table CSV] [--draw N]`.

Draws 200 architectures by a fixed seed from timm's inference table (results/benchmark-infer-*.csv in timm's repository,
which has GMACs with two decimals) and counts each at the table's size, in a process of its own. A count agrees when it
is within 1 %, or rounds to the published figure. Every exception must be explained in `EXPLAINED`. timm counts with
fvcore too, so that agreement does not show what both leave out; tests/models/test_every_timm_module.py does.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
from pathlib import Path

from bakeoff_core.jobs.isolation import ChildFailure, call, fork_server

TABLE = Path(os.environ.get("BAKEOFF_TEST_DATA", "../shared/data")) / "timm-results"
TABLE /= "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv"
SEED = 2026
TARGET = 0.01
ROUNDING = 0.005
"""Half of the last digit that timm prints, in GMACs."""

LSTM = "timm's figure leaves out its LSTMs, which fvcore does not know; torch's own counter agrees with ours"
SAME_PADDING = (
    "timm's figure leaves out its depthwise convolutions, whose padding is a word, which fvcore does not know; torch's "
    "own counter agrees with ours"
)
EXPLAINED: dict[str, str] = {
    **dict.fromkeys(("sequencer2d_s", "sequencer2d_m", "sequencer2d_l"), LSTM),
    **dict.fromkeys(("convmixer_768_32", "convmixer_1024_20_ks9_p14", "convmixer_1536_20"), SAME_PADDING),
    "ecaresnext50t_32x4d": "the table is of a timm that built it with the blocks of ecaresnext26t_32x4d "
    "(15.41 M parameters in both rows); it has had (3, 4, 6, 3) blocks since",
}
"""Architectures that differ, and why."""


def count(arch: str, img_size: int) -> int | None:
    """Count one architecture; runs in a child."""
    from bakeoff_core.models.counting import count_macs
    from bakeoff_core.models.timm_models import create_backbone

    return count_macs(create_backbone(arch, img_size), img_size)


def main() -> int:
    """Print every difference; the exit code is 0 when each is explained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--draw", type=int, default=200)
    arguments = parser.parse_args()
    if not arguments.table.is_file():
        print(f"{arguments.table} is not here; name timm's table with --table.")
        return 1
    with arguments.table.open(newline="") as handle:
        rows = {row["model"]: row for row in csv.DictReader(handle)}
    drawn = random.Random(SEED).sample(sorted(rows), arguments.draw)
    context = fork_server(["bakeoff_core.models.timm_models"])
    agreeing, unexplained = 0, 0
    for number, arch in enumerate(drawn, start=1):
        published, size = float(rows[arch]["infer_gmacs"]), int(rows[arch]["infer_img_size"])
        try:
            counted = call(context, "benchmarks.macs_agreement:count", arch, size, timeout_s=900)
            fault = None if counted is not None else "could not be traced"
        except ChildFailure as err:
            counted, fault = None, str(err)
        if counted is not None and abs(counted / 1e9 - published) <= max(TARGET * published, ROUNDING):
            agreeing += 1
            continue
        ours = f"{counted / 1e9:.3f}" if counted is not None else fault
        reason = EXPLAINED.get(arch)
        unexplained += reason is None
        print(
            f"[{number}] {arch} at {size}: ours {ours} G, timm's {published} G: {reason or 'NOT EXPLAINED'}", flush=True
        )
    print(
        f"{agreeing} of {len(drawn)} within {TARGET:.0%} of timm's published GMACs (seed {SEED}); "
        f"{len(drawn) - agreeing} differ, {unexplained} of them unexplained"
    )
    return 0 if not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
