"""What a search knows, what it asks for next, and when it may stop."""

import numpy as np
import pandas as pd
import pytest

from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.outlook import (
    MEASURED_COLUMNS,
    OPENING,
    Outlook,
    look_ahead,
    nearest_relaxation,
    nothing_measured,
)
from bakeoff_core.selection.pareto import find_frontier
from tests.support.search_spaces import made_up, measured, of_table
from tests.support.timm_results import I9, RTX_4090


def search(space: pd.DataFrame, seconds: np.ndarray, limits: Limits, **options) -> tuple[list[int], Outlook]:
    """Measure what is asked for until nothing is, or something better is left with a chance under 5 %."""
    rows: list[int] = []
    while True:
        outlook = look_ahead(space, measured(space, seconds, rows), limits, **options)
        if outlook.chance_better_left < 0.05 or not outlook.next_up:
            return rows, outlook
        assert not set(outlook.next_up) & set(rows)
        rows += outlook.next_up


def best(space: pd.DataFrame, inside: np.ndarray) -> float:
    return space["top1"].to_numpy()[inside].max()


# --- Before anything is measured ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limits", [Limits(), Limits(max_latency_s=0.2), Limits(max_latency_s=0.2, max_memory_bytes=2e8)]
)
def test_before_anything_is_measured_something_better_is_left_almost_surely(limits: Limits) -> None:
    space, _ = made_up()
    outlook = look_ahead(space, nothing_measured(space), limits)
    assert outlook.chance_better_left > 0.9
    assert len(outlook.next_up) == len(set(outlook.next_up)) == 8
    assert (outlook.low_s < outlook.latency_s / 10).all()
    assert (outlook.high_s > outlook.latency_s * 10).all()
    assert np.array_equal(outlook.latency_s.round(9), space["cpu_seconds"].round(9))


def test_the_first_rows_spread_over_costs_and_families() -> None:
    space, _ = made_up()
    first = look_ahead(space, nothing_measured(space), Limits()).next_up
    places = np.argsort(np.argsort(space["cpu_seconds"]))[list(first)]
    assert np.diff(sorted(places)).max() < 60 / 4
    assert space["family"].iloc[list(first)].nunique() == 6


def test_the_first_rows_are_predicted_inside_the_limits() -> None:
    space, _ = made_up()
    limits = Limits(max_latency_s=0.2, max_param_count=1e8)
    first = space.iloc[list(look_ahead(space, nothing_measured(space), limits).next_up)]
    assert (first["cpu_seconds"] <= 0.2).all()
    assert (first["param_count"] <= 1e8).all()


# --- What is asked for --------------------------------------------------------------------------------------


def test_what_is_over_a_limit_for_sure_is_never_asked_for() -> None:
    space, seconds = made_up()
    limits = Limits(max_latency_s=float(np.median(seconds)), min_top1=65.0)
    rows, _ = search(space, seconds, limits)
    later = rows[OPENING:]
    assert (seconds[rows] < 6 * limits.max_latency_s).all()
    assert (seconds[later] < 2 * limits.max_latency_s).all()
    assert (space["top1"].iloc[rows] >= 65).all()


def test_a_row_that_failed_is_out() -> None:
    space, seconds = made_up()
    table = measured(space, seconds, list(range(20, 40)))
    asked = look_ahead(space, table, Limits(max_latency_s=1.0)).next_up[0]
    table.loc[asked, "failed"] = True
    outlook = look_ahead(space, table, Limits(max_latency_s=1.0))
    assert asked not in outlook.next_up
    assert np.isnan([outlook.latency_s[asked], outlook.low_s[asked], outlook.memory_bytes[asked]]).all()


def test_memory_is_learned_and_bounds_what_is_asked_for() -> None:
    space, seconds = made_up()
    params = space["param_count"].to_numpy()
    table = measured(space, seconds, list(range(0, 60, 3)))
    table["peak_memory_bytes"] = np.where(table["latency_p50_s"].notna(), 1e7 + 12 * params, np.nan)
    limit = float(np.median(1e7 + 12 * params))
    outlook = look_ahead(space, table, Limits(max_memory_bytes=limit), batch=30)
    assert np.abs(np.log(outlook.memory_bytes / (1e7 + 12 * params))).max() < 0.5
    assert outlook.next_up
    assert (1e7 + 12 * params[list(outlook.next_up)]).max() < 1.2 * limit


def test_memory_of_which_nothing_tells_is_unknown() -> None:
    space, seconds = made_up()
    bare = space.assign(param_count=np.nan, activations=np.nan)
    table = measured(bare, seconds, [1, 2, 3])
    assert np.isnan(look_ahead(bare, table, Limits()).memory_bytes).all()
    table.loc[1, "peak_memory_bytes"] = 5e7
    assert np.isfinite(look_ahead(bare, table, Limits()).memory_bytes).all()


def test_parameters_that_are_unknown_may_clear_their_limit_until_the_row_is_measured() -> None:
    space, seconds = made_up(8)
    space = space.assign(param_count=np.nan)
    limits = Limits(max_param_count=1e9)
    asked, outlook = search(space, seconds, limits)
    assert sorted(asked) == list(range(8))
    assert outlook.next_up == ()


def test_the_same_seed_gives_the_same_outlook() -> None:
    space, seconds = made_up()
    table = measured(space, seconds, list(range(20)))
    one, other = (look_ahead(space, table, Limits(max_latency_s=0.3), seed=3) for _ in range(2))
    assert (one.next_up, one.chance_better_left) == (other.next_up, other.chance_better_left)
    assert np.array_equal(one.latency_s, other.latency_s)


def test_what_was_measured_is_told_as_measured() -> None:
    space, seconds = made_up()
    outlook = look_ahead(space, measured(space, seconds, [4, 9], sd=0.1), Limits())
    assert outlook.latency_s[[4, 9]].tolist() == seconds[[4, 9]].tolist()
    assert np.allclose(np.log(outlook.high_s / outlook.low_s)[[4, 9]], 2 * 0.1 * 1.6449, atol=1e-4)


# --- When it may stop ---------------------------------------------------------------------------------------


def test_a_search_ends_with_the_frontier_without_measuring_everything() -> None:
    space, seconds = made_up(200)
    rows, outlook = search(space, seconds, Limits())
    frontier = np.flatnonzero(find_frontier(seconds, space["top1"].to_numpy()).non_dominated)
    assert outlook.chance_better_left < 0.05
    assert np.isin(frontier, rows).mean() >= 0.9
    assert len(rows) < 120


@pytest.mark.parametrize(
    ("rule", "limits"), [("most-accurate", Limits(max_latency_s=0.1)), ("cheapest", Limits(min_top1=80.0))]
)
def test_a_search_ends_with_the_answer_or_one_as_good(rule: str, limits: Limits) -> None:
    space, seconds = made_up(200)
    top1 = space["top1"].to_numpy()
    rows, _ = search(space, seconds, limits, rule=rule)
    assert len(rows) < 70
    if rule == "most-accurate":
        inside = seconds <= limits.max_latency_s
        assert best(space, inside) < best(space, inside & np.isin(np.arange(200), rows)) + 0.1
    else:
        inside = top1 >= limits.min_top1
        assert seconds[inside].min() > 0.95 * seconds[inside & np.isin(np.arange(200), rows)].min()


@pytest.mark.parametrize("cost", ["macs", "params"])
def test_the_cheapest_by_a_cost_that_is_known_needs_few_measurements(cost: str) -> None:
    space, seconds = made_up(200)
    rows, _ = search(space, seconds, Limits(max_latency_s=1.0, min_top1=75.0), rule="cheapest", cost=cost)
    column = "macs" if cost == "macs" else "param_count"
    inside = (seconds <= 1.0) & (space["top1"] >= 75.0).to_numpy()
    assert space[column][rows][inside[rows]].min() <= space[column][inside].min() / 0.95
    assert len(rows) <= 32


def test_once_everything_is_measured_nothing_is_left() -> None:
    space, seconds = made_up(12)
    outlook = look_ahead(space, measured(space, seconds, list(range(12))), Limits())
    assert (outlook.chance_better_left, outlook.next_up) == (0.0, ())


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_spaces_of_few_rows_are_searched_to_their_end(count: int) -> None:
    space, seconds = made_up(6)
    space = space[:count]
    rows, outlook = search(space, seconds[:count], Limits())
    assert outlook.chance_better_left < 0.05
    frontier = np.flatnonzero(find_frontier(seconds[:count], space["top1"].to_numpy()).non_dominated)
    assert set(frontier) <= set(rows)


@pytest.mark.parametrize(("table", "prior"), [(I9, None), (RTX_4090, "gpu_seconds")])
def test_on_a_published_machine_most_of_the_frontier_is_found_with_a_tenth_of_the_rows(table: str, prior) -> None:
    space, seconds = of_table(table, prior)
    screened = seconds * np.exp(0.1 * np.random.default_rng(0).standard_normal(len(seconds)))
    rows: list[int] = []
    while len(rows) < len(space) // 10:
        rows += look_ahead(space, measured(space, screened, rows, sd=0.1), Limits(), batch=16).next_up
    frontier = np.flatnonzero(find_frontier(seconds, space["top1"].to_numpy()).non_dominated)
    assert np.isin(frontier, rows[: len(space) // 10]).mean() >= 0.8


# --- Limits that nothing meets ------------------------------------------------------------------------------


def test_limits_that_nothing_can_meet_end_the_search_at_once_and_the_nearest_relaxation_is_told() -> None:
    space, seconds = made_up()
    limits = Limits(max_param_count=10.0)
    outlook = look_ahead(space, nothing_measured(space), limits)
    assert (outlook.chance_better_left, outlook.next_up) == (0.0, ())
    relaxation = nearest_relaxation(space, outlook, limits)
    smallest = space.loc[space["param_count"].idxmin()]
    assert (relaxation.limit, relaxation.given, relaxation.needed) == ("max_param_count", 10.0, smallest["param_count"])
    assert relaxation.candidate.model_name == smallest["model_name"]


def test_a_latency_that_nothing_reaches_is_found_out_by_a_few_and_relaxed_by_prediction() -> None:
    space, seconds = made_up()
    limits = Limits(max_latency_s=float(seconds.min()) / 3)
    rows, outlook = search(space, seconds, limits)
    assert len(rows) <= 24
    relaxation = nearest_relaxation(space, outlook, limits)
    assert relaxation.limit == "max_latency_s"
    assert relaxation.needed == np.nanmin(outlook.latency_s)


def test_where_something_clears_the_limits_nothing_is_relaxed() -> None:
    space, seconds = made_up()
    limits = Limits(max_latency_s=1.0)
    outlook = look_ahead(space, measured(space, seconds, [0, 1]), limits)
    assert nearest_relaxation(space, outlook, limits) is None


# --- Bad arguments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rule": "best"}, "`rule` must be one of most-accurate, cheapest. Got 'best'."),
        ({"cost": "money"}, "`cost` must be one of latency, macs, params, memory. Got 'money'."),
        ({"batch": 0}, "`batch` must be an integer >= 1. Got 0."),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(change: dict, words: str) -> None:
    space, _ = made_up(3)
    with pytest.raises(ValueError, match=f"^{words}$".replace("(", r"\(")):
        look_ahead(space, nothing_measured(space), Limits(), **change)


def test_measurements_of_another_space_are_refused() -> None:
    space, _ = made_up(3)
    with pytest.raises(ValueError, match="`measured` must have the index of `space`"):
        look_ahead(space, nothing_measured(space)[:2], Limits())
    assert tuple(nothing_measured(space).columns) == MEASURED_COLUMNS
