"""Which validation is the best, and when a run has ended."""

import pytest

from bakeoff_core.finetuning.validations import Validations, is_validated_at, validation_interval

METRIC = "balanced-accuracy"


def noted(*values: float | None, patience: int | None = None) -> Validations:
    """Validations at steps 10, 20 and so on; `None` for one in which the metric has no value."""
    found = Validations(METRIC, patience)
    for at, value in enumerate(values, 1):
        found.note(10 * at, {"accuracy": 90.0 - at, **({} if value is None else {METRIC: value})})
    return found


@pytest.mark.parametrize(
    ("values", "step"), [((50, 70, 60), 20), ((50, 70, 70), 30), ((70, 70, 60), 20), ((50, None), 10), ((), None)]
)
def test_the_best_by_the_metric_that_decides_is_kept_and_of_equals_the_later(values: tuple, step: int | None) -> None:
    """By accuracy, which falls, the first one would be."""
    assert noted(*values).best_step == step


def test_the_metrics_told_are_those_of_the_weights_that_are_kept() -> None:
    assert noted(50, 70, 60).kept == {"accuracy": 88.0, METRIC: 70}
    assert noted(None, None).kept == {"accuracy": 88.0}
    assert noted().kept == {}


@pytest.mark.parametrize(
    ("values", "patience", "ended"),
    [
        ((50, 49, 48), 2, True),
        ((50, 50, 50), 2, True),  # as good is no reason to go on
        ((50, 49, 51), 2, False),
        ((50, 49, 51, 50, 50), 2, True),
        ((50, 49, None), 2, False),
        ((50,), 1, False),
        ((50, 40, 30, 20), None, False),
    ],
)
def test_a_run_ends_after_as_many_in_a_row_without_a_better_one(
    values: tuple, patience: int | None, ended: bool
) -> None:
    assert noted(*values, patience=patience).has_ended is ended


def test_a_resumed_run_knows_what_it_knew() -> None:
    before, after = noted(50, 49, patience=2), Validations(METRIC, 2)
    after.restore(before.state())
    assert (after.best_step, after.kept, after.last_step) == (10, before.kept, 20)
    assert not after.note(30, {METRIC: 49.5}) and after.has_ended


def test_validations_fall_on_whole_passes_and_on_the_last_step() -> None:
    assert (validation_interval(30, 52), validation_interval(1060, 53)) == (3, 106)
    assert [step for step in range(8) if is_validated_at(step, 3, 7)] == [3, 6, 7]
