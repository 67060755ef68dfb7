"""Which metric can decide, and which class matters."""

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.schema.metrics import DECIDING, Score, parse_scores, positive_class, require_metric


def test_the_rarer_of_two_classes_matters_where_nobody_says() -> None:
    assert positive_class(("a", "b"), (10, 3)) == 1
    assert positive_class(("a", "b"), (3, 10)) == 0
    assert positive_class(("a", "b"), (5, 5)) == 1
    assert positive_class(("a", "b"), (10, 3), "a") == 0
    assert positive_class(("a", "b", "c"), (1, 2, 3)) is None


def test_a_class_that_is_not_there_or_not_one_of_two_is_refused() -> None:
    with pytest.raises(BakeoffError, match="must be a or b. Got 'c'"):
        positive_class(("a", "b"), (1, 2), "c")
    with pytest.raises(BakeoffError, match="these images have 3"):
        positive_class(("a", "b", "c"), (1, 2, 3), "a")


def test_each_deciding_metric_is_taken_and_the_others_are_named() -> None:
    assert [require_metric(name, 2).name for name in DECIDING] == list(DECIDING)
    with pytest.raises(BakeoffError, match="one of accuracy, balanced-accuracy, macro-f1. Got 'auc'"):
        require_metric("auc", 3)
    with pytest.raises(BakeoffError, match="Got 'recall'"):
        require_metric("recall", 2)
    with pytest.raises(BakeoffError, match="Average precision is of one class against one other.*3 classes"):
        require_metric("average-precision", 3)


def test_scores_come_back_from_json_and_unknown_metrics_are_passed_over() -> None:
    score = {"value": 80.0, "low": 70.0, "high": 90.0}
    assert parse_scores({"accuracy": score, "later": score}) == {"accuracy": Score(80.0, 70.0, 90.0)}
    assert parse_scores(None) == {}
    with pytest.raises(ValueError, match="less than or equal to 100"):
        parse_scores({"accuracy": {**score, "high": 101.0}})
