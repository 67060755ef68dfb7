"""What other measurements of the same candidates might have found: drawn from the spread that they show.

Each draw is another measurement of the whole setting: every latency moves by what its own processes differ, and all of
them move together by what the machine drifts. The accuracies and every other number stay: they are no timings.

Not covered: where a row's interval and the drift come from (`profiling.intervals`), and what would be picked
(`selection.stability`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bakeoff_core.formatting import is_unknown
from bakeoff_core.profiling.intervals import MOST_FREEDOM, PRIOR_DRIFT
from bakeoff_core.schema.candidate import Row
from bakeoff_core.selection.columns import floats_of, known_floats

DRAWS = 400
"""Shares are then known within five points, and a step of a slider pays a few milliseconds for them."""
SURE = 95.0
"""Percent of the draws from which on something is said to be so."""
T_975 = 2.18
"""Half an interval over its standard deviation: Student's t with `MOST_FREEDOM` degrees of freedom."""
INTERLEAVED_ROUNDS = 2
"""Rounds that a job makes of all models in turn. Those beyond come one after another where a model is contested: what
the machine did just then is part of that row alone."""


def remeasure(candidates: pd.DataFrame, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Return the latencies that other measurements might have found, seconds, float64 of shape (draws, candidates).

    A measurement misses the truth by its spread, and the next one misses it by as much again: the difference of two has
    twice the variance. Downwards and upwards each row has its own spread, since disturbed ones reach further down.

    Args:
        candidates: Of one setting, with `latency_p50_s`; an unknown latency stays unknown (NaN). Without an interval
            (`latency_p50_low_s`, `latency_p50_high_s`) a row moves with the machine alone; `latency_drift_sd` says how
            far that moves, and `round_count` whether part of it is the row's own.
        draws: How many.
        seed: Fixes them: a pick must not change because a page was drawn again.
    """
    point = floats_of(candidates["latency_p50_s"])
    low, high = (known_floats(candidates, f"latency_p50_{end}_s") for end in ("low", "high"))
    with np.errstate(invalid="ignore", divide="ignore"):
        down = np.nan_to_num(np.log(point / np.fmin(point, low)), posinf=0.0) / T_975
        up = np.nan_to_num(np.log(np.fmax(point, high) / point), posinf=0.0) / T_975
    drift = known_floats(candidates, "latency_drift_sd")
    drift = np.where(np.isnan(drift), PRIOR_DRIFT.sd, drift)
    apart = np.where(known_floats(candidates, "round_count") > INTERLEAVED_ROUNDS, drift / np.sqrt(2), 0.0)
    generator = np.random.default_rng(seed)
    together, own = generator.standard_normal((draws, 1)), generator.standard_normal((draws, len(point)))
    # How well the common spread itself is known.
    own *= np.sqrt(MOST_FREEDOM / generator.chisquare(MOST_FREEDOM, (draws, 1)))
    spread = np.where(own < 0, down, up)
    alone = np.sqrt(spread**2 + apart**2)
    return point * np.exp(np.sqrt(2) * (alone * own + drift * together))


def is_surely_dominated(row: Row) -> bool:
    """Tell whether a dominated candidate is so in as many draws as make it sure; one that nobody drew for is."""
    share = row.get("dominated_share")
    return is_unknown(share) or share >= SURE


def dominated_shares(costs: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Return in what percent of the draws something dominates each point, float64 of shape (points,).

    Args:
        costs: Of shape (draws, points); a column of NaN has no place, and its share is NaN.
        accuracy: Of shape (points,); likewise.
    """
    placed = ~(np.isnan(accuracy) | np.isnan(costs[0]))
    found = np.full(len(accuracy), np.nan)
    if not placed.any():
        return found
    costs, accuracy = costs[:, placed], accuracy[placed]
    # Equal costs by falling accuracy: whoever comes later is dominated by whoever is as accurate and cheaper.
    by_accuracy = np.argsort(-accuracy, kind="stable")
    costs, accuracy = costs[:, by_accuracy], accuracy[by_accuracy]
    order = np.argsort(costs, axis=1, kind="stable")
    sorted_accuracy = accuracy[order]
    best = np.maximum.accumulate(sorted_accuracy, axis=1)
    before = np.concatenate([np.full((len(costs), 1), -np.inf), best[:, :-1]], axis=1)
    level = (before == sorted_accuracy) & ~_same_as_first(
        np.take_along_axis(costs, order, axis=1), sorted_accuracy, best
    )
    dominated = np.zeros(costs.shape, dtype=bool)
    np.put_along_axis(dominated, order, (before > sorted_accuracy) | level, axis=1)
    shares = np.empty(len(accuracy))
    shares[by_accuracy] = 100 * dominated.mean(axis=0)
    found[placed] = shares
    return found


def _same_as_first(costs: np.ndarray, accuracy: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Mark points that are exact copies, on both axes, of the first that reached their accuracy, in sorted rows."""
    steps = np.concatenate([np.ones((len(costs), 1), bool), best[:, 1:] > best[:, :-1]], axis=1)
    first = np.maximum.accumulate(np.where(steps, np.arange(costs.shape[1]), 0), axis=1)
    return (costs == np.take_along_axis(costs, first, axis=1)) & (
        accuracy == np.take_along_axis(accuracy, first, axis=1)
    )
