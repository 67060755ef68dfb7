"""What a picture of the frontier holds before it is drawn: places of limits, answers and names."""

from __future__ import annotations

import dataclasses
import math

import pytest

from bakeoff_core.reporting.figures.frontier_layout import Marks, build_chart, build_marks, place_labels
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.decision import Choice, Limits
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    B0,
    candidate,
    decided,
    measured,
    table,
    undecided,
)
from tests.support.reports import BALANCED, PRECISE, RANKED


def test_both_answers_and_both_limits_have_their_places():
    marks = build_marks(measured(), decided())
    assert (marks.budget.at, marks.budget.text) == (pytest.approx(15), "15 ms")
    assert (marks.floor.at, marks.floor.text) == (75, "75 %")
    assert (marks.pick.x, marks.pick.y) == (pytest.approx(11.84), 77.7)
    assert (marks.other.x, marks.other.y) == (pytest.approx(10.2), 75.77)


def test_the_switch_of_the_rule_swaps_the_stars():
    one, other = (build_marks(measured(), decided(rule=rule)) for rule in ("most-accurate", "cheapest"))
    assert (one.pick, one.other) == (other.other, other.pick)


def test_one_answer_to_both_rules_is_one_star():
    both = Choice(B0, None, None)
    marks = build_marks(measured(), decided(cheapest=both, most_accurate=both))
    assert marks.pick is not None and marks.other is None


def test_without_a_pick_there_are_limits_and_no_star():
    marks = build_marks(measured(), undecided())
    assert (marks.pick, marks.other) == (None, None)
    assert (marks.budget.text, marks.floor.text) == ("10 ms", "75 %")


def test_without_a_decision_nothing_is_marked():
    assert build_marks(measured(), None) == Marks()


@pytest.mark.parametrize(
    ("cost", "limits", "edge"),
    [
        ("memory", Limits(max_memory_bytes=60_000_000), 60),
        ("params", Limits(max_param_count=6_000_000), 6),
    ],
)
def test_other_limits_are_marked_on_their_own_axis(cost, limits, edge):
    marks = build_marks(measured(cost), decided(limits=limits), cost=cost)
    assert marks.budget.at == pytest.approx(edge)
    assert marks.floor is None


def test_a_latency_budget_leaves_no_mark_on_another_axis():
    marks = build_marks(measured("macs"), decided(), cost="macs")
    assert marks.budget is None
    assert marks.floor.at == 75
    assert marks.pick.x == pytest.approx(0.4)


def test_an_infinite_budget_is_none():
    assert build_marks(measured(), decided(limits=Limits(max_latency_s=math.inf))).budget is None


def test_an_answer_without_a_place_on_the_axes_has_no_star():
    frame = measured()
    frame.loc[frame["model_name"] == B0.model_name, "latency_p50_s"] = None
    assert build_marks(frame, decided()).pick is None


@pytest.mark.parametrize("size", [(300, 200), (500, 300), (1100, 400)])
def test_placed_names_overlap_neither_each_other_nor_points(size):
    frame = table(
        [candidate(f"model_number_{at}.x", top1=70 + at * 0.9, latency_ms=5 * 1.2**at) for at in range(12)]
        + [candidate(f"worse_{at}.x", top1=69 + at, latency_ms=15 + 9 * at) for at in range(6)]
    )
    built = build_chart(frame, None)
    texts = built.frontier["name"].tolist()
    sides = place_labels(built, texts, *size, char_width=6.6, line_height=15)
    width, height = size
    (low_x, high_x), (low_y, high_y) = map(math.log10, built.x_range), built.y_range
    dots = {
        row["name"]: (
            (math.log10(row["x"]) - low_x) / (high_x - low_x) * width,
            (row["y"] - low_y) / (high_y - low_y) * height,
        )
        for row in built.points.to_dict("records")
    }
    boxes = {}
    for text, side in zip(texts, sides, strict=True):
        if side:
            x, y = dots[text]
            vertical, horizontal = side.split()
            text_width = len(text) * 6.6
            left = {"left": x - text_width, "center": x - text_width / 2, "right": x}[horizontal]
            bottom = {"top": y + 7.5, "middle": y - 7.5, "bottom": y - 22.5}[vertical]
            if vertical == "middle":
                left += 7.5 if horizontal == "right" else -7.5
            boxes[text] = (left, left + text_width, bottom, bottom + 15)
    assert boxes, "some name must fit"
    for text, (left, right, bottom, top) in boxes.items():
        assert left >= 0 and right <= width and bottom >= 0 and top <= height
        assert not any(left < x < right and bottom < y < top for name, (x, y) in dots.items() if name != text)
        for other, box in boxes.items():
            apart = right <= box[0] or box[1] <= left or top <= box[2] or box[3] <= bottom
            assert other == text or apart


def test_a_single_point_still_has_a_range_around_it():
    built = build_chart(measured().iloc[[2]], None)
    assert built.x_range[0] < 11.84 < built.x_range[1] <= built.x_range[0] * 2.01
    assert built.y_range[0] < 77.7 < built.y_range[1]


def test_the_axis_is_of_the_sources_metric_and_a_long_title_leaves_out_how_it_came_about():
    def title(source: AccuracySource) -> str:
        return build_chart(annotate(measured()), None, source=source).y_title

    assert title(BALANCED) == "Balanced accuracy on Solar cells (ELPV), %"
    assert title(PRECISE) == "Average precision on Solar cells (ELPV), %"
    assert title(dataclasses.replace(PRECISE, train_on="train")) == (
        "Linear-probe average precision on Solar cells (ELPV), %"
    )
    assert title(RANKED) == "Linear-probe accuracy (train+val) on Solar cells (ELPV), %"
