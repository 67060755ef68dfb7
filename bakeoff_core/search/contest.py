"""Who wins in each of many draws of the costs: what a search measures next, and whether it may stop.

The share of draws in which a row is the best of all is the chance to choose it by (Thompson 1933,
doi:10.1093/biomet/25.3-4.285, taken over all draws at once); the share in which any row that is not measured beats
the answer is the chance that something better is left. Not covered: drawing (`search.surrogate`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN_POINTS = 0.1
"""Points of accuracy from which on a model is better. ImageNet's 50,000 images leave each accuracy uncertain by 0.35
points, so less is not worth a measurement."""
MARGIN_COST = 0.05
"""Share of the cost by which a cheaper model is better; by less two processes of one and the same model differ."""
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Contest:
    """How often each contender wins; arrays have one entry a contender."""

    rows: np.ndarray
    """int[m]: their places in the space; none is measured."""
    wins: np.ndarray
    """float[m]: share of draws in which it is the answer, or on the frontier, of all rows."""
    better: np.ndarray
    """float[m]: share of draws in which it beats what is measured by the margin."""
    chance_better_left: float
    """Share of draws in which any of them does."""


def contest_pick(
    contenders: np.ndarray, costs: np.ndarray, top1: np.ndarray, feasible: np.ndarray, rule: str
) -> Contest:
    """Let all rows compete for the answer under limits.

    Args:
        contenders: int[m], the places in the space of the last m rows of the other arguments; rows before them are
            measured.
        costs: float[k, draws], logs.
        top1: float[k], percent.
        feasible: bool[k, draws]: clears the limits.
        rule: One of `schema.decision.RULES`.
    """
    if rule == "cheapest":
        worth = np.where(feasible, -costs, -np.inf)
        margin = -np.log1p(-MARGIN_COST)
    else:
        worth = np.where(feasible, top1[:, None], -np.inf)
        margin = MARGIN_POINTS
    answers = len(worth) - len(contenders)
    answer = worth[:answers].max(axis=0, initial=-np.inf)
    rivals = worth[answers:]
    better = (rivals >= answer + margin - _ROUNDING) & (rivals > -np.inf)
    best = rivals.argmax(axis=0)
    won = better[best, np.arange(len(best))]
    wins = np.bincount(best[won], minlength=len(contenders)) / len(best)
    return Contest(contenders, wins, better.mean(axis=1), float(better.any(axis=0).mean()))


def contest_frontier(contenders: np.ndarray, costs: np.ndarray, top1: np.ndarray, feasible: np.ndarray) -> Contest:
    """Let all rows compete for places on the frontier of cost and accuracy; arguments as for `contest_pick`."""
    answers = len(top1) - len(contenders)
    # By falling accuracy first: of equal costs the most accurate then comes first, as on the frontier.
    by_top1 = np.argsort(-top1, kind="stable")
    costs = np.where(feasible, costs, np.inf)[by_top1]
    order = np.argsort(costs, axis=0, kind="stable")
    rows = by_top1[order]
    reached = top1[rows]
    is_open = rows >= answers
    before = np.full(reached.shape, -np.inf)
    before[1:] = np.maximum.accumulate(reached, axis=0)[:-1]
    measured = np.maximum.accumulate(np.where(is_open, -np.inf, reached), axis=0)
    placed = np.take_along_axis(costs, order, axis=0) < np.inf
    wins, better = np.zeros(reached.shape, dtype=bool), np.zeros(reached.shape, dtype=bool)
    np.put_along_axis(wins, rows, placed & is_open & (reached > before), axis=0)
    np.put_along_axis(better, rows, placed & is_open & (reached >= measured + MARGIN_POINTS - _ROUNDING), axis=0)
    return Contest(
        contenders,
        wins[answers:].mean(axis=1),
        better[answers:].mean(axis=1),
        float(better.any(axis=0).mean()),
    )
