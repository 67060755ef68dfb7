"""What measuring costs beside the passes themselves: `python -m benchmarks.measuring_cost`.

Measures the default shortlist at exactly 64 timed passes a model, in two interleaved rounds, and divides the wall time
(start of the fork server, creation, counting, warm-up, processes and saving included) by 64 times the sum of the
medians.
"""

from __future__ import annotations

import sys

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.profiling.request import make_spec
from benchmarks.jobs_here import measure, own_home

TARGET = 2.0
PASSES = 64


def main() -> int:
    """Print the ratio; the exit code is 0 when it is within the target."""
    with own_home():
        profiles, seconds = measure(make_spec(SHORTLISTS["default"].models, passes=PASSES, min_seconds=0.0))
    assert all(p.passes == PASSES for p in profiles), [p.passes for p in profiles]
    timed = PASSES * sum(p.latency_p50_s for p in profiles)
    print(f"{len(profiles)} models, {PASSES} passes each: {seconds:.1f} s for {timed:.1f} s of passes")
    print(f"ratio {seconds / timed:.2f} (target: at most {TARGET})")
    return 0 if seconds <= TARGET * timed else 1


if __name__ == "__main__":
    sys.exit(main())
