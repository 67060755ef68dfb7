"""The precision-recall curve, as data."""

import pandas as pd
import pytest

from bakeoff_core.datasets.metrics.thresholds import CURVE_COLUMNS, operating_point
from bakeoff_core.reporting.figures.metrics import MOST_POINTS, precision_recall_figure
from bakeoff_core.reporting.figures.palette import DARK, LIGHT
from tests.support.judged_runs import cells_curve


@pytest.mark.parametrize(("dark", "palette"), [(False, LIGHT), (True, DARK)])
def test_the_curve_is_drawn_with_the_threshold_and_the_share_of_the_class(dark: bool, palette) -> None:
    curve = cells_curve()
    point = operating_point(curve, 0.3)
    figure = precision_recall_figure(curve, point, "defective", dark=dark)
    random, line, marked = figure.data
    assert figure.layout.annotations[0].text == "answers at random: 31.4 %"
    assert list(random.y) == [pytest.approx(100 * 206 / 656)] * 2
    assert list(line.x) == list(curve["recall"]) and list(line.y) == list(curve["precision"])
    assert (marked.x, marked.y) == ((point.recall.value,), (75.0,))
    assert marked.error_x.arrayminus[0] == pytest.approx(point.recall.value - point.recall.low)
    assert marked.error_y.array[0] == pytest.approx(point.precision.high - 75)
    assert (line.line.color, marked.marker.color) == (palette.frontier, palette.pick)


def test_a_threshold_that_answers_nothing_has_no_place_on_the_curve() -> None:
    curve = cells_curve()
    assert len(precision_recall_figure(curve, operating_point(curve, 0.95), "defective").data) == 2


def test_of_a_long_curve_an_even_part_is_drawn_with_both_ends() -> None:
    rows = [(at / 9_000, 9_000 - at, 50.0, 100 - at / 90) for at in range(9_000)]
    curve = pd.DataFrame(rows, columns=list(CURVE_COLUMNS))
    line = precision_recall_figure(curve, operating_point(curve, 0.5), "x").data[1]
    assert len(line.x) == MOST_POINTS
    assert (line.x[0], line.x[-1]) == (curve["recall"].iloc[0], curve["recall"].iloc[-1])


def test_the_name_of_the_class_stays_text_and_short() -> None:
    curve = cells_curve()
    figure = precision_recall_figure(curve, operating_point(curve, 0.5), "<img src=x onerror=alert(1)>" * 3)
    assert "<img" not in figure.to_json()
    assert figure.layout.xaxis.title.text == "Recall of &lt;img src=x onerror=aler… (%)"
