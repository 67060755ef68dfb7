"""Predictions from nothing, from a few measurements, and whether they know how far off they are."""

import numpy as np
import pytest

from bakeoff_core.search.features import Features, describe
from bakeoff_core.search.surrogate import MACHINE_SD, learn
from tests.support.search_spaces import made_up, of_table
from tests.support.timm_results import I9


def logs_of(seconds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    logs = np.full(len(seconds), np.nan)
    logs[rows] = np.log(seconds[rows])
    return logs


def learned(features: Features, seconds: np.ndarray, rows: np.ndarray, sd: float = 0.05):
    return learn(features, features.prior_log_s, logs_of(seconds, rows), np.full(len(seconds), sd))


def test_without_measurements_what_is_published_is_the_prediction_and_very_unsure() -> None:
    space, seconds = made_up()
    features = describe(space)
    known = learned(features, seconds, np.array([], dtype=int))
    assert np.array_equal(known.mean, features.prior_log_s)
    assert (known.sd > MACHINE_SD).all()


def test_one_measurement_tells_how_much_slower_this_machine_is() -> None:
    space, seconds = made_up()
    features = describe(space)
    before = features.prior_log_s - np.log(10 * seconds)
    known = learned(features, 10 * seconds, np.array([5]))
    after = known.mean - np.log(10 * seconds)
    assert np.abs(before).mean() > 2.5
    assert np.abs(after).mean() < 0.7
    assert (known.sd < MACHINE_SD).all()


def test_a_measured_row_is_known_as_well_as_it_was_measured() -> None:
    space, seconds = made_up()
    rows = np.arange(0, 60, 3)
    known = learned(describe(space), seconds, rows, sd=0.02)
    assert np.abs(known.mean[rows] - np.log(seconds[rows])).max() < 0.03
    assert known.sd[rows].max() < 0.021
    assert np.delete(known.sd, rows).min() > 0.05


def test_ranges_hold_what_they_promise_on_a_published_machine() -> None:
    space, seconds = of_table(I9)
    features = describe(space)
    rng = np.random.default_rng(0)
    for count, most_off in ((24, 0.35), (96, 0.25)):
        rows = rng.choice(len(space), count, replace=False)
        known = learned(features, seconds * np.exp(0.1 * rng.standard_normal(len(seconds))), rows, sd=0.1)
        off = np.delete((known.mean - np.log(seconds)), rows)
        inside = np.abs(off) <= 1.645 * np.delete(known.sd, rows)
        assert off.std() < most_off
        assert 0.85 < inside.mean() < 0.99


def test_draws_have_the_mean_and_spread_that_is_told_and_belong_together() -> None:
    space, seconds = made_up()
    known = learned(describe(space), seconds, np.array([3, 30]))
    rows = np.array([3, 10, 20])
    drawn = known.draw(rows, 20_000, np.random.default_rng(0))
    assert np.allclose(np.median(drawn, axis=1), known.mean[rows], atol=0.02)
    low, high = np.percentile(drawn, [5, 95], axis=1)
    width = (high - low) / (2 * 1.645 * known.sd[rows])
    assert ((width > 1.0) & (width < 1.5)).all()  # Student's t with three degrees of freedom: 1.43 times the normal's
    unmeasured = known.draw(np.arange(60), 4000, np.random.default_rng(1))
    same = np.corrcoef(unmeasured)
    families = space["family"].to_numpy()
    alike = np.triu(families[:, None] == families, 1)
    assert same[alike].mean() > same[np.triu(families[:, None] != families, 1)].mean()


def test_more_measurements_than_the_parts_are_learned_from_all_count() -> None:
    space, seconds = made_up(400)
    known = learned(describe(space), seconds, np.arange(300))
    assert np.abs(known.mean[:300] - np.log(seconds[:300])).max() < 0.15


@pytest.mark.parametrize("prior", [np.nan, 0.0])
def test_rows_of_which_nothing_is_known_take_the_mean_of_the_others(prior: float) -> None:
    space, seconds = made_up()
    features = describe(space)
    known = learn(features, np.full(60, prior), logs_of(seconds, np.arange(50)), np.full(60, 0.05))
    off = known.mean[50:] - np.log(seconds[50:])
    assert np.abs(off).mean() < 0.6
