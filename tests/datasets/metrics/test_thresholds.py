"""What a threshold comes to, against counting the images themselves."""

import numpy as np
import pandas as pd
import pytest

from bakeoff_core.datasets.metrics.answers import Answers
from bakeoff_core.datasets.metrics.scores import precision_recall_curve
from bakeoff_core.datasets.metrics.thresholds import CURVE_COLUMNS, operating_point
from bakeoff_core.stats import wilson_interval


def test_a_threshold_read_off_a_curve_is_what_counting_the_images_gives() -> None:
    random = np.random.default_rng(7)
    labels = random.integers(0, 2, 300)
    probability = np.round(random.random(300), 2)  # with ties
    curve = precision_recall_curve(Answers(labels, (probability >= 0.5).astype(int), 1, probability))
    for threshold in (0.0, 0.005, 0.25, 0.5, 0.777, 1.0):
        flagged = probability >= threshold
        point = operating_point(curve, threshold)
        assert (point.images, point.of_class) == (300, labels.sum())
        assert (point.flagged, point.found) == (flagged.sum(), labels[flagged].sum())
        assert point.recall.value == pytest.approx(100 * labels[flagged].sum() / labels.sum())


def test_shares_have_wilsons_intervals_of_their_own_counts() -> None:
    curve = pd.DataFrame([(0.1, 50, 40.0, 100.0), (0.6, 10, 80.0, 40.0)], columns=list(CURVE_COLUMNS))
    point = operating_point(curve, 0.5)
    assert (point.flagged, point.found, point.of_class) == (10, 8, 20)
    assert (point.recall.low, point.recall.high) == pytest.approx(wilson_interval(40, 20))
    assert (point.precision.low, point.precision.high) == pytest.approx(wilson_interval(80, 10))
    all_of_them = operating_point(curve, 0.0).recall
    assert (all_of_them.value, all_of_them.high) == (100, 100)


def test_above_every_probability_nothing_is_answered_and_nothing_found() -> None:
    curve = pd.DataFrame([(0.1, 50, 40.0, 100.0)], columns=list(CURVE_COLUMNS))
    point = operating_point(curve, 0.2)
    assert (point.flagged, point.found, point.precision, point.recall.value) == (0, 0, None, 0)


@pytest.mark.parametrize(
    "curve",
    [pd.DataFrame(), pd.DataFrame({"threshold": [0.1]}), pd.DataFrame([(0.1, 9, 0.0, 0.0)], columns=CURVE_COLUMNS)],
)
def test_what_is_no_curve_is_refused(curve: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="`curve` must"):
        operating_point(curve, 0.5)
