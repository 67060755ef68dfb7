"""What a search knows of the rows that it has not measured: predictions, what may be left, and what to measure next.

All of it rests on draws: costs of all rows that may matter, drawn together from `search.surrogate`, measured ones
within their error. In each draw it is known who would be the answer, and so how often it would be a row that was not
measured. Predictions are for looking and for choosing what to measure, and never enter a pick, a report or a store.

Not covered: measuring (the caller's), the answer itself (`selection.decision`), and words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bakeoff_core.schema.checks import require_choice, require_count
from bakeoff_core.schema.decision import COST_COLUMNS, RULES, Limits, Relaxation
from bakeoff_core.search.contest import MARGIN_POINTS, Contest, contest_frontier, contest_pick
from bakeoff_core.search.features import Features, describe
from bakeoff_core.search.surrogate import MEMORY_SD, Posterior, learn
from bakeoff_core.selection.decision import NUMBER_COLUMNS, decide

MEASURED_COLUMNS = ("latency_p50_s", "latency_sd", "peak_memory_bytes", "failed")
"""What `look_ahead` reads of the measurements."""
DRAWS = 400
"""The share of draws that says 5 % is then within 2 points of what more would say (two standard errors)."""
OPENING = 16
"""Rows that are measured by how they spread before those that may win are: enough to know the machine by."""
SURE = 2.58
"""Standard deviations from which on something is sure: 1 in 200 lies beyond on that side."""
RANGE_90 = 1.6448536269514722
"""Half the width of a 90 % range of the normal distribution, in standard deviations."""
UNKNOWN_SD = 0.15
"""Of the log of a measured latency whose own is not known: processes differ by about as much."""
MEMORY_NOISE_SD = 0.03
"""Of the log of a measured peak memory."""
THREADS = 1
"""Of the matrix products, which take a tenth of a second: threads that wait for each other would cost more."""
_HOPE = 0.5
"""Chance to be inside the latency limit that a row of the opening has at least, where there are enough of them."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is known of every row; arrays have one entry a row of the space, in its order."""

    latency_s: np.ndarray
    """float[n]: seconds of a pass, as measured, else the median of the prediction; NaN where measuring failed."""
    low_s: np.ndarray
    """float[n]: lower end of its 90 % range."""
    high_s: np.ndarray
    """float[n]: upper end."""
    memory_bytes: np.ndarray
    """float[n]: peak memory, measured or predicted; NaN where nothing tells, or measuring failed."""
    chance_better_left: float
    """0 to 1: the chance that a row that is not measured would beat the answer by `search.contest.MARGIN_POINTS`."""
    next_up: tuple[int, ...]
    """Places of the rows to measure next, best first; empty where nothing is worth it."""


def nothing_measured(space: pd.DataFrame) -> pd.DataFrame:
    """Return the measurements of a search that has not begun, to be filled: `MEASURED_COLUMNS` under the space's
    index."""
    unknown = dict.fromkeys(MEASURED_COLUMNS[:-1], np.nan)
    return pd.DataFrame({**unknown, "failed": False}, index=space.index)


@dataclass(frozen=True, eq=False)
class _State:
    """The arguments as arrays, and what was learned from them."""

    top1: np.ndarray
    measured: np.ndarray
    """bool[n]: with a latency."""
    open: np.ndarray
    """bool[n]: neither measured nor failed, and inside the limits as far as they are known without measuring."""
    answers: np.ndarray
    """bool[n]: measured, and inside those limits."""
    latency: Posterior
    memory: Posterior
    features: Features


def look_ahead(
    space: pd.DataFrame,
    measured: pd.DataFrame,
    limits: Limits,
    *,
    rule: str = RULES[0],
    cost: str = "latency",
    batch: int = 8,
    seed: int = 0,
) -> Outlook:
    """Predict what is not measured, say whether something better may be left, and what to measure next.

    The answer is what `selection.decision.decide` would pick of what is measured. Where no limit bounds a cost (or,
    under the rule `cheapest`, none is set), the most accurate model would be the answer whatever it costs: then the
    frontier is searched, and something better is what lies above it.

    Args:
        space: n rows, as `search.space.search_space` returns them.
        measured: n rows under the same index, with `MEASURED_COLUMNS`: the median latency in seconds (NaN: not
            measured), the standard deviation of its log (NaN: `UNKNOWN_SD`), the peak memory in bytes (NaN: unknown),
            and whether measuring failed, so that the row is out.
        limits: What the answer must clear. Parameters that are not known may clear theirs until they are measured.
        rule: One of `RULES`.
        cost: Key of `COST_COLUMNS`: what "cheapest" means, and the cost axis of the frontier.
        batch: Rows to name at most.
        seed: Of the draws; the same arguments and seed give the same outlook.

    Raises:
        ValueError: `rule`, `cost` or `batch` cannot be used, or the two tables do not belong together.
    """
    require_choice("rule", rule, RULES)
    require_choice("cost", cost, tuple(COST_COLUMNS))
    require_count("batch", batch)
    if not space.index.equals(measured.index):
        raise ValueError("`measured` must have the index of `space`. It has another.")
    if not len(space):
        empty = np.zeros(0)
        return Outlook(empty, empty, empty, empty, 0.0, ())
    import scipy.linalg  # noqa: F401  before the limit, which holds for libraries that are loaded

    with threadpool_limits(THREADS):
        state = _learn(space, measured, limits)
        contest = _contest(space, state, limits, rule, cost, np.random.default_rng(seed))
    if state.measured.sum() < OPENING:
        next_up = _opening(state, limits, contest, batch)
    else:
        next_up = _likeliest(contest, batch)
    return _outlook(measured, state, contest.chance_better_left, next_up)


def nearest_relaxation(space: pd.DataFrame, outlook: Outlook, limits: Limits) -> Relaxation | None:
    """Return the smallest relaxation of one limit that would let something in, as far as predictions tell.

    What it needs is predicted unless the row was measured; whoever words it must say so.

    Args:
        space: As given to `look_ahead`.
        outlook: What that returned.
        limits: Those that nothing clears.

    Returns:
        `None` where something clears the limits by prediction, or no single relaxation lets anything in.
    """
    predicted = pd.DataFrame(index=space.index, columns=list(NUMBER_COLUMNS), dtype=float)
    predicted = predicted.assign(
        model_name=space["model_name"],
        img_size=space["img_size"],
        error=np.where(np.isnan(outlook.latency_s), "failed", None),
        top1=space["top1"],
        param_count=space["param_count"],
        latency_p50_s=outlook.latency_s,
        peak_memory_bytes=outlook.memory_bytes,
    )
    return decide(predicted, limits).relaxation


def _learn(space: pd.DataFrame, measured: pd.DataFrame, limits: Limits) -> _State:
    top1, params = _floats(space["top1"]), _floats(space["param_count"])
    latency, memory = _floats(measured["latency_p50_s"]), _floats(measured["peak_memory_bytes"])
    failed = measured["failed"].to_numpy(dtype=bool)
    is_measured = ~np.isnan(latency) & ~failed
    inside = ~np.isnan(top1)
    if limits.min_top1 is not None:
        inside &= top1 >= limits.min_top1
    within = inside.copy()
    if limits.max_param_count is not None:
        within &= params <= limits.max_param_count
        inside &= within | np.isnan(params)
    features = describe(space)
    sds = _floats(measured["latency_sd"])
    sds = np.where(np.isnan(sds), UNKNOWN_SD, sds)
    return _State(
        top1=top1,
        measured=is_measured,
        open=inside & ~is_measured & ~failed,
        answers=within & is_measured,
        latency=learn(features, features.prior_log_s, _logs(latency, is_measured), sds),
        memory=learn(
            features,
            features.prior_log_bytes,
            _logs(memory, is_measured),
            np.full(len(space), MEMORY_NOISE_SD),
            MEMORY_SD,
        ),
        features=features,
    )


def _logs(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.log(np.where(known & (values > 0), values, np.nan))


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _contest(
    space: pd.DataFrame, state: _State, limits: Limits, rule: str, cost: str, rng: np.random.Generator
) -> Contest:
    """Draw the costs of all rows that may matter, and see in each draw who wins."""
    contenders = np.flatnonzero(state.open & ~_surely_outside(state, limits))
    answers = np.flatnonzero(state.answers)
    ceilings = (limits.max_latency_s, limits.max_memory_bytes, limits.max_param_count)
    bounded = any(limit is not None for limit in ceilings)
    whole_frontier = not bounded and (rule == "most-accurate" or limits.min_top1 is None)
    if whole_frontier and cost == "latency":
        contenders = contenders[~_surely_beaten(state, contenders, answers)]
    elif not whole_frontier and rule == "most-accurate":
        contenders = contenders[state.top1[contenders] >= _sure_answer(state, limits, answers) + MARGIN_POINTS]
    if not contenders.size:
        return Contest(contenders, np.zeros(0), np.zeros(0), 0.0)
    rows = np.concatenate([answers, contenders])
    latency = state.latency.draw(rows, DRAWS, rng)
    feasible = np.ones(latency.shape, dtype=bool)
    memory = latency
    if limits.max_latency_s is not None:
        feasible &= latency <= np.log(limits.max_latency_s)
    if limits.max_memory_bytes is not None or cost == "memory":
        memory = state.memory.draw(rows, DRAWS, rng)
    if limits.max_memory_bytes is not None:
        feasible &= memory <= np.log(limits.max_memory_bytes)
    if cost in ("latency", "memory"):
        costs = memory if cost == "memory" else latency
    else:
        known = _floats(space[COST_COLUMNS[cost]])[rows]
        costs = np.broadcast_to(np.log(np.where(known > 0, known, np.nan))[:, None], latency.shape)
        feasible &= ~np.isnan(costs)
    if whole_frontier:
        return contest_frontier(contenders, costs, state.top1[rows], feasible)
    return contest_pick(contenders, costs, state.top1[rows], feasible, rule)


def _surely_outside(state: _State, limits: Limits) -> np.ndarray:
    """Mark the rows that are over a limit by all that is known, bool[n]."""
    outside = np.zeros(len(state.top1), dtype=bool)
    for limit, known in ((limits.max_latency_s, state.latency), (limits.max_memory_bytes, state.memory)):
        if limit is not None:
            outside |= known.mean - SURE * known.sd > np.log(limit)
    return outside


def _sure_answer(state: _State, limits: Limits, answers: np.ndarray) -> float:
    """Return the accuracy of the most accurate measured row that is inside the limits for sure; less than any, if none
    is."""
    sure = np.ones(len(answers), dtype=bool)
    for limit, known in ((limits.max_latency_s, state.latency), (limits.max_memory_bytes, state.memory)):
        if limit is not None:
            sure &= known.mean[answers] + SURE * known.sd[answers] <= np.log(limit)
    return float(state.top1[answers[sure]].max(initial=-np.inf))


def _surely_beaten(state: _State, contenders: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Mark the contenders below which some measured row lies for sure: as accurate, and quicker; bool[m]."""
    if not answers.size:
        return np.zeros(contenders.size, dtype=bool)
    high = state.latency.mean[answers] + SURE * state.latency.sd[answers]
    low = state.latency.mean[contenders] - SURE * state.latency.sd[contenders]
    order = np.argsort(high)
    reached = np.concatenate(([-np.inf], np.maximum.accumulate(state.top1[answers][order])))
    return reached[np.searchsorted(high[order], low, side="right")] >= state.top1[contenders]


def _likeliest(contest: Contest, batch: int) -> tuple[int, ...]:
    """Return the rows that win most often, then those that would at least be better."""
    order = np.lexsort((-contest.better, -contest.wins))[:batch]
    return tuple(int(contest.rows[i]) for i in order if contest.better[i] > 0 or contest.wins[i] > 0)


def _opening(state: _State, limits: Limits, contest: Contest, batch: int) -> tuple[int, ...]:
    """Return rows that spread over the costs inside the limits, each the likeliest to win near its place.

    A family that none was taken of yet goes first: what is peculiar to it is learned by measuring any of it.
    """
    if contest.chance_better_left == 0.0:
        return ()
    hope = np.ones(contest.rows.size)
    if limits.max_latency_s is not None:
        from scipy.special import ndtr

        latency = state.latency
        hope = ndtr((np.log(limits.max_latency_s) - latency.mean[contest.rows]) / latency.sd[contest.rows])
    wanted = np.flatnonzero(hope >= _HOPE)
    if wanted.size < batch:
        wanted = np.argsort(-hope, kind="stable")[:batch]
    wanted = wanted[np.argsort(state.latency.mean[contest.rows[wanted]], kind="stable")]
    taken, seen = [], set(state.features.family[state.measured].tolist())
    for group in np.array_split(wanted, min(batch, wanted.size) or 1):
        families = state.features.family[contest.rows[group]]
        is_seen = np.isin(families, list(seen))
        for i in np.lexsort((-contest.better[group], -contest.wins[group], is_seen))[:1]:
            taken.append(int(contest.rows[group[i]]))
            seen.add(int(families[i]))
    return tuple(taken)


def _outlook(measured: pd.DataFrame, state: _State, chance: float, next_up: tuple[int, ...]) -> Outlook:
    failed = measured["failed"].to_numpy(dtype=bool)
    own_s, own_sd = _floats(measured["latency_p50_s"]), _floats(measured["latency_sd"])
    own_sd = np.where(np.isnan(own_sd), UNKNOWN_SD, own_sd)
    centre = np.where(state.measured, own_s, np.exp(state.latency.mean))
    reach = np.exp(RANGE_90 * np.where(state.measured, own_sd, state.latency.sd))
    own_bytes = _floats(measured["peak_memory_bytes"])
    learned = (~np.isnan(own_bytes) & state.measured).any()
    told = ~np.isnan(state.features.prior_log_bytes)
    predicted = np.where(told | learned, np.exp(state.memory.mean), np.nan)
    memory = np.where(np.isnan(own_bytes), predicted, own_bytes)
    latency, low, high, memory = (
        np.where(failed, np.nan, values) for values in (centre, centre / reach, centre * reach, memory)
    )
    return Outlook(latency, low, high, memory, chance, next_up)
