"""Does measuring take longer than it did with long rounds: `python -m benchmarks.measuring_span [--repeats N]`.

Measures the default shortlist as it is measured by default, further rounds where they decide included, and with rounds
of a second and no further ones, as before there were any; one after the other, under a limit that is contested.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.profiling.request import make_spec
from bakeoff_core.schema.decision import Limits
from benchmarks.jobs_here import measure, own_home

TARGET = 1.0
LONG_ROUND_S = 1.0


def main() -> int:
    """Print the ratio; the exit code is 0 when measuring takes no longer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2)
    models = SHORTLISTS["default"].models
    now, before, limits = [], [], Limits()
    for _ in range(parser.parse_args().repeats):
        with own_home():
            profiles, seconds = measure(make_spec(models, min_seconds=LONG_ROUND_S, further_s=0.0))
        before.append(seconds)
        limits = Limits(max_latency_s=sorted(p.latency_p50_s for p in profiles)[len(profiles) // 2])
        with own_home():
            profiles, seconds = measure(make_spec(models, limits=limits))
        now.append(seconds)
        further = sum(p.round_count - 2 for p in profiles)
        print(f"{before[-1]:.1f} s before, {seconds:.1f} s now, with {further} further rounds", flush=True)
    ratio = median(now) / median(before)
    print(f"ratio {ratio:.2f} (target: at most {TARGET:.2f})")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
