"""Metrics in sentences, word by word."""

from bakeoff_core.datasets.metrics.sentences import hidden_class, score_text
from bakeoff_core.datasets.metrics.thresholds import OperatingPoint
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.text.metrics import threshold_text, unequal_classes
from bakeoff_core.schema.metrics import METRICS, Difference, Score

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


def test_metrics_begin_a_sentence_in_the_fields_spelling() -> None:
    assert [METRICS[name].heading for name in ("macro-f1", "balanced-accuracy")] == ["Macro F1", "Balanced accuracy"]


def test_unequal_classes_are_told_with_what_to_decide_by() -> None:
    assert unequal_classes(("many", "few", "none"), (20, 10, 0)) == (
        "The classes are of unequal size: 20 images to train on of many, 10 of few. Accuracy can be high while few is "
        "missed. Recommended: let balanced accuracy decide, and give rare classes class weights or balanced sampling."
    )
    assert unequal_classes(("many", "few"), (19, 10)) is None
    assert unequal_classes(("none",), (0,)) is None


def test_what_a_threshold_comes_to_is_said_in_images() -> None:
    point = OperatingPoint(0.5, 2_000, 206, 1_084, 80, Score(38.8, 32.4, 45.6), None)
    assert threshold_text(point, "a*b", markdown_text) == (
        "1,084 of 2,000 images would be answered with a\\*b: it finds 80 of 206."
    )
