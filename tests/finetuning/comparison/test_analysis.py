"""What three runs say, by hand: gaps, crossings, labels saved, and the signs that transfer did not help."""

import pytest

from bakeoff_core.finetuning.comparison.analysis import compare, count_labels_saved, curve_of, find_crossing, find_reach
from bakeoff_core.finetuning.comparison.records import (
    FULL,
    PROBE,
    SCRATCH,
    Crossing,
    CurvePoint,
    Finding,
    LabelsPoint,
    LabelsSaved,
)
from bakeoff_core.stats import PairedCounts, independent_interval, mcnemar_p, paired_interval
from tests.support.comparisons import IDENTITY, make_answers, make_comparison, make_conditions, make_curve, make_part

# --- gaps ------------------------------------------------------------------------------------------------------------


def test_a_gap_pairs_the_answers_to_the_same_images() -> None:
    answers = {FULL: make_answers(100, first=0), SCRATCH: make_answers(80, first=40)}
    parts = [make_part(recipe, frame) for recipe, frame in answers.items()]
    (gap,) = compare(parts, answers, (), make_conditions(), **IDENTITY).gaps
    counts = PairedCounts(both=60, only_one=40, only_other=20, neither=80)
    assert (gap.run, gap.against, gap.images, gap.only_run, gap.only_against) == (FULL, SCRATCH, 200, 40, 20)
    assert (gap.points, gap.low, gap.high) == paired_interval(counts)
    assert gap.points == pytest.approx(10)
    assert gap.p_value == mcnemar_p(counts)


def test_every_pair_of_tested_runs_has_a_gap() -> None:
    found = make_comparison()
    assert [(gap.run, gap.against, gap.points) for gap in found.gaps] == [
        (PROBE, SCRATCH, pytest.approx(20)),
        (FULL, SCRATCH, pytest.approx(30)),
        (FULL, PROBE, pytest.approx(10)),
    ]


def test_runs_tested_on_different_images_have_no_gap() -> None:
    answers = {FULL: make_answers(100), SCRATCH: make_answers(90, images=190)}
    parts = [make_part(recipe, frame) for recipe, frame in answers.items()]
    found = compare(parts, answers, (), make_conditions(), **IDENTITY)
    assert found.gaps == () and found.worth is None and found.transfer_recipe == FULL


@pytest.mark.parametrize(
    ("probe", "full", "stands"),
    [((70, 80), (75, 79), PROBE), ((90, 78), (75, 79), FULL), ((70, 80), (75, 80), PROBE)],
)
def test_validation_at_the_end_decides_which_run_stands_for_transfer(probe, full, stands: str) -> None:
    curves = {PROBE: make_curve(*probe), FULL: make_curve(*full), SCRATCH: make_curve(50, 60)}
    found = make_comparison(curves=curves)
    assert found.transfer_recipe == stands
    assert found.worth == found.gap(stands, SCRATCH)


def test_the_metric_that_decides_says_which_run_stands_for_transfer() -> None:
    answers = {recipe: make_answers(150) for recipe in (PROBE, FULL)}
    values = {PROBE: {"accuracy": 80.0, "macro-f1": 70.0}, FULL: {"accuracy": 90.0, "macro-f1": 60.0}}
    parts = [make_part(recipe, answers[recipe], make_curve(85), val_scores=values[recipe]) for recipe in answers]
    for metric, stands in (("accuracy", FULL), ("macro-f1", PROBE), ("average-precision", FULL)):
        found = compare(parts, answers, (), make_conditions(), metric=metric, **IDENTITY)
        assert (found.metric, found.transfer_recipe) == (metric, stands)


def test_without_validation_the_full_fine_tune_stands_for_transfer() -> None:
    found = make_comparison(probe=190, identity={"train_on": "train+val"}, val_images=0)
    assert (found.transfer_recipe, found.crossings, found.reaches) == (FULL, (), ())
    assert found.worth.points == pytest.approx(30)


def test_what_is_left_of_a_comparison_without_its_probe_or_from_scratch() -> None:
    without_probe = make_comparison(probe=None)
    assert without_probe.transfer_recipe == FULL and len(without_probe.gaps) == 1
    without_scratch = make_comparison(scratch=None)
    assert without_scratch.worth is None and len(without_scratch.gaps) == 1
    assert without_scratch.labels_saved is None
    assert make_comparison(probe=None, full=None).transfer_recipe is None


# --- curves ----------------------------------------------------------------------------------------------------------


def test_a_curve_is_read_from_the_validations() -> None:
    metrics = [
        {"step": 1, "loss": 0.7, "seconds": 10.0},
        {"step": 1, "val_accuracy": 60.0, "seconds": 12.0},
        {"step": 2, "loss": 0.6, "seconds": 15.0},
        {"step": 2, "val_accuracy": 70.0, "seconds": 16.0},
    ]
    assert curve_of(metrics) == (CurvePoint(1, 60.0, 12.0), CurvePoint(2, 70.0, 16.0))
    assert curve_of([]) == ()


def test_a_crossing_is_where_a_curve_is_first_above_where_it_stays_and_where_it_is_clear() -> None:
    one, other = make_curve(60, 50, 55, 70, 80), make_curve(50, 52, 56, 66, 66)
    assert find_crossing(FULL, PROBE, one, other, 400) == Crossing(
        FULL, PROBE, 10, *independent_interval(60, 400, 50, 400), stays_from=40, clear_from=50
    )
    back = find_crossing(PROBE, FULL, other, one, 400)
    assert (back.step, back.stays_from, back.clear_from) == (20, None, None)
    assert back.points == pytest.approx(2) and back.low < 0 < back.high


def test_a_curve_that_is_never_above_has_no_crossing() -> None:
    level = make_curve(50, 60)
    found = find_crossing(FULL, PROBE, level, level, 400)
    assert (found.step, found.points, found.low, found.high, found.stays_from) == (None, None, None, None, None)


def test_curves_are_compared_where_both_were_validated() -> None:
    coarse, fine = make_curve(70, 80, interval=20), make_curve(10, 60, 10, 90, interval=10)
    assert find_crossing(FULL, PROBE, coarse, fine, 400).step == 20
    assert find_crossing(PROBE, FULL, fine, coarse, 400).step == 40


def test_a_run_reaches_the_best_from_scratch_at_its_first_validation_with_as_much() -> None:
    scratch = make_curve(50, 64, 64, 60, seconds=8)
    found = find_reach(FULL, make_curve(60, 64, 80), scratch)
    assert (found.val_accuracy, found.step, found.seconds) == (64, 20, 10)
    assert (found.scratch_step, found.scratch_seconds) == (20, 16)
    assert (found.steps_saved, found.seconds_saved) == (0, 6)
    late = find_reach(PROBE, make_curve(10, 10, 64), scratch)
    assert (late.steps_saved, late.seconds_saved) == (-10, 1)
    never = find_reach(PROBE, make_curve(60, 63), scratch)
    assert (never.step, never.seconds, never.steps_saved, never.seconds_saved) == (None, None, None, None)


# --- labels ----------------------------------------------------------------------------------------------------------


def points(*accuracies: float) -> list[LabelsPoint]:
    return [LabelsPoint(100 * 2**at, value, value - 3, value + 3) for at, value in enumerate(accuracies)]


def test_the_labels_saved_are_the_fewest_from_which_on_every_probe_does_as_well() -> None:
    assert count_labels_saved(points(60, 70, 75, 80), 70, 800) == LabelsSaved(200, 800, at_most=False)
    assert count_labels_saved(points(60, 70, 75, 80), 70, 800).times == 4
    lucky = points(60, 71, 69, 80)
    assert count_labels_saved(lucky, 70, 800) == LabelsSaved(800, 800, at_most=False)


def test_where_the_smallest_probe_does_as_well_the_labels_are_at_most_so_many() -> None:
    assert count_labels_saved(points(75, 80), 70, 200) == LabelsSaved(100, 200, at_most=True)


def test_a_probe_below_from_scratch_saves_no_labels() -> None:
    assert count_labels_saved(points(60, 65, 69), 70, 400) is None
    assert count_labels_saved([], 70, 400) is None


# --- where transfer does not help ------------------------------------------------------------------------------------


def test_where_both_runs_are_clearly_ahead_nothing_is_found() -> None:
    found = make_comparison()
    assert found.findings == () and found.reasons == ()
    assert found.worth.is_ahead


def test_a_run_within_noise_of_from_scratch_is_no_better_and_one_below_is_worse() -> None:
    found = make_comparison(probe=122, full=90, scratch=120)
    assert found.findings == (Finding(PROBE, "no_better"), Finding(FULL, "at_chance"), Finding(FULL, "worse"))


@pytest.mark.parametrize(
    ("majority", "classes", "right", "at_chance"),
    [(50.0, 2, 112, True), (50.0, 2, 116, False), (60.0, 2, 116, True), (1.0, 2, 112, True), (1.0, 100, 112, False)],
)
def test_chance_is_the_most_frequent_class_or_an_even_guess(
    majority: float, classes: int, right: int, at_chance: bool
) -> None:
    found = make_comparison(probe=right, scratch=20, majority_share=majority, class_count=classes)
    assert (Finding(PROBE, "at_chance") in found.findings) is at_chance


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"grey_share": 0.9}, "grey_images"),
        ({"img_size": 64}, "other_size"),
        ({"img_size": 448}, "other_size"),
        ({"own_weights": True}, "own_weights"),
        ({"steps": 249}, "few_steps"),
        ({"train_images": 100_000}, "many_labels"),
    ],
)
def test_a_reason_is_given_where_the_conditions_support_it(conditions: dict, reason: str) -> None:
    assert reason in make_comparison(probe=120, full=121, scratch=120, **conditions).reasons
    assert reason not in make_comparison(probe=120, full=121, scratch=120).reasons
    assert make_comparison(**conditions).reasons == ()  # nothing to explain


@pytest.mark.parametrize(
    "conditions",
    [{"grey_share": None}, {"grey_share": 0.89}, {"img_size": 160}, {"img_size": 335}, {"pretrained_size": None}],
)
def test_a_reason_that_the_conditions_do_not_support_is_not_given(conditions: dict) -> None:
    assert not {"grey_images", "other_size"} & set(make_comparison(probe=120, full=120, **conditions).reasons)


def test_where_only_the_probe_falls_short_a_full_fine_tune_is_the_way() -> None:
    found = make_comparison(probe=120, full=170, scratch=120)
    assert found.findings == (Finding(PROBE, "no_better"),)
    assert "full_moves_features" in found.reasons
    assert "full_moves_features" not in make_comparison(probe=120, full=121, scratch=120).reasons


def test_few_labels_explain_a_probe_at_chance() -> None:
    assert "few_labels" in make_comparison(probe=100, scratch=50, train_images=60).reasons
    assert "few_labels" not in make_comparison(probe=120, full=121, scratch=120, train_images=60).reasons


def test_a_wide_interval_and_a_perfect_rival_explain_no_gap() -> None:
    # The same 120 images right by both: the interval is narrow, and the test is not to blame.
    assert "few_test_images" not in make_comparison(probe=120, full=150, scratch=120).reasons
    answers = {PROBE: make_answers(100, first=0), SCRATCH: make_answers(96, first=40)}
    parts = [make_part(recipe, frame) for recipe, frame in answers.items()]
    assert "few_test_images" in compare(parts, answers, (), make_conditions(), **IDENTITY).reasons
    assert "nothing_left" in make_comparison(probe=197, full=197, scratch=197).reasons
