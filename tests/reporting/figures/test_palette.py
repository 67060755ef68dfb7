"""Values to write on a log axis."""

from __future__ import annotations

import pytest

from bakeoff_core.reporting.figures.palette import log_ticks


@pytest.mark.parametrize(("low", "high"), [(3, 400), (0.04, 20), (10, 13), (0.001, 1e6), (11.5, 11.9)])
def test_log_ticks_are_round_and_enough(low, high):
    ticks = log_ticks(low, high)
    assert ticks == sorted(ticks)
    assert all(low <= tick <= high for tick in ticks)
    assert len(ticks) >= (2 if high / low > 1.2 else 0)
    assert len(set(ticks)) == len(ticks)


def test_the_ticks_of_a_wide_range_are_one_two_five():
    assert log_ticks(3, 400) == [5, 10, 20, 50, 100, 200]
