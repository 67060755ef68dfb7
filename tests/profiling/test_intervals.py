"""The interval of a median: worked out by hand, and how often it covers the truth on calm and restless machines."""

import math
from statistics import median

import numpy as np
import pytest

from bakeoff_core.profiling.intervals import (
    MOST_FREEDOM,
    PRIOR,
    PRIOR_DRIFT,
    ProcessSpread,
    median_interval,
    pool_drift,
    pool_spread,
)
from tests.support.examples import make_round


def test_the_interval_of_two_rounds_is_the_one_worked_out_by_hand() -> None:
    # Equal times within a round: no error within. The logs differ by ln 1.1, so their variance is (ln 1.1)^2 / 2.
    # Pooled with the prior of 8 %, which counts for 4: (4 * 0.0064 + 0.00454201) / 5 = 0.00602840.
    # t(5) = 2.570582; 2.570582 * sqrt(0.00602840 / 2) = 0.141129. Centre 0.105.
    low, high = median_interval([make_round([0.100] * 32), make_round([0.110] * 32)])
    assert low == pytest.approx(0.105 * math.exp(-0.141129), rel=1e-5)
    assert high == pytest.approx(0.105 * math.exp(0.141129), rel=1e-5)


def test_the_interval_of_one_round_rests_on_the_prior_alone() -> None:
    # t(4) = 2.7764451; 2.7764451 * 0.08 = 0.222115608.
    low, high = median_interval([make_round([0.100] * 32)])
    assert (low, high) == pytest.approx((0.1 * math.exp(-0.222115608), 0.1 * math.exp(0.222115608)), rel=1e-9)


def test_the_interval_contains_the_median_even_where_rounds_disagree_wildly() -> None:
    for medians in ([0.01, 0.9], [0.01, 0.011, 5.0], [1.0, 1.0, 1.0, 1e-3]):
        low, high = median_interval([make_round([m] * 32) for m in medians])
        assert low < median(medians) < high


def test_the_interval_is_wider_where_rounds_disagree_more() -> None:
    widths = []
    for other in (0.100, 0.105, 0.120, 0.200):
        low, high = median_interval([make_round([0.100] * 32), make_round([other] * 32)])
        widths.append(math.log(high / low))
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_the_interval_is_wider_where_the_passes_of_a_round_scatter() -> None:
    calm = median_interval([make_round([0.100] * 32)] * 2)
    restless = median_interval([make_round([0.070, 0.100, 0.130, 0.100] * 8)] * 2)
    assert restless[1] - restless[0] > calm[1] - calm[0]


def test_the_interval_shrinks_with_every_round_up_to_twenty() -> None:
    widths = []
    for count in range(1, 21):
        low, high = median_interval([make_round([0.100] * 32)] * count)
        widths.append(high - low)
    assert all(more < fewer for fewer, more in zip(widths, widths[1:], strict=False))


def test_no_model_with_two_rounds_leaves_the_prior() -> None:
    assert pool_spread([]) == PRIOR
    assert pool_spread([[make_round([0.1] * 32)]]) == PRIOR


def test_the_common_spread_of_two_models_is_the_one_worked_out_by_hand() -> None:
    # No error within. Variances of the logs: (ln 1.1)^2 / 2 = 0.00454201 and (ln 1.3)^2 / 2 = 0.03441747, one degree
    # of freedom each. With the prior, whose 4 give way to 2: (2 * 0.0064 + 0.00454201 + 0.03441747) / 4 = 0.01293987,
    # and its root is 0.1137535.
    models = [[make_round([0.1] * 32), make_round([0.1 * factor] * 32)] for factor in (1.1, 1.3)]
    spread = pool_spread(models)
    assert spread.sd == pytest.approx(0.1137535, rel=1e-5)
    assert spread.freedom == 4


def test_many_models_count_for_no_more_than_the_cap() -> None:
    assert pool_spread([[make_round(), make_round()]] * 100).freedom == MOST_FREEDOM


def test_what_scatters_within_processes_is_not_taken_for_spread_between_them() -> None:
    restless = [0.070, 0.100, 0.130, 0.100] * 8
    assert pool_spread([[make_round(restless), make_round(restless)]] * 50).sd < 0.02


def coverage(sd: float, *, models: int, rounds: int, pooled: bool, repeats: int = 60) -> float:
    """Share of intervals that hold the truth, where the processes of each model scatter by `sd`."""
    draw = np.random.default_rng(7)
    hits = 0
    for _ in range(repeats):
        measured = [[make_round([0.1 * m] * 4) for m in np.exp(draw.normal(0, sd, rounds))] for _ in range(models)]
        spread = pool_spread(measured) if pooled else PRIOR
        for one in measured:
            low, high = median_interval(one, spread)
            hits += low <= 0.1 <= high
    return hits / (repeats * models)


@pytest.mark.parametrize("sd", [0.02, 0.05, 0.08, 0.15, 0.25])
def test_intervals_of_a_shortlist_cover_the_truth_on_calm_and_on_restless_machines(sd: float) -> None:
    assert coverage(sd, models=12, rounds=2, pooled=True) >= 0.92


def test_without_what_the_other_models_tell_a_restless_machine_would_be_trusted_too_much() -> None:
    assert coverage(0.15, models=12, rounds=2, pooled=False) < 0.90


def test_a_calm_machine_is_given_narrower_intervals() -> None:
    one = [make_round([0.1] * 32), make_round([0.101] * 32)]
    calm, restless = (pool_spread([[make_round([0.1] * 32), make_round([0.1 * f] * 32)]] * 12) for f in (1.01, 1.3))
    widths = [high - low for low, high in (median_interval(one, spread) for spread in (calm, PRIOR, restless))]
    assert widths == sorted(widths)
    assert ProcessSpread(calm.sd, calm.freedom).sd < PRIOR.sd < restless.sd


# --- what all models of a job have in common ------------------------------------------------------------------------


def job_of(*changes: float, begun: int = 0) -> list[list]:
    """Models of 10 ms whose second round takes so many times as long; a job at that minute."""
    first, second = f"2026-03-01T12:{begun:02d}:00Z", f"2026-03-01T12:{begun + 1:02d}:00Z"
    return [
        [make_round([0.010] * 8, measured_at=first), make_round([0.010 * change] * 8, measured_at=second)]
        for change in changes
    ]


def test_what_all_models_do_alike_is_drift() -> None:
    # All steps are ln 1.2, and nothing is left of their variance: (2 * 0.0009 + 0.0332413 / 2) / 3 = 0.00614022.
    assert pool_drift(job_of(1.2, 1.2, 1.2)) == pytest.approx(math.sqrt(0.00614022), rel=1e-4)


def test_what_models_do_against_each_other_is_none() -> None:
    # Steps of 0.2, 0 and -0.2: their mean is 0, its variance 0.04 / 3, and (2 * 0.0009 - 0.04 / 6) is below nothing.
    assert pool_drift(job_of(math.exp(0.2), 1.0, math.exp(-0.2))) == 0.0


def test_jobs_of_different_hours_are_looked_at_each_by_itself() -> None:
    up, down = job_of(1.2, 1.2, 1.2), job_of(1 / 1.2, 1 / 1.2, 1 / 1.2, begun=30)
    # Together they would have nothing in common. (2 * 0.0009 + 2 * 0.0332413 / 2) / 4 = 0.00876033.
    assert pool_drift([*up, *down]) == pytest.approx(math.sqrt(0.00876033), rel=1e-4)


def test_few_models_and_disturbed_rounds_leave_the_prior() -> None:
    assert pool_drift(job_of(1.2, 1.2)) == PRIOR_DRIFT.sd
    assert pool_drift([[None, rounds[1]] for rounds in job_of(1.2, 1.2, 1.2)]) == PRIOR_DRIFT.sd
    assert pool_drift([]) == PRIOR_DRIFT.sd
