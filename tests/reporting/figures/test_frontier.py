"""The frontier figure as data: which points, in which shape, and what a click or a hover gives."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

from bakeoff_core.reporting.figures.frontier import frontier_figure
from bakeoff_core.reporting.figures.frontier_layout import build_marks
from bakeoff_core.reporting.figures.palette import BLUE, ORANGE, SKY_BLUE, VERMILLION
from bakeoff_core.reporting.text.candidate import candidate_lines
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    HOSTILE_NAMES,
    candidate,
    decided,
    hostile,
    measured,
    published,
)


def trace(figure, name):
    (found,) = [t for t in figure.data if t.name == name]
    return found


def names(figure):
    return [t.name for t in figure.data]


def labels(scatter):
    return [row[0] for row in scatter.customdata]


def other_machine() -> pd.DataFrame:
    """The same models, three times slower, elsewhere."""
    frame = measured()
    for column in [c for c in frame if c.startswith("latency")]:
        frame[column] *= 3
    return frame.assign(machine_id="m-9", machine_name="Raspberry Pi 5")


def many(count: int = 1400) -> pd.DataFrame:
    """A frontier of 28, the rest dominated."""
    rows = [
        candidate(f"arch{at}.tag", top1=60 + (at % 28) * 0.8, latency_ms=2 + (at % 28) * 10 + at // 28 * 0.1)
        for at in range(count)
    ]
    return annotate(pd.DataFrame(rows))


# ---------------------------------------------------------------- points


def test_the_frontier_is_a_step_line_through_solid_points_by_rising_cost():
    frontier = trace(frontier_figure(measured()), "Frontier")
    assert labels(frontier) == [
        "mobilenetv3_small_100.lamb_in1k @ 224",
        "mobilenetv3_large_100.ra_in1k @ 224",
        "efficientnet_b0.ra_in1k @ 224",
        "resnet50.a1_in1k @ 224",
        "resnet50.a1_in1k @ 288",
        "convnext_tiny.fb_in1k @ 224",
    ]
    assert list(frontier.x) == pytest.approx([4.38, 10.2, 11.84, 37.0, 61.0, 62.0])
    assert list(frontier.y) == [67.66, 75.77, 77.7, 80.4, 81.2, 82.1]
    assert frontier.line.shape == "hv"
    assert frontier.marker.symbol == "circle"


def test_the_dominated_differ_in_colour_and_in_shape():
    figure = frontier_figure(measured())
    dominated = trace(figure, "Dominated")
    assert set(labels(dominated)) == {
        "tf_efficientnet_lite0.in1k @ 224",
        "resnet18.a1_in1k @ 224",
        "vgg16.tv_in1k @ 224",
    }
    assert dominated.marker.symbol == "diamond-open"
    assert dominated.marker.color != trace(figure, "Frontier").marker.color


def test_whoever_has_no_place_on_the_axes_is_not_drawn():
    figure = frontier_figure(measured())
    drawn = {label for scatter in figure.data for label in labels(scatter)}
    assert "resnet50.a1_in1k @ 160" not in drawn
    assert "vit_huge_patch14_224.orig_in21k @ 224" not in drawn


def test_the_legend_explains_the_stars_where_answers_are_marked():
    figure = frontier_figure(measured(), answers=True)
    assert names(figure) == ["Dominated", "Frontier", "Other answer", "Pick"]
    assert [trace(figure, name).marker.symbol for name in ("Pick", "Other answer")] == ["star", "star-open"]
    assert list(trace(figure, "Pick").x) == [None], "the star itself is a mark over the chart"
    assert names(frontier_figure(measured())) == ["Dominated", "Frontier"]


def test_a_selected_point_is_ringed_and_an_unknown_selection_ignored():
    ring = trace(frontier_figure(measured(), selected="vgg16.tv_in1k @ 224"), "Selected")
    assert (list(ring.x), list(ring.y), ring.marker.symbol) == ([pytest.approx(290)], [71.59], "circle-open")
    assert ring.showlegend is False
    assert "Selected" not in names(frontier_figure(measured(), selected="gone @ 224"))


def test_another_setting_is_a_dashed_frontier_named_by_what_differs():
    figure = frontier_figure(measured(), comparison=other_machine())
    comparison = trace(figure, "Frontier: Raspberry Pi 5")
    assert comparison.line.dash == "dash"
    assert comparison.marker.symbol == "square"
    assert len(comparison.x) == 6
    assert list(comparison.customdata[0]) == ["mobilenetv3_small_100.lamb_in1k @ 224", "comparison"]
    assert comparison.hovertext[0].startswith("Raspberry Pi 5<br><b>mobilenetv3_small_100")


def test_a_comparison_that_has_no_frontier_is_left_out():
    figure = frontier_figure(measured(), comparison=measured().iloc[9:])
    assert names(figure) == ["Dominated", "Frontier"]


def test_a_long_machine_name_does_not_outgrow_the_legend():
    elsewhere = other_machine().assign(machine_name="x" * 200)
    entry = frontier_figure(measured(), comparison=elsewhere).data[1].name
    assert entry == f"Frontier: {'x' * 40}…"


@pytest.mark.parametrize(
    ("cost", "unit", "lite0"), [("macs", "G MACs", 0.41), ("params", "M", 4.65), ("memory", "MB", 50)]
)
def test_every_cost_can_be_the_axis_in_its_own_unit(cost, unit, lite0):
    figure = frontier_figure(measured(cost), cost=cost)
    points = {label: x for scatter in figure.data for label, x in zip(labels(scatter), scatter.x, strict=True)}
    assert points["tf_efficientnet_lite0.in1k @ 224"] == pytest.approx(lite0)
    assert unit in figure.layout.xaxis.title.text
    assert figure.layout.xaxis.type == "log"


def test_a_table_that_was_never_measured_is_drawn_against_macs():
    figure = frontier_figure(published(), cost="macs")
    assert len(trace(figure, "Frontier").x) == 5
    assert "latency" not in trace(figure, "Frontier").hovertext[0]


def test_accuracy_can_be_another_column():
    frame = annotate(measured().assign(linear_probe=[50.0 + at for at in range(11)]), accuracy="linear_probe")
    assert frontier_figure(frame, accuracy="linear_probe").layout.yaxis.title.text == "Linear probe (%)"
    marks = build_marks(frame, decided(), accuracy="linear_probe")
    assert marks.floor is None, "the floor is about top-1"
    assert (marks.budget.at, marks.pick.y) == (pytest.approx(15), 52.0)


def test_an_unknown_cost_is_refused():
    with pytest.raises(ValueError, match="`cost` must be one of latency, macs, params, memory. Got 'speed'."):
        frontier_figure(measured(), cost="speed")


@pytest.mark.parametrize("frame", [measured().iloc[:0], measured().iloc[9:]])
def test_nothing_to_draw_is_said(frame):
    figure = frontier_figure(frame, answers=True)
    assert not figure.data
    assert figure.layout.annotations[0].text == (
        "Nothing to draw yet:<br>no candidate has an accuracy<br>and a known latency."
    )


def test_nullable_columns_are_drawn_like_plain_ones():
    plain, nullable = annotate(measured()), annotate(measured().convert_dtypes())
    assert frontier_figure(nullable).to_json() == frontier_figure(plain).to_json()
    assert build_marks(nullable, decided()) == build_marks(plain, decided())


# -------------------------------------------------------------- intervals


def test_latency_intervals_are_error_bars_on_the_latency_axis_alone():
    frontier = trace(frontier_figure(measured()), "Frontier")
    assert list(frontier.error_x.array) == pytest.approx([0.03 * x for x in frontier.x])
    assert list(frontier.error_x.arrayminus) == pytest.approx([0.03 * x for x in frontier.x])
    assert trace(frontier_figure(measured("macs"), cost="macs"), "Frontier").error_x.array is None


def test_an_unknown_interval_has_no_bar():
    frame = measured()
    frame.loc[0, ["latency_p50_low_s", "latency_p50_high_s"]] = None
    bars = trace(frontier_figure(frame), "Frontier").error_x
    assert (bars.array[0], bars.arrayminus[0]) == (0, 0)
    assert bars.array[1] > 0


def test_many_points_have_no_error_bars_no_names_and_no_trace_each():
    frame = many()
    figure = frontier_figure(frame, answers=True)
    assert len(figure.data) <= 5
    placed = ("Frontier", "Dominated", "Can't be told apart")
    assert sum(len(scatter.x) for scatter in figure.data if scatter.name in placed) == 1400
    assert trace(figure, "Frontier").error_x.array is None
    assert not any(trace(figure, "Frontier").text)


# ------------------------------------------------------------------ hover


def test_hovering_tells_everything_that_is_known():
    figure = frontier_figure(measured())
    hover = dict(zip(labels(trace(figure, "Frontier")), trace(figure, "Frontier").hovertext, strict=True))
    assert hover["mobilenetv3_large_100.ra_in1k @ 224"].split("<br>") == [
        "<b>mobilenetv3_large_100.ra_in1k @ 224</b>",
        "top-1 75.77 % (timm results)",
        "95 % sampling interval 75.4 to 76.14 %",
        "latency 10.2 ms (p90 11.2), 98.0 images/s",
        "95 % interval of the median 9.89 to 10.5 ms",
        "128 passes in 2 processes",
        "220 M MACs · 5.48 M parameters · peak memory 35.0 MB · 2 warnings",
        "On the frontier: no other is at least as good on both axes and better on one.",
    ]


def test_hovering_over_the_dominated_names_who_dominates():
    dominated = trace(frontier_figure(measured()), "Dominated")
    hover = dict(zip(labels(dominated), dominated.hovertext, strict=True))
    assert hover["tf_efficientnet_lite0.in1k @ 224"].endswith(
        "Dominated by mobilenetv3_large_100.ra_in1k @ 224, which is 7.80 ms faster and 0.92 points more accurate."
    )


def test_the_lines_of_a_failed_candidate_say_why_and_nothing_unknown():
    row = measured().iloc[10].to_dict()
    assert candidate_lines(row) == [
        "vit_huge_patch14_224.orig_in21k @ 224",
        "167 G MACs · 632 M parameters",
        "Could not be measured: out of memory",
    ]


# ---------------------------------------------------------------- hostile


def test_foreign_text_is_shown_as_text_and_clicks_still_give_it_raw():
    elsewhere = hostile().assign(machine_id="m-9", machine_name=HOSTILE_NAMES[0])
    figure = frontier_figure(hostile(), comparison=elsewhere, answers=True)
    frontier = trace(figure, "Frontier")
    assert labels(frontier) == [f"{name} @ 224" for name in HOSTILE_NAMES]
    shown = [str(scatter.name) for scatter in figure.data] + [note.text for note in figure.layout.annotations]
    for scatter in figure.data:
        shown += [*(scatter.hovertext if scatter.hovertext is not None else ()), *(scatter.text or ())]
    for text in shown:
        plain = text
        for tag in ("<b>", "</b>", "<br>", "<i>", "</i>"):
            plain = plain.replace(tag, "")
        assert not set("<>$") & set(plain), text
    joined = " ".join(shown)
    assert "&lt;script&gt;alert(1)" in joined
    assert "&lt;b&gt;slow" in joined, "escaped markup, not bold type"


def test_the_hover_text_is_never_read_as_a_template():
    for scatter in frontier_figure(hostile()).data:
        assert scatter.hovertemplate is None
        assert scatter.hoverinfo == "text"


# ------------------------------------------------------------- appearance


def test_light_and_dark_are_two_designs_on_a_transparent_ground():
    light, dark = (frontier_figure(measured(), answers=True, dark=dark) for dark in (False, True))
    for figure in (light, dark):
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert trace(light, "Frontier").line.color == BLUE
    assert trace(dark, "Frontier").line.color == SKY_BLUE
    assert trace(light, "Pick").marker.color == VERMILLION
    assert trace(dark, "Pick").marker.color == ORANGE
    assert light.layout.font.color != dark.layout.font.color


def test_a_click_does_not_fade_the_other_points():
    for scatter in frontier_figure(measured(), answers=True).data:
        assert scatter.unselected.marker.opacity == 1


def test_names_are_written_beside_the_frontier_and_fewer_where_it_is_narrow():
    wide = trace(frontier_figure(measured(), size_px=(1200, 500)), "Frontier")
    narrow = trace(frontier_figure(measured(), size_px=(390, 420)), "Frontier")
    assert list(wide.text) == [
        "mobilenetv3_small_100",
        "mobilenetv3_large_100",
        "efficientnet_b0",
        "resnet50 @ 224",
        "resnet50 @ 288",
        "convnext_tiny",
    ]
    assert 0 < sum(map(bool, narrow.text)) < 6


def test_the_figure_is_plain_json():
    assert json.loads(frontier_figure(measured(), answers=True, comparison=other_machine()).to_json())["data"]


# ------------------------------------------------- accuracy on other images

CELLS = AccuracySource("elpv-1a2b3c4d", "Solar cells (ELPV)", "Solar cells, fine-tuned here", 656, "1a2b3c4d5e6f7a8b")


def test_axis_and_hover_say_what_the_accuracy_is_of_and_which_run_it_was():
    frame = measured()
    frame["accuracy_source"] = "Full fine-tune, validated at 88 %, run r"
    figure = frontier_figure(frame, source=CELLS)
    assert figure.layout.yaxis.title.text == "Accuracy on Solar cells (ELPV), %"
    hover = dict(zip(labels(trace(figure, "Frontier")), trace(figure, "Frontier").hovertext, strict=True))
    assert hover["mobilenetv3_large_100.ra_in1k @ 224"].split("<br>")[1:4] == [
        "75.77 % on Solar cells (ELPV)",
        "Full fine-tune, validated at 88 %, run r",
        "95 % sampling interval 75.4 to 76.14 %",
    ]


def test_a_folder_with_a_hostile_name_is_no_markup_on_the_axis_nor_in_a_hover_text():
    source = dataclasses.replace(CELLS, name="<b>$x$</b>")
    figure = frontier_figure(measured(), source=source)
    assert figure.layout.yaxis.title.text == "Accuracy on &lt;b&gt;&#36;x&#36;&lt;/b&gt;, %"
    assert "on &lt;b&gt;&#36;x&#36;" in trace(figure, "Frontier").hovertext[0]
