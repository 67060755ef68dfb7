"""Metrics and their intervals: by hand, against scikit-learn, and by how often they hold what is true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score

from bakeoff_core.datasets.metrics import resampling
from bakeoff_core.datasets.metrics.answers import Answers, answers_from, positive_probability
from bakeoff_core.datasets.metrics.resampling import average_precisions, redraw, redraw_average_precision
from bakeoff_core.datasets.metrics.scores import (
    accuracy_over_balanced,
    compare_answers,
    precision_recall_curve,
    scores_of,
    values_of,
)
from bakeoff_core.schema.metrics import METRICS
from bakeoff_core.stats import independent_interval

LABELS = np.array([0] * 90 + [1] * 10)


def _binary(found_of_rare: int, false_alarms: int) -> Answers:
    predicted = np.concatenate([np.arange(90) < false_alarms, np.arange(10) < found_of_rare]).astype(int)
    return Answers(LABELS, predicted, 1, np.where(predicted == 1, 0.9, 0.2))


def _drawn(generator: np.random.Generator, images: tuple[int, ...], recalls: tuple[float, ...]) -> Answers:
    labels = np.repeat(np.arange(len(images)), images)
    right = generator.random(len(labels)) < np.asarray(recalls)[labels]
    return Answers(labels, np.where(right, labels, (labels + 1) % len(images)))


def test_the_metrics_by_hand() -> None:
    # 4 of 10 rare ones found and 5 of 90 others taken for one: recall 40 %, precision 4 of 9, recalls 40 and 94.4 %.
    found = values_of(_binary(4, 5))
    assert found["accuracy"] == pytest.approx(89)
    assert found["recall"] == pytest.approx(40)
    assert found["precision"] == pytest.approx(100 * 4 / 9)
    assert found["balanced-accuracy"] == pytest.approx((40 + 100 * 85 / 90) / 2)
    assert found["macro-f1"] == pytest.approx(100 * (2 * 4 / 19 + 2 * 85 / 181) / 2)
    # Two groups of equal probability: 9 of which 4 are right, then all.
    assert found["average-precision"] == pytest.approx(100 * (0.4 * 4 / 9 + 0.6 * 0.1))


def test_nothing_answered_with_the_class_that_matters_has_no_precision() -> None:
    assert "precision" not in scores_of(_binary(0, 0), draws=20)


def test_more_than_two_classes_have_no_metric_of_one() -> None:
    labels = np.array([0, 1, 2, 2])
    assert set(values_of(Answers(labels, labels))) == {"accuracy", "balanced-accuracy", "macro-f1"}


def test_a_class_without_test_images_does_not_count_but_answers_with_it_are_wrong() -> None:
    found = values_of(Answers(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])))
    assert found["balanced-accuracy"] == 75
    assert found["macro-f1"] == pytest.approx(100 * (2 / 3 + 1 + 0) / 3)


@pytest.mark.parametrize("answers", [_binary(4, 5), _binary(10, 0), _binary(0, 0), _binary(0, 90)])
def test_every_interval_holds_its_value_and_is_of_percent(answers: Answers) -> None:
    found = scores_of(answers, draws=100)
    assert set(found) <= set(METRICS)
    for name, score in found.items():
        assert 0 <= score.low <= score.value <= score.high <= 100, name


def test_perfect_answers_are_not_certain() -> None:
    for name, score in scores_of(_binary(10, 0), draws=50).items():
        assert score.value == 100
        assert score.low < 99, name


def test_an_interval_is_the_same_when_asked_again() -> None:
    assert scores_of(_binary(4, 5), seed=3, draws=50) == scores_of(_binary(4, 5), seed=3, draws=50)


def test_draws_count_as_scikit_learn_does() -> None:
    generator = np.random.default_rng(1)
    labels, predicted = generator.integers(0, 5, 60), generator.integers(0, 6, 60)
    drawn = redraw(labels, (predicted,), seed=7, draws=5)[0]
    # The same answers drawn so that each image comes once: the values of the images themselves.
    single = redraw(np.arange(6), (np.array([0, 1, 2, 2, 4, 4]),), draws=1)[0]
    mine = np.array([0, 1, 2, 2, 4, 4])
    assert single.balanced_accuracy()[0] == pytest.approx(100 * balanced_accuracy_score(np.arange(6), mine))
    assert single.macro_f1()[0] == pytest.approx(100 * f1_score(np.arange(6), mine, average="macro"))
    assert drawn.accuracy().shape == (5,)
    assert len(set(drawn.accuracy())) > 1


def test_average_precision_is_drawn_with_all_classes() -> None:
    drawn = redraw_average_precision((_binary(4, 5),), draws=200)[0]
    value = 100 * average_precision_score(LABELS, _binary(4, 5).probability)
    assert drawn.mean() == pytest.approx(value, abs=3)
    assert (drawn > 0).all()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_average_precision_of_draws_is_scikit_learns_with_the_draws_as_weights(images: list[tuple]) -> None:
    images = [(True, 2, 1, 1), *images]  # one of the class that matters, in every draw
    is_positive, fifths, *drawn = (np.array(of) for of in zip(*images, strict=True))
    probability = fifths / 5  # many alike
    assert average_precisions(is_positive, probability, np.array(drawn)) == pytest.approx(
        [average_precision_score(is_positive, probability, sample_weight=weights) for weights in drawn]
    )


def test_average_precision_is_drawn_alike_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = redraw_average_precision((_binary(4, 5), _binary(8, 1)), draws=7)
    monkeypatch.setattr(resampling, "CHUNK", 2 * len(LABELS))
    assert redraw_average_precision((_binary(4, 5), _binary(8, 1)), draws=7).tolist() == whole.tolist()


@pytest.mark.parametrize("name", ["balanced-accuracy", "macro-f1"])
def test_about_95_of_100_intervals_hold_the_truth(name: str) -> None:
    generator = np.random.default_rng(0)
    images, recalls = (120, 40, 25), (0.9, 0.7, 0.6)
    many = _drawn(generator, (400_000,) * 3, recalls)  # by recalls alone
    weights = np.asarray(images) / sum(images)
    if name == "balanced-accuracy":
        truth = 100 * np.mean(recalls)
    else:
        matrix = np.zeros((3, 3))
        for label, (share, recall) in enumerate(zip(weights, recalls, strict=True)):
            matrix[label, label], matrix[label, (label + 1) % 3] = share * recall, share * (1 - recall)
        truth = 100 * np.mean([2 * matrix[k, k] / (matrix[k].sum() + matrix[:, k].sum()) for k in range(3)])
    held = [
        (score := scores_of(_drawn(generator, images, recalls), draws=300)[name]).low <= truth <= score.high
        for _ in range(200)
    ]
    assert 0.90 <= np.mean(held) <= 0.99
    assert values_of(many)["balanced-accuracy"] == pytest.approx(100 * np.mean(recalls), abs=0.5)


def test_accuracy_that_hides_a_class_differs_from_balanced_accuracy_beyond_noise() -> None:
    hidden = accuracy_over_balanced(_binary(4, 1))
    assert hidden.differs
    assert hidden.points == pytest.approx(93 - (40 + 100 * 89 / 90) / 2)
    assert not accuracy_over_balanced(_binary(9, 8)).differs


def test_two_classes_of_which_one_weighs_nothing_are_compared_as_newcombe_does() -> None:
    # Equal class sizes weigh the same in both, so that nothing is left to differ.
    even = Answers(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    found = accuracy_over_balanced(even)
    assert (found.points, found.low, found.high) == (0, 0, 0)
    # 90 to 10 images: 0.4 of the difference of the two recalls.
    found = accuracy_over_balanced(_binary(4, 5))
    assert (found.points, found.low, found.high) == pytest.approx(
        tuple(0.4 * end for end in independent_interval(100 * 85 / 90, 90, 40, 10))
    )


@pytest.mark.parametrize("name", ["balanced-accuracy", "macro-f1", "average-precision"])
def test_a_gap_is_paired(name: str) -> None:
    one, other = _binary(6, 5), _binary(4, 5)
    same = compare_answers(name, one, one, draws=100)
    assert (same.points, same.low, same.high) == (0, 0, 0)
    gap = compare_answers(name, one, other, draws=400)
    assert gap.points == pytest.approx(values_of(one)[name] - values_of(other)[name])
    assert gap.low < gap.points < gap.high
    with pytest.raises(ValueError, match="same images"):
        compare_answers(name, one, Answers(LABELS[::-1], LABELS, 1, LABELS * 1.0))


def test_a_threshold_says_what_it_finds_and_what_it_flags() -> None:
    answers = Answers(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), 1, np.array([0.9, 0.4, 0.6, 0.1]))
    curve = precision_recall_curve(answers)
    assert curve["threshold"].tolist() == [0.1, 0.4, 0.6, 0.9]
    assert curve["flagged"].tolist() == [4, 3, 2, 1]
    assert curve["recall"].tolist() == [100, 100, 50, 50]
    assert curve["precision"].tolist() == pytest.approx([50, 200 / 3, 50, 100])


def test_the_likelier_classs_probability_gives_that_of_the_one_that_matters() -> None:
    probabilities = np.array([[0.7, 0.3], [0.2, 0.8]])
    answers = answers_from(np.array([0, 1]), probabilities, 0)
    again = positive_probability(probabilities.argmax(1), probabilities.max(1), 0)
    assert answers.probability == pytest.approx(again)


def test_answers_need_images_and_belong_together() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Answers(np.array([]), np.array([]))
    with pytest.raises(ValueError, match="Got 1 of 2"):
        Answers(np.array([0, 1]), np.array([0]))
    with pytest.raises(ValueError, match="belong together"):
        Answers(np.array([0, 1]), np.array([0, 1]), positive=1)
