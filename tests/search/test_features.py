"""What is known of rows before they are measured, and how gaps are filled."""

import numpy as np

from bakeoff_core.search.features import describe
from tests.support.search_spaces import made_up


def test_features_are_scaled_and_the_published_cpu_is_the_prior() -> None:
    space, _ = made_up()
    features = describe(space)
    assert np.allclose(features.values.mean(axis=0), 0)
    assert np.allclose(features.values.std(axis=0), 1)
    assert np.array_equal(features.prior_log_s, np.log(space["cpu_seconds"]))
    assert np.allclose(np.exp(features.prior_log_bytes), 4 * (space["param_count"] + space["activations"]))
    assert not features.guessed.any()


def test_a_number_that_a_row_lacks_is_guessed_as_its_family_lies() -> None:
    space, _ = made_up(200)
    true = np.log(space["cpu_seconds"].to_numpy())
    some = np.arange(0, 200, 5)
    space.loc[some, ["cpu_seconds", "gpu_seconds"]] = np.nan
    features = describe(space)
    off = features.prior_log_s - true
    assert np.flatnonzero(features.guessed).tolist() == some.tolist()
    assert np.abs(off[~features.guessed]).max() == 0
    assert off[some].std() < 0.3  # the row's own 0.2, not the family's 0.5


def test_an_architecture_at_another_size_tells_more_than_its_family() -> None:
    space, _ = made_up(200)
    at, other = 10, 11
    space.loc[other, "architecture"] = space.loc[at, "architecture"]
    space.loc[[at, other], "family"] = "A family of its own"
    space.loc[at, "cpu_seconds"] = space.loc[at, "macs"] / 5e10 * 8
    space.loc[other, ["cpu_seconds", "gpu_seconds"]] = np.nan
    alike = np.exp(describe(space).prior_log_s[other]) / (space.loc[other, "macs"] / 5e10)
    assert alike > 2


def test_a_row_of_which_nothing_is_known_gets_what_is_usual_and_no_memory() -> None:
    space, _ = made_up()
    numbers = ["param_count", "macs", "activations", "cpu_seconds", "gpu_seconds"]
    space.loc[3, [*numbers, "family"]] = [np.nan] * 5 + [None]
    features = describe(space)
    assert np.isfinite(features.values).all()
    known = np.log(space["cpu_seconds"].dropna())
    assert known.min() < features.prior_log_s[3] < known.max()
    assert np.isnan(features.prior_log_bytes[3])
    assert (features.family == features.family[3]).sum() == 1


def test_without_published_speeds_multiply_accumulates_are_the_prior() -> None:
    space, _ = made_up()
    features = describe(space.assign(cpu_seconds=np.nan, gpu_seconds=np.nan))
    assert np.allclose(features.prior_log_s, np.log(space["macs"] / 1e11))


def test_a_space_of_one_row_and_one_without_any_number_can_be_described() -> None:
    space, _ = made_up()
    assert describe(space[:1]).values.shape == (1, 0)
    numbers = ["param_count", "macs", "activations", "cpu_seconds", "gpu_seconds"]
    assert np.allclose(np.exp(describe(space.assign(**dict.fromkeys(numbers, np.nan))).prior_log_s), 0.03)
