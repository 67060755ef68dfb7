"""Does measuring again lead to the same pick: `python -m benchmarks.pick_stability [--repeats N]`.

Measures the default shortlist several times from scratch and decides over a grid of limits with each result. A cell
holds when every two repeats give the same pick, or one of them declared a tie that names the other's pick. Then the
shortlist is measured once more beside a program that keeps one core busy, and the load warnings are counted.
"""

from __future__ import annotations

import argparse
import itertools
import sys

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.accuracies import attach_accuracy, read_catalogue
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.profiling.request import MeasureSpec, make_spec
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.schema.decision import RULES, Decision, Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.selection.decision import decide
from benchmarks.jobs_here import cpu_hog, measure, own_home

TARGET_CELLS = 0.95
TARGET_WARNED, TARGET_UNWARNED = 0.95, 0.05
FLOORS = np.arange(66.0, 85.0, 1.0)
BUDGETS = 24
"""Latency budgets in the grid, evenly spaced on a log scale from the quickest model to beyond the slowest."""


def main() -> int:
    """Print the shares; the exit code is 0 when all are within their targets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    models = SHORTLISTS["default"].models
    runs = [_measure_afresh(f"repeat {i + 1}", make_spec(models)) for i in range(repeats)]
    _print_spread(runs)
    with cpu_hog():  # passes take up to a hundred times as long beside it, and their number does not matter here
        hogged = _measure_afresh("beside a busy program", make_spec(models, passes=8, min_seconds=0.0, cap_s=2.0))

    holds = {rule: _share_of_cells([_with_accuracy(run) for run in runs], rule) for rule in RULES}
    for rule, share in holds.items():
        print(f"{rule}: same pick or a declared tie in {share:.1%} of the grid (target: at least {TARGET_CELLS:.0%})")
    warned, unwarned = _share_warned(hogged), _share_warned(tuple(itertools.chain(*runs)))
    print(
        f"load warning: {warned:.0%} of rows beside a busy program (target: at least {TARGET_WARNED:.0%}), "
        f"{unwarned:.0%} without (target: at most {TARGET_UNWARNED:.0%})"
    )
    good = min(holds.values()) >= TARGET_CELLS and warned >= TARGET_WARNED and unwarned <= TARGET_UNWARNED
    return 0 if good else 1


def _measure_afresh(what: str, spec: MeasureSpec) -> tuple[Profile, ...]:
    with own_home():
        profiles, seconds = measure(spec)
    print(f"{what}: {len(profiles)} models in {seconds:.0f} s", flush=True)
    return profiles


def _with_accuracy(profiles: tuple[Profile, ...]) -> pd.DataFrame:
    return attach_accuracy(to_frame(profiles), read_catalogue())


def _share_of_cells(tables: list[pd.DataFrame], rule: str) -> float:
    latencies = pd.concat(tables)["latency_p50_s"]
    budgets = np.geomspace(latencies.min() * 0.95, latencies.max() * 1.2, BUDGETS)
    cells = [Limits(min_top1=float(f), max_latency_s=float(b)) for f in FLOORS for b in budgets]
    return float(np.mean([_holds([decide(table, cell, rule=rule) for table in tables]) for cell in cells]))


def _holds(decisions: list[Decision]) -> bool:
    return all(_agree(a, b) or _agree(b, a) for a, b in itertools.combinations(decisions, 2))


def _agree(one: Decision, other: Decision) -> bool:
    """Tell whether the other's pick is this one's, or among those this one called tied with it."""
    if one.pick is None:
        return other.pick is None
    if other.pick is None:  # "perhaps nobody" is a tie at the limit without rivals
        return one.pick.tie is not None and one.pick.tie.measure == "limit" and not one.pick.tie.rivals
    tied = one.pick.tie.rivals if one.pick.tie else ()
    return other.pick.candidate in (one.pick.candidate, *tied)


def _share_warned(profiles: tuple[Profile, ...]) -> float:
    return float(np.mean([any(w.code == "load" for w in p.warnings) for p in profiles]))


def _print_spread(runs: list[tuple[Profile, ...]]) -> None:
    """How far repeats differ, and how often a repeat's interval holds the median over all of them."""
    logs = pd.DataFrame([{p.model_name: np.log(p.latency_p50_s) for p in run} for run in runs])
    centres = np.exp(logs.median())
    held = [p.latency_p50_low_s <= centres[p.model_name] <= p.latency_p50_high_s for run in runs for p in run]
    rounds = [
        np.std([np.log(np.median(r.times_s)) for r in p.rounds], ddof=1)
        for run in runs
        for p in run
        if len(p.rounds) > 1
    ]
    print(
        f"standard deviation between repeats: median {logs.std().median():.1%}, largest {logs.std().max():.1%}; "
        f"between processes of one repeat: {np.sqrt(np.mean(np.square(rounds))):.1%} (root mean square); "
        f"intervals that hold the median of all repeats: {np.mean(held):.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())
