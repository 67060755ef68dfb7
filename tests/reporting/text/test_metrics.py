"""Metrics in sentences, word by word."""

from bakeoff_core.reporting.text.metrics import hidden_class, score_text
from bakeoff_core.schema.metrics import Difference, Score

SCORES = {"accuracy": Score(80.2, 76.0, 84.0), "balanced-accuracy": Score(69.0, 65.0, 73.0)}
CLASSES = [{"name": "functional", "accuracy": 99.0}, {"name": "defective", "accuracy": 39.0}]


def test_a_score_stands_with_its_interval() -> None:
    assert score_text(Score(68.123, 63.9, 72.31)) == "68.12 % (95 % interval 63.9 to 72.31 %)"


def test_what_accuracy_hides_is_said_with_the_class() -> None:
    assert hidden_class(SCORES, Difference(11.2, 8.0, 14.0), CLASSES) == (
        "Accuracy hides a class: it is 80.2 %, 11.2 points above the mean over the classes, 69 % (balanced accuracy). "
        "Of defective 39 % are found, of functional 99 %."
    )


def test_nothing_is_said_within_the_noise_or_without_the_numbers() -> None:
    assert hidden_class(SCORES, Difference(2.0, -1.0, 5.0), CLASSES) is None
    assert hidden_class(SCORES, None, CLASSES) is None
    assert hidden_class({}, Difference(11.2, 8.0, 14.0), CLASSES) is None
