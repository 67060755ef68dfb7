"""The pick under hard limits, with its ties, near misses and the reasons against everyone else.

Repeated measurements of one machine should lead to the same pick, or to one that was announced as a rival:
`decide` therefore lets the best value win literally, and says in a `Tie` who else it might have been.

Not covered: the frontier (see `selection.pareto`), and every sentence made from the values returned here (see
`reporting.text.decision`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from bakeoff_core.schema.candidate import CandidateRef, deployments_of
from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.decision import (
    COST_COLUMNS,
    LIMIT_COLUMNS,
    RULES,
    Choice,
    Decision,
    Limits,
    Rejection,
    Relaxation,
    Tie,
)
from bakeoff_core.selection.columns import floats_of, names_of, require_columns, sizes_of
from bakeoff_core.selection.frozen import once

NUMBER_COLUMNS = (
    "top1",
    "top1_low",
    "top1_high",
    "latency_p50_s",
    "latency_p50_low_s",
    "latency_p50_high_s",
    "macs",
    "param_count",
    "peak_memory_bytes",
)
"""Columns of numbers that `decide` reads; each may be of any dtype, and wholly null."""


@dataclass(frozen=True, eq=False)
class _Table:
    """The candidates as plain lists and float arrays, unknown numbers NaN; one entry a row of the frame."""

    refs: list[CandidateRef]
    errors: list[str | None]
    numbers: dict[str, np.ndarray]
    """`NUMBER_COLUMNS`, and `model_name` (as its place in the alphabet) and `img_size` for the last word."""
    rejections: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Rejection] = field(default_factory=dict)
    """Those made so far: by row, failed limits and unknown columns."""


@dataclass(frozen=True, eq=False)
class _View:
    """The candidates as one rule sees them; smaller is better in `rank`, `value`, `low` and `high`."""

    eligible: np.ndarray
    """bool[n]: measured, and all that the rule compares is known. The limits are not asked here."""
    columns: tuple[str, ...]
    """What decides, in this order; where all are equal, the rows are equal."""
    rank: np.ndarray
    """intp[n]: place in the rule's order, 0 the best."""
    measure: str
    """What a `Tie` of this rule is a tie of: `accuracy` or a key of `COST_COLUMNS`."""
    value: np.ndarray
    """float[n]: the number the rule is about."""
    low: np.ndarray
    """float[n]: lower end of its interval; the number itself where there is none."""
    high: np.ndarray
    """float[n]: upper end of its interval; the number itself where there is none."""


def decide(candidates: pd.DataFrame, limits: Limits, rule: str = RULES[0], cost: str = "latency") -> Decision:
    """Find both answers under the limits, and how near to another answer they are.

    The literal best value wins; what noise could have changed is declared as a `Tie`. A tie lists, best first
    under the rule, everyone that one of these makes a rival:

    - cheapest by latency, and most accurate: a feasible candidate whose interval of that value overlaps the
      winner's; cheapest by anything else: a feasible candidate of exactly equal cost;
    - a latency limit that lies inside a candidate's own interval (`low <= limit < high`), since the next
      measurement may put it on the other side: a candidate kept out only so, if inside it might win; and, if
      the winner is only just inside, all who might follow it, down to the first that is inside for certain
      and its equals.

    The second kind takes precedence in `measure` (`limit`) and `broken_on` (`latency_p50_s`). Its `rivals`
    are empty when nobody would be left without the winner.

    Args:
        candidates: One row a candidate of one setting, no two with the same `model_name` and `img_size`; with
            `error` and `NUMBER_COLUMNS`, of any dtype; null means unknown. The order of rows changes nothing
            but the order of `rejections`.
        limits: What every answer must clear. An unknown number does not clear a limit that is set.
        rule: One of `RULES`; which answer is the pick.
        cost: Key of `COST_COLUMNS`; what "cheapest" means.

    Returns:
        The decision. `blame` is the smallest set of limits that excludes everyone (all of them, where several
        sets are equally small). Relaxations of different limits are compared by their relative change,
        `|needed - given| / given`, equal ones by the rule's order.

    Raises:
        ValueError: `rule` or `cost` is unknown, or a column is missing.
    """
    require_choice("rule", rule, RULES)
    require_choice("cost", cost, tuple(COST_COLUMNS))
    table = once(_read, candidates)
    given = {name: float(value) for name in LIMIT_COLUMNS if (value := getattr(limits, name)) is not None}
    clears = {name: _clears(table.numbers[LIMIT_COLUMNS[name]], name, value) for name, value in given.items()}
    views = {name: once(_view_of, candidates, name, cost) for name in RULES}
    feasible = {name: _feasible(view, clears) for name, view in views.items()}
    choices = {name: _choose(table, views[name], feasible[name], clears, given) for name in RULES}
    winners = feasible[rule][:1]
    near = _relaxations(table, views[rule], winners, clears, given)
    return Decision(
        limits=limits,
        rule=rule,
        cost=cost,
        cheapest=choices["cheapest"],
        most_accurate=choices["most-accurate"],
        rejections=_rejections(table, COST_COLUMNS[cost] if rule == "cheapest" else None, clears),
        blame=() if winners.size else _blame(views[rule].eligible, clears),
        relaxation=near[0] if near and not winners.size else None,
        alternatives=tuple(sorted(near, key=lambda r: list(given).index(r.limit))) if winners.size else (),
    )


def _view_of(candidates: pd.DataFrame, rule: str, cost: str) -> _View:
    return _view(once(_read, candidates), rule, cost)


def _view(table: _Table, rule: str, cost: str) -> _View:
    """Turn a rule into an order of all candidates, whatever the limits."""
    eligible = np.array([error is None for error in table.errors], dtype=bool)
    eligible &= ~np.isnan(table.numbers["top1"])
    if rule == "cheapest":
        measure, column = cost, COST_COLUMNS[cost]
        eligible &= ~np.isnan(table.numbers[column])
        columns = tuple(dict.fromkeys((column, "top1", "latency_p50_s", "macs", "model_name", "img_size")))
    else:
        measure, column = "accuracy", "top1"
        columns = ("top1", "latency_p50_s", "macs", "model_name", "img_size")
    keys = [-table.numbers[name] if name == "top1" else table.numbers[name] for name in columns]
    rank = np.empty(eligible.size, dtype=np.intp)
    rank[np.lexsort(keys[::-1])] = np.arange(eligible.size)  # NaN sorts last
    value = low = high = keys[0]
    if measure == "accuracy":
        low, high = np.fmin(value, -table.numbers["top1_high"]), np.fmax(value, -table.numbers["top1_low"])
    elif measure == "latency":
        low, high = _latency_interval(table)
    return _View(eligible, columns, rank, measure, value, low, high)


def _feasible(view: _View, clears: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the rows that clear every limit, best first."""
    rows = np.flatnonzero(np.logical_and.reduce([view.eligible, *clears.values()]))
    return rows[np.argsort(view.rank[rows])]


def _choose(
    table: _Table,
    view: _View,
    feasible: np.ndarray,
    clears: Mapping[str, np.ndarray],
    given: Mapping[str, float],
) -> Choice | None:
    """Name the best of the feasible rows, and what a reviewer asks about it."""
    if not feasible.size:
        return None
    winner = feasible[0]
    runner_up = table.refs[feasible[1]] if feasible.size > 1 else None
    return Choice(table.refs[winner], runner_up, _tie(table, view, feasible, clears, given))


def _tie(
    table: _Table,
    view: _View,
    feasible: np.ndarray,
    clears: Mapping[str, np.ndarray],
    given: Mapping[str, float],
) -> Tie | None:
    """Collect everyone that noise alone keeps from being the answer; see `decide` for the rules."""
    winner = feasible[0]
    inside = np.zeros(view.rank.size, dtype=bool)
    inside[feasible] = True
    unsure = outside = np.zeros_like(inside)
    if "max_latency_s" in given:
        low, high = _latency_interval(table)
        unsure = (low <= given["max_latency_s"]) & (high > given["max_latency_s"])
        others = [mask for name, mask in clears.items() if name != "max_latency_s"]
        outside = np.logical_and.reduce([view.eligible & unsure & ~inside, *others])
    # Inside, it would win by its plain value; where that is the latency itself, it could by its interval.
    could_win = outside & ((view.value <= view.value[winner]) | (view.measure == "latency"))
    rivals = (inside | could_win) & (view.low <= view.high[winner])
    if unsure[winner]:
        followers = (inside | outside) & (view.rank > view.rank[winner])
        first_sure = view.value[followers & ~unsure].min(initial=np.inf)
        rivals |= followers & (view.value <= first_sure)
    rivals[winner] = False
    ranked = np.flatnonzero(rivals)
    ranked = ranked[np.argsort(view.rank[ranked])]
    refs = tuple(table.refs[row] for row in ranked)
    if unsure[winner] or (rivals & outside).any():
        return Tie(refs, "limit", "latency_p50_s")
    if not refs:
        return None
    return Tie(refs, view.measure, _deciding_column(table, view.columns, winner, ranked[0]))


def _deciding_column(table: _Table, columns: tuple[str, ...], winner: int, rival: int) -> str:
    """Return the first column on which the two differ."""
    for name in columns:
        ours, theirs = table.numbers[name][winner], table.numbers[name][rival]
        if ours != theirs and not (np.isnan(ours) and np.isnan(theirs)):
            return name
    return "model_name"


def _relaxations(
    table: _Table,
    view: _View,
    winners: np.ndarray,
    clears: Mapping[str, np.ndarray],
    given: Mapping[str, float],
) -> list[Relaxation]:
    """Find for each limit its smallest relaxation, the others kept, that would lead to a new pick.

    Returns:
        At most one a limit: the smallest relative change first, equal ones by the rule's order of candidates.
    """
    better = view.eligible & (view.rank < view.rank[winners[0]]) if winners.size else view.eligible
    found = []
    for name, limit in given.items():
        values = table.numbers[LIMIT_COLUMNS[name]]
        others = [mask for other, mask in clears.items() if other != name]
        # Below 0 or infinite, a limit could not be set to it; NaN is no number to relax to either.
        settable = np.isfinite(values) & (values >= 0)
        rows = np.flatnonzero(np.logical_and.reduce([better & settable & ~clears[name], *others]))
        if not rows.size:
            continue
        needed = values[rows].max() if name == "min_top1" else values[rows].min()
        rows = rows[values[rows] == needed]
        best = rows[np.argmin(view.rank[rows])]
        relaxation = Relaxation(name, limit, float(needed), table.refs[best])
        found.append((abs(needed - limit) / limit, view.rank[best], relaxation))
    return [relaxation for *_, relaxation in sorted(found, key=lambda entry: entry[:2])]


def _blame(eligible: np.ndarray, clears: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Name the fewest limits that exclude every eligible row; all such sets of that size, in order."""
    if not eligible.any():
        return ()
    for size in range(1, len(clears) + 1):
        blamed = {
            name
            for names in combinations(clears, size)
            if not np.logical_and.reduce([eligible, *(clears[name] for name in names)]).any()
            for name in names
        }
        if blamed:
            return tuple(name for name in clears if name in blamed)
    return ()


def _rejections(table: _Table, cost_column: str | None, clears: Mapping[str, np.ndarray]) -> tuple[Rejection, ...]:
    """List every row that cannot be the pick, in order, with all that speaks against it.

    Args:
        table: The candidates.
        cost_column: What the rule must know besides top-1; `None` where it needs nothing more.
        clears: For each limit that is set, who clears it.
    """
    needed = dict.fromkeys(("top1", *(LIMIT_COLUMNS[name] for name in clears)))
    if cost_column is not None:
        needed[cost_column] = None
    unknown = {name: np.isnan(table.numbers[name]) for name in needed}
    failed_sets = _sets_by_row({name: ~mask for name, mask in clears.items()}, len(table.refs))
    unknown_sets = _sets_by_row(unknown, len(table.refs))
    return tuple(
        _rejection(table, at, failed, missing)
        for at, (failed, missing, error) in enumerate(zip(failed_sets, unknown_sets, table.errors, strict=True))
        if failed or missing or error is not None
    )


def _rejection(table: _Table, at: int, failed: tuple[str, ...], missing: tuple[str, ...]) -> Rejection:
    """Return the rejection of one row, the same object for the same reasons: a step of a slider changes few."""
    key = (at, failed, missing)
    known = table.rejections.get(key)
    if known is None:
        known = table.rejections[key] = Rejection(table.refs[at], failed, missing, table.errors[at])
    return known


def _sets_by_row(masks: Mapping[str, np.ndarray], size: int) -> list[tuple[str, ...]]:
    """Return for each row the names whose mask is set, sharing one tuple among all rows with the same set."""
    code = np.zeros(size, dtype=np.intp)
    for bit, mask in enumerate(masks.values()):
        code |= mask.astype(np.intp) << bit
    names = list(masks)
    numbers = range(1 << len(names))
    sets = [tuple(name for bit, name in enumerate(names) if number >> bit & 1) for number in numbers]
    return [sets[number] for number in code.tolist()]


def _clears(values: np.ndarray, name: str, limit: float) -> np.ndarray:
    """Tell who clears a limit: equal is enough, unknown (NaN) is not."""
    return values >= limit if name == "min_top1" else values <= limit


def _latency_interval(table: _Table) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of each latency's interval; an unknown end is the latency itself, NaN if unknown."""
    point = table.numbers["latency_p50_s"]
    low, high = table.numbers["latency_p50_low_s"], table.numbers["latency_p50_high_s"]
    unknown = np.isnan(point)
    return np.where(unknown, np.nan, np.fmin(point, low)), np.where(unknown, np.nan, np.fmax(point, high))


def _read(candidates: pd.DataFrame) -> _Table:
    """Take from a frame, whatever its dtypes, what a decision needs."""
    require_columns(candidates, ("model_name", "img_size", "error", *NUMBER_COLUMNS))
    names, sizes = names_of(candidates), sizes_of(candidates)
    numbers = {name: floats_of(candidates[name]) for name in NUMBER_COLUMNS}
    place = {name: float(i) for i, name in enumerate(sorted(set(names)))}
    numbers["model_name"] = np.array([place[name] for name in names])
    numbers["img_size"] = np.array(sizes, dtype=np.float64)
    errors = np.where(candidates["error"].isna(), None, candidates["error"].astype(str)).tolist()
    return _Table(list(map(CandidateRef, names, sizes, deployments_of(candidates))), errors, numbers)
