"""The frontier, against an oracle that tries every pair, and by example."""

from __future__ import annotations

import math
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_core.schema.decision import FRONTIER_COLUMNS
from bakeoff_core.selection import pareto
from bakeoff_core.selection.pareto import annotate, find_frontier
from tests.support.bare_candidates import LAB, candidate, frame

thorough = settings(max_examples=120, deadline=None)
INF, NAN = math.inf, math.nan


# --- The frontier -------------------------------------------------------------------------------------------


def dominates(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """The definition, in words of the issue: at least as good on both axes and better on one."""
    return a[0] <= b[0] and a[1] >= b[1] and (a[0] < b[0] or a[1] > b[1])


coordinates = st.one_of(
    st.integers(0, 4).map(float), st.sampled_from([NAN, INF, -INF, -0.0]), st.floats(allow_nan=False)
)
points_lists = st.lists(st.tuples(coordinates, coordinates), max_size=40)


@thorough
@given(points_lists, st.sampled_from([1, 3, 4096]))
def test_frontier_agrees_with_trying_every_pair(points, sample):
    with patch.object(pareto, "_SAMPLE_POINTS", sample):
        frontier = find_frontier([c for c, _ in points], [a for _, a in points])
    placed = [not (math.isnan(c) or math.isnan(a)) for c, a in points]
    rivals = [p for p, has_place in zip(points, placed, strict=True) if has_place]
    assert frontier.placed.tolist() == placed
    for i, point in enumerate(points):
        beaten = placed[i] and any(dominates(rival, point) for rival in rivals)
        assert frontier.dominated[i] == beaten
        assert frontier.non_dominated[i] == (placed[i] and not beaten)


@thorough
@given(points_lists, st.sampled_from([1, 3, 4096]))
def test_dominator_is_the_most_accurate_frontier_point_that_costs_no_more(points, sample):
    with patch.object(pareto, "_SAMPLE_POINTS", sample):
        frontier = find_frontier([c for c, _ in points], [a for _, a in points])
    for i in np.flatnonzero(frontier.dominated):
        chosen = frontier.dominator[i]
        cheaper = [j for j in np.flatnonzero(frontier.non_dominated) if points[j][0] <= points[i][0]]
        assert frontier.non_dominated[chosen]
        assert dominates(points[chosen], points[i])
        assert points[chosen][1] == max(points[j][1] for j in cheaper)
        assert chosen == points.index(points[chosen]), "of exact copies the first is named"


def test_frontier_of_more_points_than_the_sample_agrees_with_trying_every_pair():
    random = np.random.default_rng(20)
    cost, accuracy = random.normal(size=(2, 3 * pareto._SAMPLE_POINTS)).round(2)
    cost[::50], accuracy[7::50] = np.nan, np.inf
    frontier = find_frontier(cost, accuracy)
    for i in range(0, cost.size, 7):
        as_good = (cost <= cost[i]) & (accuracy >= accuracy[i])
        beaten = (as_good & ((cost < cost[i]) | (accuracy > accuracy[i]))).any()
        assert frontier.dominated[i] == beaten
        assert frontier.placed[i] == ~np.isnan(cost[i])


def test_exact_copies_of_a_frontier_point_are_all_on_the_frontier():
    frontier = find_frontier([1.0, 2.0, 1.0, 1.0], [70.0, 70.0, 70.0, 69.0])
    assert frontier.non_dominated.tolist() == [True, False, True, False]
    assert frontier.dominator[[1, 3]].tolist() == [0, 0]


def test_point_without_a_coordinate_is_neither_dominated_nor_on_the_frontier():
    frontier = find_frontier([1.0, NAN, 3.0], [70.0, 80.0, NAN])
    assert frontier.placed.tolist() == [True, False, False]
    assert frontier.non_dominated.tolist() == [True, False, False]
    assert not frontier.dominated.any()


def test_infinite_coordinates_are_compared_like_any_number():
    frontier = find_frontier([INF, 5.0, -INF, INF], [90.0, 80.0, -INF, 80.0])
    assert frontier.non_dominated.tolist() == [True, True, True, False]
    assert frontier.dominator[3] == 0


def test_point_that_nothing_dominates_carries_its_own_index():
    frontier = find_frontier([1.0, NAN, 2.0], [70.0, 70.0, 80.0])
    assert frontier.dominator.tolist() == [0, 1, 2]


def test_frontier_of_nothing_is_empty():
    frontier = find_frontier([], [])
    assert frontier.placed.size == frontier.non_dominated.size == frontier.dominator.size == 0


def test_frontier_cannot_be_changed_by_its_reader():
    frontier = find_frontier([1.0], [2.0])
    with pytest.raises(ValueError, match="read-only"):
        frontier.non_dominated[0] = False


@pytest.mark.parametrize("cost", [[1.0], [[1.0, 2.0]]])
def test_axes_of_different_shape_are_refused_by_name(cost):
    with pytest.raises(ValueError, match="`cost` and `accuracy` must be one-dimensional and equally long. Got"):
        find_frontier(cost, [1.0, 2.0])


# --- annotate -----------------------------------------------------------------------------------------------


def test_annotate_names_a_dominator_by_model_and_size():
    rows = frame(
        candidate("fast", 70.0, 0.010),
        candidate("slow", 69.0, 0.020, img_size=288),
        candidate("best", 80.0, 0.020, img_size=288),
    )
    table = annotate(rows)
    assert table["non_dominated"].tolist() == [True, False, True]
    assert table["dominated_by"].tolist() == [None, "best @ 288", None]


def test_annotate_gives_no_place_to_failed_rows_and_unknown_numbers():
    rows = frame(
        candidate("good", 70.0, 0.010),
        candidate("failed", 90.0, 0.001, error="out of memory"),
        candidate("unmeasured", 90.0, None),
        candidate("unpublished", None, 0.001),
    )
    table = annotate(rows)
    assert table["non_dominated"].dtype == "boolean"
    assert table["non_dominated"].isna().tolist() == [False, True, True, True]
    assert table["non_dominated"][0]
    assert table["dominated_by"].tolist() == [None] * 4


def test_annotate_can_use_other_axes():
    table = annotate(LAB.assign(top5=[99, 90, 90, 90]), cost="params", accuracy="top5")
    assert table["non_dominated"].tolist() == [True, False, False, False]
    assert set(table["dominated_by"][1:]) == {"mobilenetv3_small_100 @ 224"}


def test_annotate_leaves_its_argument_alone_and_keeps_the_index():
    rows = LAB.set_index(pd.Index([7, 7, 3, 1]))
    before = rows.copy()
    table = annotate(rows)
    pd.testing.assert_frame_equal(rows, before)
    assert table.index.tolist() == [7, 7, 3, 1]
    assert list(table.columns) == [*rows.columns, *FRONTIER_COLUMNS]


def test_annotate_of_an_empty_table_has_the_columns():
    table = annotate(frame())
    assert len(table) == 0
    assert list(table.columns)[-len(FRONTIER_COLUMNS) :] == list(FRONTIER_COLUMNS)


def test_annotate_refuses_an_unknown_cost_and_a_missing_column():
    with pytest.raises(ValueError, match="`cost` must be one of latency, macs, params, memory. Got 'price'."):
        annotate(LAB, cost="price")
    with pytest.raises(ValueError, match="`candidates` must have the columns top5. They are missing."):
        annotate(LAB, accuracy="top5")
