"""Gaps between accuracies, against published worked examples and a bootstrap."""

import math

import numpy as np
import pytest

from bakeoff_core.stats import PairedCounts, independent_interval, mcnemar_p, paired_interval


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
