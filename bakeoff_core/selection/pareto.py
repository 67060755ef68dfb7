"""The frontier of two columns, and who dominates whom.

Not covered: reading candidates, matching accuracies to profiles, and the pick (see `selection.decision`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.schema.candidate import candidate_label
from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.decision import COST_COLUMNS
from bakeoff_core.selection.columns import floats_of, names_of, require_columns, sizes_of
from bakeoff_core.selection.remeasuring import dominated_shares, remeasure

_SAMPLE_POINTS = 4096
"""Points whose staircase screens the rest: of a million random ones it leaves a few thousand to sort."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """Who is on the frontier and who dominates the rest; every array has one entry a point, in order given.

    A point has no place (`~placed`), or it is on the frontier (`non_dominated`), or it is `dominated`.
    """

    placed: np.ndarray
    """bool[n]: both coordinates are known, so the point takes part."""
    non_dominated: np.ndarray
    """bool[n]: nothing is at least as good on both axes and better on one. All copies of such a point are."""
    dominator: np.ndarray
    """intp[n]: where `dominated`, a non-dominated point that dominates this one: the most accurate that
    costs no more, of exact copies the first. Elsewhere the point's own index: read it under the mask."""

    @property
    def dominated(self) -> np.ndarray:
        """bool[n]: some other point is at least as good on both axes and better on one."""
        return self.placed & ~self.non_dominated


def find_frontier(cost: np.ndarray, accuracy: np.ndarray) -> Frontier:
    """Find the non-dominated points, and for every other point one that dominates it.

    One sort and one running maximum (Kung, Luccio & Preparata 1975, doi:10.1145/321906.321910, two
    dimensions), preceded by a screen: whatever lies beyond the staircase of a small sample is dominated and
    need not be sorted. The screen saves time only, and where all points are on the frontier it costs some.

    Args:
        cost: float[n], minimised. NaN: the point has no place. Infinities are numbers like any other.
        accuracy: float[n], maximised; the same rules.

    Returns:
        The frontier, in the order of the points given.

    Raises:
        ValueError: The two are not one-dimensional and equally long.
    """
    cost, accuracy = np.asarray(cost, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    if cost.ndim != 1 or cost.shape != accuracy.shape:
        raise ValueError(
            "`cost` and `accuracy` must be one-dimensional and equally long. "
            f"Got shapes {cost.shape} and {accuracy.shape}."
        )
    placed = ~(np.isnan(cost) | np.isnan(accuracy))
    non_dominated = np.zeros(cost.size, dtype=bool)
    dominator = np.arange(cost.size)
    if placed.any():
        points = _undominated_by_sample(cost, accuracy, placed)
        points = points[_order_by_cost(cost[points], accuracy[points])]
        step = _staircase(accuracy[points])
        # The step that each point in the sort stands on: only an exact copy of it is as good as it.
        corner = points[np.maximum.accumulate(np.where(step, np.arange(points.size), 0))]
        level = (cost[points] == cost[corner]) & (accuracy[points] == accuracy[corner])
        non_dominated[points[level]] = True
        stairs = points[step]
        beaten = np.flatnonzero(placed & ~non_dominated)
        dominator[beaten] = stairs[np.searchsorted(cost[stairs], cost[beaten], side="right") - 1]
    for array in (placed, non_dominated, dominator):
        array.flags.writeable = False
    return Frontier(placed, non_dominated, dominator)


def _undominated_by_sample(cost: np.ndarray, accuracy: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Return the indices of the placed points that no point of a small, evenly spaced sample rules out."""
    points = np.arange(cost.size) if placed.all() else np.flatnonzero(placed)
    if points.size <= 2 * _SAMPLE_POINTS:
        return points
    sample = points[:: points.size // _SAMPLE_POINTS]
    sample = sample[_order_by_cost(cost[sample], accuracy[sample])]
    stairs = sample[_staircase(accuracy[sample])]
    # Entry i is the best accuracy in the sample at the cost of i steps; none at no steps. NaN compares false.
    reached = np.concatenate(([np.nan], accuracy[stairs]))
    return points[~(reached[np.searchsorted(cost[stairs], cost[points], side="right")] > accuracy[points])]


def _order_by_cost(cost: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Return the order of ascending cost, within one cost of descending accuracy, then as given."""
    order = np.argsort(cost)
    ascending = cost[order]
    if (ascending[1:] == ascending[:-1]).any():
        order = np.lexsort((-accuracy, cost))  # several times slower, so only where equal costs ask for it
    return order


def _staircase(accuracy: np.ndarray) -> np.ndarray:
    """Mark, of points ordered by cost, those that are more accurate than everything before them."""
    step = np.ones(accuracy.size, dtype=bool)
    step[1:] = accuracy[1:] > np.maximum.accumulate(accuracy)[:-1]
    return step


def annotate(candidates: pd.DataFrame, cost: str = "latency", accuracy: str = "top1") -> pd.DataFrame:
    """Add `FRONTIER_COLUMNS` to a copy of the candidates.

    A row with an `error`, or without a number on either axis, has no place: both columns are null there.

    Args:
        candidates: One row a candidate, with `model_name`, `img_size`, `error` and the two axes.
        cost: Key of `COST_COLUMNS`, the axis to minimise.
        accuracy: Column to maximise.

    Returns:
        The copy, in the same order and under the same index, with `non_dominated` (nullable boolean), `dominated_by`
        (the label of the most accurate candidate that costs no more, else `None`) and `dominated_share` (percent of
        the draws of other measurements in which something dominates it; NaN where it has no place).

    Raises:
        ValueError: `cost` is no key of `COST_COLUMNS`, or a column is missing.
    """
    require_choice("cost", cost, tuple(COST_COLUMNS))
    require_columns(candidates, ("model_name", "img_size", "error", COST_COLUMNS[cost], accuracy))
    measured = candidates["error"].isna().to_numpy()
    accuracies = np.where(measured, floats_of(candidates[accuracy]), np.nan)
    costs = np.where(measured, floats_of(candidates[COST_COLUMNS[cost]]), np.nan)
    frontier = find_frontier(costs, accuracies)
    # Of what no clock measures there is one number, whatever is measured again.
    drawn = remeasure(candidates) if cost == "latency" else costs[None, :]
    labels = np.full(len(candidates), None, dtype=object)
    dominated = frontier.dominated
    names, sizes = names_of(candidates), sizes_of(candidates)
    labels[dominated] = [candidate_label(names[i], sizes[i]) for i in frontier.dominator[dominated].tolist()]
    annotated = candidates.copy()
    annotated["non_dominated"] = pd.arrays.BooleanArray(frontier.non_dominated.copy(), ~frontier.placed)
    annotated["dominated_by"] = pd.Series(labels, index=candidates.index, dtype=object)
    annotated["dominated_share"] = dominated_shares(np.where(measured, drawn, np.nan), accuracies)
    return annotated
