"""Is a pick on a busy machine right, or marked: `python -m benchmarks.busy_pick [--runs N] [--patience S]`.

Measures six models on the machine as it is, then several times beside a program that has a core half of the time. A
decision beside it is good where its pick is the quiet one, or where it is said that it is not to be relied on.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.accuracies import attach_accuracy, read_catalogue
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.profiling.request import make_spec
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.schema.decision import RULES, Decision, Limits
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.doubts import decisive_doubts
from bakeoff_core.selection.stability import stability_of
from benchmarks.jobs_here import HALF_HOG, cpu_hog, measure, own_home

TARGET = 0.95
MODELS = SHORTLISTS["default"].models[:6]
BUDGETS = 16
"""Latency budgets, evenly spaced on a log scale over the quiet latencies."""
FLOORS = (None, 70.0, 75.0)


def main() -> int:
    """Print the share of good decisions; the exit code is 0 where it is within the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--patience", type=float, default=10.0, help="seconds that each run waits at most")
    arguments = parser.parse_args()
    quiet = candidates(120.0)
    latencies = quiet["latency_p50_s"]
    budgets = np.geomspace(latencies.min() * 0.9, latencies.max() * 1.2, BUDGETS)
    questions = [(Limits(min_top1=f, max_latency_s=float(b)), rule) for f in FLOORS for b in budgets for rule in RULES]
    expected = [picked(decide(quiet, limits, rule=rule)) for limits, rule in questions]
    same, marked, unsure = [], [], []
    with cpu_hog(HALF_HOG):
        for run in range(arguments.runs):
            busy = candidates(arguments.patience)
            for (limits, rule), pick in zip(questions, expected, strict=True):
                decision = decide(busy, limits, rule=rule)
                same.append(picked(decision) == pick)
                marked.append(bool(decisive_doubts(busy, decision)))
                unsure.append(not stability_of(decision, busy).is_sure)
            print(f"run {run + 1}: {np.mean(same[-len(questions) :]):.0%} of the picks are the quiet ones", flush=True)
    good = float(np.mean(np.logical_or(same, marked)))
    told = float(np.mean(np.logical_or.reduce([same, marked, unsure])))
    print(f"the quiet pick: {np.mean(same):.1%}; marked: {np.mean(marked):.1%} of {len(same)} decisions")
    print(f"the quiet pick, marked, or said to be less than sure: {told:.1%}")
    print(f"the quiet pick or marked: {good:.1%} (target: at least {TARGET:.0%})")
    return 0 if good >= TARGET else 1


def candidates(patience_s: float) -> pd.DataFrame:
    """Measure the models in a state folder of their own."""
    with own_home():
        profiles, seconds = measure(make_spec(MODELS, patience_s=patience_s))
    doubtful = sum(any(w.code == "load" for w in p.warnings) for p in profiles)
    print(f"{len(profiles)} models in {seconds:.0f} s, {doubtful} with other programs beside them", flush=True)
    return attach_accuracy(to_frame(profiles), read_catalogue())


def picked(decision: Decision) -> str | None:
    """Return the name of the pick; `None` where there is none."""
    return decision.pick.candidate.model_name if decision.pick else None


if __name__ == "__main__":
    sys.exit(main())
