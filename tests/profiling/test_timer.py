"""The timing loop under a scripted clock, its statistics by hand, and every warning's threshold from both sides."""

from collections.abc import Sequence

import numpy as np
import pytest

from bakeoff_core.profiling.intervals import percentile, quartiles
from bakeoff_core.profiling.timer import summarise, time_passes, warm_up
from bakeoff_core.profiling.warnings import _outliers, find_warnings
from bakeoff_core.schema.profile import MeasurementWarning
from tests.support.examples import make_round


class Script:
    """A clock that only moves while a pass runs, by the scripted seconds; the last one repeats."""

    def __init__(self, *seconds: float) -> None:
        self.now = 1000.0
        self.passes = 0
        self._seconds = seconds

    def step(self) -> None:
        self.now += self._seconds[min(self.passes, len(self._seconds) - 1)]
        self.passes += 1

    def clock(self) -> float:
        return self.now


def codes(warnings: Sequence[MeasurementWarning]) -> list[str]:
    return [warning.code for warning in warnings]


def warnings_of(*rounds, cores: int = 2, threads: int = 2) -> list[str]:
    return codes(find_warnings(rounds, cores=cores, threads=threads))


# --- warm-up ---------------------------------------------------------------------------------------------------------


def test_warm_up_ends_after_six_passes_where_the_time_is_steady_at_once() -> None:
    script = Script(0.5)
    assert warm_up(script.step, cap_s=60, clock=script.clock) == (6, True)


def test_warm_up_goes_on_until_three_passes_agree_with_the_three_before() -> None:
    # Medians of three against three, pass by pass from the sixth: (4, 1), (4, 1), (2, 1), then (1, 1).
    script = Script(8, 4, 4, 2, 1)
    assert warm_up(script.step, cap_s=1e6, clock=script.clock) == (9, True)


@pytest.mark.parametrize(("later", "settled"), [(1.046875, True), (1.0625, False)])
def test_steady_means_within_five_percent(later: float, settled: bool) -> None:
    script = Script(1, 1, 1, later, later, later, 99)
    passes, steady = warm_up(script.step, cap_s=3 + 3 * later, clock=script.clock)
    assert (passes, steady) == (6, settled)


def test_warm_up_ends_at_the_cap_and_says_that_it_did_not_settle() -> None:
    script = Script(2.0)
    assert warm_up(script.step, cap_s=5.0, clock=script.clock) == (3, False)


def test_warm_up_ends_after_forty_passes_and_says_that_it_did_not_settle() -> None:
    script = Script(*(2.0**-n for n in range(60)))
    assert warm_up(script.step, cap_s=1e6, clock=script.clock) == (40, False)


def test_warm_up_makes_at_least_one_pass() -> None:
    script = Script(100.0)
    assert warm_up(script.step, cap_s=1e-9, clock=script.clock) == (1, False)


# --- the timed passes ------------------------------------------------------------------------------------------------


def test_without_a_time_to_fill_exactly_the_asked_passes_are_timed() -> None:
    script = Script(0.25)
    timed = time_passes(script.step, min_passes=64, min_seconds=0, cap_s=60, clock=script.clock)
    assert timed.times_s == (0.25,) * 64
    assert (timed.warmup_passes, timed.steady, timed.capped) == (6, True, False)
    assert script.passes == 70


def test_quick_passes_go_on_until_the_time_is_filled() -> None:
    script = Script(0.125)
    timed = time_passes(script.step, min_passes=4, min_seconds=2.0, cap_s=60, clock=script.clock)
    assert len(timed.times_s) == 16
    assert not timed.capped


def test_the_cap_ends_the_timing_and_says_so() -> None:
    script = Script(2.0)
    timed = time_passes(script.step, min_passes=64, min_seconds=0, cap_s=20, clock=script.clock)
    assert len(timed.times_s) == 10
    assert timed.capped


def test_a_cap_reached_after_the_asked_passes_is_no_shortfall() -> None:
    script = Script(2.0)
    timed = time_passes(script.step, min_passes=10, min_seconds=100, cap_s=20, clock=script.clock)
    assert len(timed.times_s) == 10
    assert not timed.capped


def test_one_pass_is_always_timed() -> None:
    script = Script(100.0)
    timed = time_passes(script.step, min_passes=64, min_seconds=0, cap_s=1, clock=script.clock)
    assert timed.times_s == (100.0,)
    assert timed.capped


def test_warm_up_passes_are_not_among_the_times() -> None:
    script = Script(9, 9, 9, 9, 9, 9, 1)
    timed = time_passes(script.step, min_passes=3, min_seconds=0, cap_s=60, clock=script.clock)
    assert timed.times_s == (1.0, 1.0, 1.0)


def test_meters_are_started_between_warm_up_and_timing() -> None:
    script = Script(0.5)
    seen: list[int] = []
    time_passes(
        script.step,
        min_passes=3,
        min_seconds=0,
        cap_s=60,
        clock=script.clock,
        on_start=lambda: seen.append(script.passes),
    )
    assert seen == [6]


# --- statistics ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 10, 64, 101])
def test_percentiles_and_quartiles_are_numpys(size: int) -> None:
    values = np.random.default_rng(size).lognormal(-4, 0.3, size).tolist()
    assert percentile(values, 90) == pytest.approx(np.percentile(values, 90))
    assert quartiles(values) == pytest.approx(np.percentile(values, [25, 50, 75]))


def test_one_value_is_its_own_percentiles() -> None:
    assert percentile([0.5], 90) == 0.5
    assert quartiles([0.5]) == (0.5, 0.5, 0.5)


def test_the_summary_holds_numbers_worked_out_by_hand() -> None:
    rounds = [
        make_round([0.010, 0.012, 0.014], peak_memory_bytes=50),
        make_round([0.020, 0.022, 0.024], peak_memory_bytes=70),
    ]
    summary = summarise(rounds, 4, cores=2, threads=2)
    assert summary.latency_p50_s == pytest.approx(0.017)  # medians 0.012 and 0.022
    assert summary.latency_p90_s == pytest.approx(0.023)  # halfway between the fifth and the sixth of six
    assert summary.latency_iqr_s == pytest.approx(0.0215 - 0.0125)
    assert summary.throughput == pytest.approx(4 / 0.017)
    assert (summary.passes, summary.round_count, summary.peak_memory_bytes) == (6, 2, 70)


def test_a_round_with_more_passes_does_not_outvote_another() -> None:
    rounds = [make_round([0.010] * 1000), make_round([0.020] * 10), make_round([0.030] * 10)]
    assert summarise(rounds, 1, cores=2, threads=2).latency_p50_s == pytest.approx(0.020)


@pytest.mark.parametrize(("passes", "given"), [(499, False), (500, True)])
def test_a_p99_needs_500_passes(passes: int, given: bool) -> None:
    times = [0.010 + n * 1e-6 for n in range(passes)]
    p99 = summarise([make_round(times)], 1, cores=2, threads=2).latency_p99_s
    assert (p99 == pytest.approx(np.percentile(times, 99))) if given else p99 is None


def test_the_peak_is_unknown_only_where_no_round_knows_it() -> None:
    known, unknown = make_round(peak_memory_bytes=7), make_round(peak_memory_bytes=None)
    assert summarise([known, unknown], 1, cores=2, threads=2).peak_memory_bytes == 7
    assert summarise([unknown, unknown], 1, cores=2, threads=2).peak_memory_bytes is None


@pytest.mark.parametrize("rounds", [[], [make_round([])], [make_round(), make_round([])]])
def test_there_is_no_summary_without_times(rounds: list) -> None:
    with pytest.raises(ValueError, match="`rounds` must hold at least one round, each with times"):
        summarise(rounds, 1, cores=2, threads=2)


# --- warnings --------------------------------------------------------------------------------------------------------

CALM = [0.010, 0.0101, 0.0102] * 11  # 33 passes: two rounds have 66


def calm(**changes: object):
    return make_round(CALM, **changes)


def test_a_calm_measurement_carries_no_warning() -> None:
    assert warnings_of(calm(), calm()) == []


@pytest.mark.parametrize(
    ("outside", "cores", "threads", "warned"),
    [
        (0.25, 2, 2, False),
        (0.26, 2, 2, True),
        (5.74, 8, 2, False),  # six cores were free for others
        (5.76, 8, 2, True),
    ],
)
def test_load_is_warned_of_where_others_need_more_than_was_left_to_them(outside, cores, threads, warned) -> None:
    rounds = [calm(outside_cores=outside)] * 2
    assert ("load" in warnings_of(*rounds, cores=cores, threads=threads)) is warned


def test_load_is_averaged_over_the_seconds_of_the_rounds_that_know_it() -> None:
    rounds = [
        make_round([0.010] * 30, outside_cores=1.0),
        make_round([0.010] * 60, outside_cores=0.1),
        make_round([0.010] * 30, outside_cores=None),
    ]
    (warning,) = [w for w in find_warnings(rounds, cores=2, threads=2) if w.code == "load"]
    assert warning.value == pytest.approx((0.3 * 1.0 + 0.6 * 0.1) / 0.9)


def test_unknown_load_is_not_warned_of() -> None:
    assert warnings_of(calm(outside_cores=None), calm(outside_cores=None)) == []


@pytest.mark.parametrize(("share", "warned"), [(0.019, False), (0.021, True)])
def test_throttling_is_warned_of_from_two_percent_of_the_time(share: float, warned: bool) -> None:
    lost = share * sum(CALM) * 2
    found = find_warnings([calm(throttled_s=lost), calm(throttled_s=None)], cores=2, threads=2)
    assert codes(found) == (["throttled"] if warned else [])
    if warned:
        assert found[0].value == pytest.approx(share)


@pytest.mark.parametrize(("passes", "warned"), [(63, True), (64, False)])
def test_fewer_than_64_passes_are_warned_of(passes: int, warned: bool) -> None:
    rounds = [make_round([0.010] * 32), make_round([0.010] * (passes - 32))]
    assert ("few_passes" in warnings_of(*rounds)) is warned


def test_one_process_is_warned_of_however_many_passes_it_made() -> None:
    assert warnings_of(make_round([0.010] * 1000)) == ["one_process"]


@pytest.mark.parametrize(("other", "warned"), [(0.1099, False), (0.1101, True)])
def test_processes_that_disagree_by_ten_percent_are_warned_of(other: float, warned: bool) -> None:
    found = find_warnings([make_round([0.100] * 32), make_round([other] * 32)], cores=2, threads=2)
    assert codes(found) == (["process_spread"] if warned else [])
    if warned:
        assert found[0].value == pytest.approx(1.101)


@pytest.mark.parametrize(
    ("iqr", "expected"), [(0.099, []), (0.101, ["noisy"]), (0.249, ["noisy"]), (0.251, ["very_noisy"])]
)
def test_noise_is_warned_of_from_ten_percent_and_again_from_twenty_five(iqr: float, expected: list[str]) -> None:
    times = [0.1 * (1 - iqr / 2), 0.1, 0.1 * (1 + iqr / 2)] * 11 + [0.1 * (1 - iqr / 2), 0.1 * (1 + iqr / 2)]
    assert warnings_of(make_round(times), make_round(times)) == expected


def test_one_unsteady_round_is_warned_of() -> None:
    assert warnings_of(calm(), calm(steady=False)) == ["unsteady"]


@pytest.mark.parametrize(("end", "warned"), [(1.09, False), (1.11, True), (0.92, False), (0.90, True)])
def test_drift_is_warned_of_in_both_directions(end: float, warned: bool) -> None:
    times = [0.100] * 22 + [0.100 * end] * 11
    found = find_warnings([make_round(times), calm_at(0.100)], cores=2, threads=2)
    assert ("drift" in codes(found)) is warned
    if warned:
        assert next(w.value for w in found if w.code == "drift") == pytest.approx(end)


def calm_at(seconds: float):
    return make_round([seconds] * 33)


def test_too_few_passes_for_three_thirds_show_no_drift() -> None:
    assert "drift" not in warnings_of(make_round([0.1] * 4 + [0.2] * 4), make_round([0.1] * 60))


@pytest.mark.parametrize(("strays", "warned"), [(1, False), (2, True)])
def test_outliers_are_warned_of_from_two_percent_of_the_passes(strays: int, warned: bool) -> None:
    times = [0.0999, 0.1000, 0.1001] * 22
    rounds = [make_round(times[:33]), make_round(times[33:-strays] + [0.5] * strays)]
    assert warnings_of(*rounds) == (["outliers"] if warned else [])


@pytest.mark.parametrize(("distance", "outside"), [(14.8, 0), (14.9, 1)])
def test_an_outlier_lies_more_than_fourteen_point_eight_deviations_out(distance: float, outside: int) -> None:
    times = [-1.0, 0.0, 1.0] * 11  # median 0, median absolute deviation 1
    assert _outliers([*times, -1.0, distance]) == outside


def test_equal_times_have_no_outliers() -> None:
    assert "outliers" not in warnings_of(make_round([0.1] * 60 + [9.0] * 6), make_round([0.1] * 60))


@pytest.mark.parametrize(("seconds", "warned"), [(0.99e-3, True), (1.01e-3, False)])
def test_medians_under_a_millisecond_are_warned_of(seconds: float, warned: bool) -> None:
    assert warnings_of(calm_at(seconds), calm_at(seconds)) == (["too_fast"] if warned else [])


def test_memory_is_unknown_only_where_no_round_knows_it() -> None:
    unknown = calm(peak_memory_bytes=None)
    assert warnings_of(unknown, calm()) == []
    assert warnings_of(unknown, unknown) == ["memory_unknown"]
