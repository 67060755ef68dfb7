"""A ranking as a picture: bars in their order, intervals, who is the pick, and chance."""

from __future__ import annotations

from bakeoff_core.ranking.records import find
from bakeoff_core.reporting.figures.palette import BLUE, VERMILLION
from bakeoff_core.reporting.figures.ranking import MOST_SHOWN, ranking_figure
from tests.support.rankings import SIZE, make_ranking, make_row, scored

PUBLISHED = {("a.x", SIZE): 70.0, ("b.x", SIZE): 80.0}


def figure_of(*rows, **changes):
    ranking = make_ranking(rows, **changes)
    return ranking_figure(ranking, find(ranking, PUBLISHED, ()))


def test_best_is_on_top_with_its_interval_and_neighbours_beside_it() -> None:
    figure = figure_of(make_row("a.x", 150), make_row("b.x", 180))
    bars, marks = figure.data
    assert list(bars.x) == [75.0, 90.0]  # Plotly draws upwards
    assert bars.x[1] + bars.error_x.array[1] > 90 > bars.x[1] - bars.error_x.arrayminus[1]
    assert list(marks.x) == [70.0, 85.0]


def test_picks_are_marked_by_shape_and_by_colour() -> None:
    figure = figure_of(make_row("a.x", 180), make_row("b.x", 150))
    assert list(figure.layout.yaxis.ticktext) == ["◇ b", "★ a"]
    assert list(figure.data[0].marker.color) == [BLUE, VERMILLION]


def test_chance_is_drawn_where_it_is_near() -> None:
    near = figure_of(make_row("a.x", 120))
    assert [shape.x0 for shape in near.layout.shapes] == [60.0]
    assert near.layout.xaxis.range[0] < 60
    far = figure_of(make_row("a.x", 190), majority_share=1.0, classes=tuple("abcdefghij"))
    assert not far.layout.shapes


def test_names_from_files_can_do_no_harm_and_long_ones_are_cut() -> None:
    figure = figure_of(make_row("<b>x</b>" + "y" * 60, 100))
    (name,) = figure.layout.yaxis.ticktext
    assert "<b>" not in name and name.endswith("…")
    assert "<b>x</b>" not in figure.data[0].hovertext[0].removeprefix("<b>").partition("</b>")[0]


def test_another_metric_has_the_bars_and_accuracy_the_marks() -> None:
    figure = figure_of(scored("a.x", 150, 74.0, 70.0), scored("b.x", 170, 60.0, 40.0), metric="balanced-accuracy")
    bars, marks = figure.data
    assert list(bars.x) == [60.0, 74.0] and list(bars.error_x.array) == [5, 5]
    assert (marks.name, list(marks.x), marks.marker.symbol) == ("Accuracy", [85.0, 75.0], "circle-open")
    assert figure.layout.xaxis.title.text == "Balanced accuracy on your test images (%)"
    assert [shape.x0 for shape in figure.layout.shapes] == [50]
    assert "Balanced accuracy of the linear probe: 60 % (55 % to 65 %)" in bars.hovertext[0]
    assert "Nearest neighbours, accuracy: 80 %" in bars.hovertext[0]


def test_many_backbones_show_the_best() -> None:
    rows = [make_row(f"m{at}.x", 100 + at) for at in range(MOST_SHOWN + 5)]
    figure = figure_of(*rows)
    assert len(figure.data[0].x) == MOST_SHOWN and min(figure.data[0].x) == 52.5
