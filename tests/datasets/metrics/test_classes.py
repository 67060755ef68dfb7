"""Accuracy, classes and confusions, by hand."""

import numpy as np
import pytest

from bakeoff_core.datasets.metrics.classes import accuracy, by_class, confusions

LABELS = np.array([0, 0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 1, 0, 2])
CLASSES = ("cat", "dog", "owl", "unseen")


def test_the_interval_of_80_of_100_is_wilsons() -> None:
    # Wilson's interval of 80 in 100: 71.1 to 86.7 %.
    found = accuracy(np.zeros(100), np.array([0] * 80 + [1] * 20))
    assert found["accuracy"] == 80
    assert (found["low"], found["high"]) == pytest.approx((71.12, 86.66), abs=0.01)


def test_no_images_have_no_accuracy() -> None:
    with pytest.raises(ValueError, match="at least one"):
        accuracy(np.array([]), np.array([]))


def test_each_class_with_images_has_its_own_accuracy() -> None:
    found = by_class(LABELS, PREDICTED, CLASSES)
    assert [(c["name"], c["images"], c["accuracy"]) for c in found] == [("cat", 4, 50), ("dog", 2, 50), ("owl", 1, 100)]


def test_the_pairs_confused_most_come_first_with_examples() -> None:
    found = confusions(LABELS, PREDICTED, CLASSES, [f"{at}.jpg" for at in range(7)])
    assert found == [
        {"true": "cat", "predicted": "dog", "count": 2, "examples": ["2.jpg", "3.jpg"]},
        {"true": "dog", "predicted": "cat", "count": 1, "examples": ["5.jpg"]},
    ]
