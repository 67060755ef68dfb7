"""How long screening takes, learned from what was screened."""

import math

import pytest

from bakeoff_core.search.pace import Pace


def test_a_larger_or_slower_model_takes_longer_and_the_cap_bounds_its_passes() -> None:
    pace = Pace(passes=20, cap_s=6.0)
    assert pace.expected(0.02, 5e6) < pace.expected(0.02, 5e8) < pace.expected(0.2, 5e8)
    assert pace.expected(100.0, 0.0) < 250  # two passes that go on when the cap is reached, not twenty


def test_what_is_unknown_is_taken_for_usual() -> None:
    assert Pace(20, 6.0).expected(math.nan, math.nan) == Pace(20, 6.0).expected(0.1, 0.0)


def test_a_machine_that_takes_three_times_as_long_is_known_after_a_few_models() -> None:
    pace = Pace(20, 6.0)
    usual = pace.expected(0.05, 1e7)
    for latency in (0.01, 0.02, 0.04):
        pace.note(latency, 1e7, 3 * Pace(20, 6.0).expected(latency, 1e7))
    pace.note(0.02, 1e7, 500.0)  # one that hung tells nothing of the others
    assert pace.expected(0.05, 1e7) == pytest.approx(3 * usual)
