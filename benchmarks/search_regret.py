"""What a search over all of timm misses: `python -m benchmarks.search_regret [CSV …] [--seeds N] [--limits N]`.

Each of timm's tables of inference speeds, of any year, is replayed as if it were this machine: what the search asks for
is answered from the table, with a screening noise of 10 %. Told is, after 10 and 20 % of the rows, how much of the true
frontier was measured, and how far the most accurate measured row within a latency budget is below the true best, on
average over 97 budgets (the table's percentiles 2 to 98; nothing within one counts as 0 %). Then the stopping rule:
searches under random limits go on until something better is left with a chance under 5 %; told is how often something
better by 0.1 points is left all the same. Both are judged by speeds without noise, as the models that matter get full
rounds. The published speeds of a table that is searched are taken from the prior. By default on timm's i9 and RTX 4090.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.published import join_tables
from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.catalogue.timm_results import PublishedAccuracy, read_speeds
from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.contest import MARGIN_POINTS
from bakeoff_core.search.outlook import look_ahead, nothing_measured
from bakeoff_core.search.space import search_space
from bakeoff_core.selection.pareto import find_frontier
from benchmarks.speeds_table import CPU, GPU, TABLES, names_of_timm

DEFAULT = (TABLES / "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv", GPU)
PRIORS = {CPU.name: "cpu_seconds", GPU.name: "gpu_seconds"}
"""Whose speeds the prior holds, and in which column."""
SHARES = (0.1, 0.2)
TARGET_FOUND = {0.1: 0.80, 0.2: 0.95}
TARGET_REGRET = 0.05
TARGET_WRONG = 0.10
CLAIM = 0.05
NOISE = 0.10
MOST_MEASURED = 0.3
"""Share of the rows after which a search under limits is given up as one that never claims anything."""


@dataclass(frozen=True, eq=False)
class Table:
    """One published machine as a search space, and what is true of it."""

    name: str
    space: pd.DataFrame
    seconds: np.ndarray
    """float[n], per image, as published."""


def main() -> int:
    """Print what was reached; the exit code is 0 when every target was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", type=Path, default=DEFAULT, metavar="CSV")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--limits", type=int, default=200, help="random limits in all, shared among the tables")
    asked = parser.parse_args()
    names = names_of_timm()
    tables = [read_table(path, names) for path in asked.tables]
    checks: dict[str, bool] = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for table in tables:
            checks |= _regret(table, asked.seeds, pool.map)
        checks |= _stopping(tables, asked.limits // len(tables), pool.map)
    for text, met in checks.items():
        print(f"{'met   ' if met else 'MISSED'}  {text}")
    return 0 if all(checks.values()) else 1


def read_table(path: Path, names: TimmModels) -> Table:
    """Return one of timm's tables as a search space, without its own speeds in the prior."""
    catalogue = read_catalogue()
    accuracies = [PublishedAccuracy(row.model_name, row.img_size, row.top1, None) for row in catalogue.itertuples()]
    speeds = [speed for speed in read_speeds(path) if speed.part == "inference"]
    rows = join_tables(accuracies, speeds, names, path.stem)
    seconds = {(row.model_name, row.img_size): row.seconds_per_image for row in rows if row.reason is None}
    space = search_space(catalogue)
    of_row = np.array([seconds.get(key, np.nan) for key in zip(space["model_name"], space["img_size"], strict=True)])
    known = ~np.isnan(of_row)
    space = space[known].reset_index(drop=True)
    if path.name in PRIORS:
        space[PRIORS[path.name]] = np.nan
    return Table(path.name, space, of_row[known])


class Replay:
    """A search on a table: what is measured is looked up, with noise."""

    def __init__(self, table: Table, limits: Limits, seed: int) -> None:
        self.table, self.limits, self.seed = table, limits, seed
        noise = np.random.default_rng(seed).normal(0.0, NOISE, len(table.seconds))
        self.screened = table.seconds * np.exp(noise)
        self.measured = nothing_measured(table.space).assign(latency_sd=NOISE)
        self.order: list[int] = []
        self.looks_s: list[float] = []

    def look(self) -> tuple[float, tuple[int, ...]]:
        """Return the chance that something better is left, and what to measure next."""
        began = time.process_time()
        outlook = look_ahead(self.table.space, self.measured, self.limits, seed=self.seed)
        self.looks_s.append(time.process_time() - began)
        return outlook.chance_better_left, outlook.next_up

    def measure(self, rows: tuple[int, ...]) -> None:
        """Measure some rows."""
        self.order += rows
        self.measured.loc[list(rows), "latency_p50_s"] = self.screened[list(rows)]


def _regret(table: Table, seeds: int, run: Callable) -> dict[str, bool]:
    """Search a table's frontier, once a seed."""
    frontier = find_frontier(table.seconds, table.space["top1"].to_numpy()).non_dominated.sum()
    print(f"{table.name}: {len(table.seconds):,} rows, {frontier} of them on the frontier", flush=True)
    figures = []
    for seed, (found, looks_s) in enumerate(run(search_frontier, repeat(table), range(seeds))):
        figures.append(found)
        told = "; ".join(
            f"{share:.0%} measured: {part:.1%} of the frontier, regret {mean:.3f} (worst {worst:.2f})"
            for share, (part, mean, worst) in zip(SHARES, found, strict=True)
        )
        print(f"  seed {seed}: {told}; a look takes {np.mean(looks_s):.2f} s ({max(looks_s):.2f} at most)", flush=True)
    means = np.mean(figures, axis=0)
    checks = {}
    for share, (part, regret, _) in zip(SHARES, means, strict=True):
        target = TARGET_FOUND[share]
        checks[f"{table.name}, {share:.0%}: {part:.1%} of the frontier (target: {target:.0%})"] = part >= target
        text = f"{table.name}, {share:.0%}: {regret:.3f} points of regret (target: at most {TARGET_REGRET:g})"
        checks[text] = regret <= TARGET_REGRET
    return checks


def search_frontier(table: Table, seed: int) -> tuple[list[tuple[float, float, float]], list[float]]:
    """Return for each of `SHARES` the share of the frontier found, mean and largest regret, and seconds a look."""
    replay = Replay(table, Limits(), seed)
    top1 = table.space["top1"].to_numpy()
    counts = [round(share * len(top1)) for share in SHARES]
    while len(replay.order) < counts[-1]:
        _, rows = replay.look()
        if not rows:
            break
        replay.measure(rows)
    frontier = np.flatnonzero(find_frontier(table.seconds, top1).non_dominated)
    figures = []
    for count in counts:
        rows = replay.order[:count]
        regret = [
            _best(top1, table.seconds <= budget) - _best(top1[rows], table.seconds[rows] <= budget)
            for budget in np.percentile(table.seconds, np.arange(2, 99))
        ]
        figures.append((float(np.isin(frontier, rows).mean()), float(np.mean(regret)), max(regret)))
    return figures, replay.looks_s


def _best(top1: np.ndarray, inside: np.ndarray) -> float:
    return float(top1[inside].max(initial=0.0))


def _stopping(tables: list[Table], count: int, run: Callable) -> dict[str, bool]:
    """Search each table under random limits until the search claims that nothing better is left."""
    ends = []
    for table in tables:
        of_table = list(run(search_answer, repeat(table), random_limits(table, count), range(count)))
        ends += of_table
        measured = [end[1] for end in of_table if end[0] is not None]
        print(
            f"{table.name}: {len(measured)} of {count} searches claim that nothing better is left, after "
            f"{np.median(measured):.0f} rows in the middle and {max(measured)} at most; "
            f"wrongly {sum(end[0] is True for end in of_table)} times",
            flush=True,
        )
    claims = [is_wrong for is_wrong, _ in ends if is_wrong is not None]
    share = float(np.mean(claims)) if claims else 1.0
    text = f"of {len(claims)} claims that nothing better is left {share:.1%} are wrong (target: {TARGET_WRONG:.0%})"
    return {text: share <= TARGET_WRONG}


def random_limits(table: Table, count: int) -> list[Limits]:
    """Return limits as people may set them: a latency, and to every other one a number of parameters too."""
    rng = np.random.default_rng(len(table.seconds))
    latencies = np.percentile(table.seconds, rng.uniform(1, 99, count))
    params = np.percentile(table.space["param_count"], rng.uniform(10, 90, count))
    return [
        Limits(max_latency_s=float(latency), max_param_count=float(most) if i % 2 else None)
        for i, (latency, most) in enumerate(zip(latencies, params, strict=True))
    ]


def search_answer(table: Table, limits: Limits, seed: int) -> tuple[bool | None, int]:
    """Return whether the claim of the end was wrong (`None`: there was none), and how many rows were measured."""
    replay = Replay(table, limits, seed)
    most = round(MOST_MEASURED * len(table.seconds))
    while True:
        chance, rows = replay.look()
        if chance < CLAIM:
            break
        if not rows or len(replay.order) >= most:
            return None, len(replay.order)
        replay.measure(rows)
    top1 = table.space["top1"].to_numpy()
    inside = table.seconds <= limits.max_latency_s
    if limits.max_param_count is not None:
        inside &= table.space["param_count"].to_numpy() <= limits.max_param_count
    is_measured = np.isin(np.arange(len(top1)), replay.order)
    answer = _best(top1, inside & is_measured)
    return _best(top1, inside & ~is_measured) >= answer + MARGIN_POINTS, len(replay.order)


if __name__ == "__main__":
    sys.exit(main())
