"""The picture of a search: who is drawn solid, who faint, and where the limits are."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from bakeoff_core.reporting.figures.search import MOST_PREDICTIONS, nearest, search_figure
from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.records import PredictedModel
from tests.support.candidate_tables import HOSTILE_NAMES, candidate, table

MEASURED = table([candidate("slow.tag", 224, 82.0, 40.0), candidate("fast.tag", 224, 75.0, 10.0)])


def predicted(name: str, top1: float, latency_s: float) -> PredictedModel:
    return PredictedModel(f"{name}.tag", 224, top1, latency_s, latency_s / 1.5, latency_s * 2)


def trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(each for each in figure.data if each.name == name)


def test_predictions_are_faint_points_with_their_ranges_below_what_was_measured() -> None:
    figure = search_figure(MEASURED, [predicted("maybe", 80.0, 0.020)], Limits())
    assert [each.name for each in figure.data] == ["Predicted, with its range", "Frontier"]
    faint = trace(figure, "Predicted, with its range")
    assert (list(faint.x), list(faint.y)) == ([20.0], [80.0])
    assert (list(faint.error_x.array), [round(v, 3) for v in faint.error_x.arrayminus]) == ([20.0], [6.667])
    assert "predicted, not measured" in faint.hovertext[0]
    assert list(trace(figure, "Frontier").x) == [10.0, 40.0]


def test_a_measured_model_that_is_dominated_is_solid_too() -> None:
    rows = table([candidate("a.tag", 224, 82.0, 10.0), candidate("b.tag", 224, 75.0, 40.0)])
    assert trace(search_figure(rows, (), Limits()), "Dominated").marker.symbol == "diamond"


def test_a_model_that_was_measured_since_is_predicted_no_more() -> None:
    assert nearest([predicted("slow", 82.0, 0.030)], MEASURED, Limits()) == ()


def test_the_predictions_nearest_to_the_frontier_are_drawn_and_no_more_than_a_browser_bears() -> None:
    above, below = predicted("above", 80.0, 0.012), predicted("below", 70.0, 0.045)
    crowd = [predicted(f"net{at}", 60.0, 0.05) for at in range(2 * MOST_PREDICTIONS)]
    drawn = nearest([*crowd, below, above], MEASURED, Limits())
    assert len(drawn) == MOST_PREDICTIONS and drawn[:2] == (above, below)


def test_what_is_surely_over_the_budget_is_left_out_unless_everything_is() -> None:
    near, far = predicted("near", 80.0, 0.020), predicted("far", 90.0, 2.0)
    assert nearest([far, near], MEASURED, Limits(max_latency_s=0.030)) == (near,)
    assert nearest([far], MEASURED, Limits(max_latency_s=0.030)) == (far,)


def test_limits_are_lines_whose_words_stand_at_them_on_the_logarithmic_axis() -> None:
    figure = search_figure(MEASURED, [predicted("maybe", 80.0, 0.020)], Limits(min_top1=78.0, max_latency_s=0.030))
    budget, floor = figure.layout.shapes
    assert (budget.x0, budget.x1, floor.y0, floor.y1) == (30.0, 30.0, 78.0, 78.0)
    words = {note.text: note for note in figure.layout.annotations}
    assert math.isclose(words["at most 30 ms"].x, math.log10(30.0)) and words["at least 78 %"].y == 78.0


def test_before_anything_is_measured_the_predictions_alone_are_drawn() -> None:
    figure = search_figure(MEASURED.iloc[:0], [predicted("maybe", 80.0, 0.020)], Limits(max_latency_s=0.1))
    assert [each.name for each in figure.data] == ["Predicted, with its range"]
    assert [note.text for note in figure.layout.annotations] == ["at most 100 ms"]
    low, high = figure.layout.xaxis.range
    assert 10**low < 20 and 10**high > 100  # the budget is in view


def test_names_from_files_stay_text() -> None:
    figure = search_figure(MEASURED, [predicted(HOSTILE_NAMES[0], 80.0, 0.020)], Limits(), dark=True)
    assert "<script>" not in figure.data[0].hovertext[0]
