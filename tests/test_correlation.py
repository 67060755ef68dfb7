"""Rank correlation against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from bakeoff_core.correlation import mean_ranks, spearman

VALUES = st.floats(-1e6, 1e6) | st.integers(0, 5).map(float)


@given(st.lists(VALUES, min_size=1, max_size=30))
def test_ranks_are_scipys_ties_included(values: list[float]) -> None:
    assert np.array_equal(mean_ranks(np.array(values)), rankdata(values))


@given(
    st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=30).filter(
        lambda pairs: len({a for a, _ in pairs}) > 1 and len({b for _, b in pairs}) > 1
    )
)
def test_the_correlation_is_scipys(pairs: list[tuple[float, float]]) -> None:
    one, other = zip(*pairs, strict=True)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-9)


def test_a_side_without_an_order_correlates_with_nothing() -> None:
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1], [2]) is None
