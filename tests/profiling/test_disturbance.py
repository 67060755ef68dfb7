"""Which rounds something else disturbed, and what that does to their row and to its neighbours."""

import math

import pytest

from bakeoff_core.profiling.disturbance import disturbance, is_disturbed, is_loaded
from bakeoff_core.profiling.intervals import PRIOR, median_interval, pool_spread, row_interval, undisturbed
from bakeoff_core.profiling.rows import share_spread, with_quieter
from tests.support.examples import make_profile, make_round

TWO = {"cores": 2, "threads": 2}


def hogged(times_s: list[float], outside_cores: float = 0.9):
    return make_round(times_s, outside_cores=outside_cores)


def test_a_round_is_disturbed_by_others_cores_or_by_a_quota() -> None:
    assert not is_disturbed(make_round(), **TWO)
    assert is_disturbed(make_round(outside_cores=0.26), **TWO)
    assert is_disturbed(make_round([0.1] * 10, throttled_s=0.03), **TWO)
    assert not is_disturbed(make_round(outside_cores=None, throttled_s=None), **TWO)


def test_cores_that_a_model_leaves_free_may_be_used_by_others() -> None:
    assert not is_loaded(1.5, cores=4, threads=2)
    assert is_loaded(1.8, cores=4, threads=2)


def test_of_two_rounds_the_one_with_less_beside_it_counts() -> None:
    profile = make_profile(rounds=(make_round([0.02] * 8), hogged([0.05] * 8)))
    better = with_quieter(profile, 1, make_round([0.021] * 8))
    assert [r.times_s[0] for r in better.rounds] == [0.02, 0.021]
    assert better.latency_p50_s == pytest.approx(0.0205)
    assert "load" not in [warning.code for warning in better.warnings]
    worse = hogged([0.06] * 8, outside_cores=1.4)
    assert with_quieter(profile, 1, worse) == profile
    assert disturbance(worse) > disturbance(profile.rounds[1])


def test_a_disturbed_row_widens_itself_and_not_its_neighbours() -> None:
    quiet = [
        make_profile(f"quiet{at}", rounds=(make_round([0.0197] * 32), make_round([0.0197 * 1.01] * 32)))
        for at in range(3)
    ]
    busy = [make_profile(f"busy{at}", rounds=(hogged([0.020] * 32), hogged([0.020 * 5] * 32))) for at in range(9)]
    shared = {p.model_name: p for p in share_spread([*quiet, *busy])}
    alone = {p.model_name: p for p in share_spread(quiet)}
    for profile in quiet:
        together = shared[profile.model_name]
        assert (together.latency_p50_low_s, together.latency_p50_high_s) == (
            alone[profile.model_name].latency_p50_low_s,
            alone[profile.model_name].latency_p50_high_s,
        )
        assert together.latency_p50_high_s / together.latency_p50_low_s < 1.5
    widened = shared["busy0"]
    assert widened.latency_p50_high_s / widened.latency_p50_low_s > 5
    assert widened.latency_p50_low_s <= 0.020


def test_the_interval_of_a_disturbed_row_reaches_down_to_what_was_spared() -> None:
    # Ten passes in a hundred ran undisturbed; both rounds agree about the rest.
    rounds = [hogged([0.010] * 12 + [0.030] * 88)] * 2
    low, high = row_interval(rounds, **TWO)
    plain_low, plain_high = median_interval(rounds, PRIOR)
    assert low == pytest.approx(0.010)
    assert plain_low > 0.015
    assert high == plain_high


def test_a_row_with_nothing_beside_it_has_the_interval_of_its_setting() -> None:
    rounds = [make_round([0.1] * 32), make_round([0.11] * 32)]
    spread = pool_spread([rounds])
    assert row_interval(rounds, spread=spread, **TWO) == median_interval(rounds, spread)
    assert undisturbed([*rounds, hogged([1.0])], **TWO) == rounds


def test_a_quiet_setting_does_not_vouch_for_a_disturbed_row() -> None:
    spread = pool_spread([[make_round([0.1] * 32), make_round([0.1] * 32)]] * 12)
    rounds = [hogged([0.1] * 32), hogged([0.3] * 32)]
    low, high = row_interval(rounds, spread=spread, **TWO)
    assert low <= 0.1 < 0.3 <= high
    assert math.log(high / low) > 1.5 * math.log(
        median_interval(rounds, spread)[1] / median_interval(rounds, spread)[0]
    )
