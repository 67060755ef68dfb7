"""Intervals of accuracies, gaps and orders, against published worked examples, a bootstrap and scipy."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, spearmanr

from bakeoff_core.stats import (
    PairedCounts,
    independent_interval,
    mcnemar_p,
    paired_interval,
    spearman,
    spearman_interval,
    wilson_interval,
)

# --- one accuracy ----------------------------------------------------------------------------------------------------


def test_the_interval_of_half_right_in_a_hundred_is_wilsons() -> None:
    low, high = wilson_interval(50.0, 100)
    assert (float(low), float(high)) == (pytest.approx(40.383, abs=1e-3), pytest.approx(59.617, abs=1e-3))


def test_the_interval_of_a_perfect_score_stays_within_a_hundred_percent() -> None:
    low, high = wilson_interval([0.0, 100.0], 10)
    assert 0 <= low[0] < 1e-9 and high[0] == pytest.approx(27.753, abs=1e-3)
    assert 100 - 1e-9 < high[1] <= 100 and low[1] == pytest.approx(72.247, abs=1e-3)


def test_an_accuracy_on_an_unknown_number_of_images_has_no_interval() -> None:
    low, high = wilson_interval(pd.Series([80.0, 80.0, None]), pd.Series([100, None, 100], dtype="Int64"))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True]
    assert (low[0], high[0]) == pytest.approx((71.12, 86.66), abs=0.01)


# --- the gap between two ---------------------------------------------------------------------------------------------


def test_the_paired_interval_is_that_of_a_published_example() -> None:
    # Complete response before and after consolidation therapy (Cavo et al. 2012), as in Fagerland, Lydersen and Laake,
    # Statistical Analysis of Contingency Tables (2017), chapter 8: -0.0621, Newcombe's interval -0.1186 to -0.0046.
    assert paired_interval(PairedCounts(59, 6, 16, 80)) == pytest.approx((-6.21, -11.86, -0.46), abs=0.005)


def test_the_independent_interval_is_that_of_newcombes_first_example() -> None:
    # 56 of 70 against 48 of 80, method 10 of table II: 0.0524 to 0.3339.
    assert independent_interval(80, 70, 60, 80) == pytest.approx((20.0, 5.24, 33.39), abs=0.005)


def test_the_paired_interval_agrees_with_a_bootstrap_of_the_images() -> None:
    counts = PairedCounts(400, 90, 40, 126)
    cells = np.repeat([0, 1, -1, 0], [counts.both, counts.only_one, counts.only_other, counts.neither])
    drawn = np.random.default_rng(0).choice(cells, (4000, len(cells))).mean(1)
    points, low, high = paired_interval(counts)
    assert points == pytest.approx(100 * 50 / 656)
    assert (low, high) == pytest.approx(tuple(100 * np.quantile(drawn, [0.025, 0.975])), abs=0.25)


def test_the_same_images_tell_more_than_different_ones() -> None:
    counts = PairedCounts(400, 90, 40, 126)
    _, low, high = paired_interval(counts)
    _, wide_low, wide_high = independent_interval(100 * 490 / 656, 656, 100 * 440 / 656, 656)
    assert wide_low < low and high < wide_high


def test_turned_around_the_gap_is_its_negative() -> None:
    points, low, high = paired_interval(PairedCounts(50, 20, 5, 25))
    assert paired_interval(PairedCounts(50, 5, 20, 25)) == pytest.approx((-points, -high, -low))


@pytest.mark.parametrize("counts", [PairedCounts(10, 0, 0, 0), PairedCounts(0, 0, 0, 10), PairedCounts(0, 10, 0, 0)])
def test_answers_all_alike_still_have_an_interval(counts: PairedCounts) -> None:
    points, low, high = paired_interval(counts)
    assert -100 <= low <= points <= high <= 100
    assert low < high


def test_no_images_have_no_gap() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        paired_interval(PairedCounts(0, 0, 0, 0))
    with pytest.raises(ValueError, match="an image behind each"):
        independent_interval(50, 10, 50, 0)


def test_mcnemars_p_is_that_of_a_published_example() -> None:
    # Two media for culturing tubercle bacilli (Armitage and Berry 1994, p. 127): 12 against 2, exact P = 0.0129.
    assert mcnemar_p(PairedCounts(20, 12, 2, 16)) == pytest.approx(0.0129, abs=5e-5)
    assert mcnemar_p(PairedCounts(20, 12, 2, 16)) == pytest.approx(2 * sum(math.comb(14, k) for k in range(3)) / 2**14)
    assert mcnemar_p(PairedCounts(20, 0, 0, 16)) == 1


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemars_p_is_scipys_sign_test(one: int, other: int) -> None:
    expected = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert mcnemar_p(PairedCounts(20, one, other, 16)) == pytest.approx(expected, rel=1e-9)


# --- two orders ------------------------------------------------------------------------------------------------------

VALUES = st.floats(-1e6, 1e6) | st.integers(0, 5).map(float)
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=4, max_size=30).filter(
    lambda pairs: len({a for a, _ in pairs}) > 1 and len({b for _, b in pairs}) > 1
)


@given(PAIRS)
def test_the_correlation_is_scipys_ties_included(pairs: list[tuple[float, float]]) -> None:
    one, other = zip(*pairs, strict=True)
    rho, low, high = spearman_interval(one, other)
    assert spearman(one, other) == rho == pytest.approx(spearmanr(one, other).statistic, abs=1e-9)
    assert -1 <= low <= rho <= high <= 1


def test_a_side_without_an_order_correlates_with_nothing() -> None:
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1], [2]) is None
    assert spearman_interval([1, 2, 3, 4], [5, 5, 5, 5]) is None


def test_two_orders_of_two_can_be_correlated_and_have_an_interval_from_four_on() -> None:
    assert spearman([1, 2], [3, 4]) == 1
    with pytest.raises(ValueError, match="at least 4 values"):
        spearman_interval([1, 2, 3], [1, 2, 3])


def test_the_interval_of_a_correlation_is_bonett_and_wrights() -> None:
    found, low, high = spearman_interval(range(10), [1, 0, 3, 2, 5, 4, 7, 6, 9, 8])
    rho = 1 - 6 * 10 / (10 * 99)
    reach = 1.959963984540054 * math.sqrt((1 + rho**2 / 2) / 7)
    assert found == pytest.approx(rho)
    assert (low, high) == pytest.approx((math.tanh(math.atanh(rho) - reach), math.tanh(math.atanh(rho) + reach)))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_order_of_few_is_no_certainty(sign: int) -> None:
    rho, low, high = spearman_interval(range(8), [sign * value for value in range(8)])
    assert rho == sign
    assert high - low > 0.05
    assert max(abs(low), abs(high)) == 1
