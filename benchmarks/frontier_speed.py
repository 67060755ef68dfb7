"""Time the frontier of a million points, dominators included.

    python -m benchmarks.frontier_speed [--points N] [--runs N]

Prints the median of several runs for each case, and ends with exit code 1 when the random case takes
0.2 s or more. The other cases are there because the random one is the kindest: nearly all of its points are
ruled out by a small sample. They are printed, not judged.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from bakeoff_core.selection.pareto import find_frontier

LIMIT_S = 0.2
"""What the random case must stay under."""


def make_cases(points: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Draw cost and accuracy for every case, the same at each start.

    Args:
        points: Points in each case.

    Returns:
        Case to (cost, accuracy), the judged case first.
    """
    random = np.random.default_rng(2013)
    cost, accuracy = random.random((2, points))
    angle = random.random(points) * np.pi / 2
    radius = 1 - random.random(points) ** 2 / 100
    return {
        "random": (cost, accuracy),
        "random, 2 decimals (copies and equal costs)": (cost.round(2), accuracy.round(2)),
        "anticorrelated (crowded along the frontier)": (1 - radius * np.cos(angle), radius * np.sin(angle)),
        "all on the frontier, unordered": (cost, cost),
        "all one point": (np.ones(points), np.ones(points)),
    }


def median_time_s(cost: np.ndarray, accuracy: np.ndarray, runs: int) -> tuple[float, int]:
    """Time `find_frontier` and count what it found.

    Returns:
        The median of the runs in seconds, after one that is not counted, and the points on the frontier.
    """
    found = int(find_frontier(cost, accuracy).non_dominated.sum())
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        find_frontier(cost, accuracy)
        times.append(time.perf_counter() - start)
    return statistics.median(times), found


def main() -> int:
    """Print one line a case and return the exit code."""
    parser = argparse.ArgumentParser(description="Time the frontier of many points.")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    print(f"find_frontier, n = {arguments.points:,}, median of {arguments.runs} runs")
    judged_s = None
    for name, (cost, accuracy) in make_cases(arguments.points).items():
        median_s, found = median_time_s(cost, accuracy, arguments.runs)
        judged_s = median_s if judged_s is None else judged_s
        print(f"  {name:<45} {median_s * 1e3:7.1f} ms   {found:>9,} on the frontier")
    verdict = "met" if judged_s < LIMIT_S else "MISSED"
    print(f"random case: {judged_s:.3f} s, limit {LIMIT_S} s: {verdict}")
    return 0 if judged_s < LIMIT_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
