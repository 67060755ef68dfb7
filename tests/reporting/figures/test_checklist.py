"""The shortlist's picture, tested as data."""

from __future__ import annotations

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.reporting.figures.checklist import shortlist_figure
from bakeoff_core.reporting.figures.palette import DARK, LIGHT
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import evidence_of
from bakeoff_core.selection.checklist.advice import advise
from bakeoff_core.selection.checklist.rules import Answers, read_rules
from tests.support.candidate_tables import measured


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return evidence_of(measured().drop(columns=["non_dominated", "dominated_by"]), read_catalogue())


def drawn(table: pd.DataFrame, *, dark: bool = False, **answers: object) -> dict:
    figure = shortlist_figure(advise(Answers("edge", **answers), table, read_rules()), dark=dark)
    return {trace.name: trace for trace in figure.data} | {"layout": figure.layout}


def test_star_stands_on_the_model_to_start_from(table):
    found = drawn(table, limits=Limits(max_latency_s=0.015))
    assert list(found["Start here"].x) == [pytest.approx(11.84)]
    assert list(found["Start here"].y) == [77.7]


def test_every_measured_model_is_drawn_once_beside_the_star(table):
    found = drawn(table, limits=Limits(max_latency_s=0.015))
    drawn_points = sum(len(found[name].x) for name in ("Shortlist", "Set aside", "Also measured"))
    assert drawn_points == 9  # of eleven rows one failed and one has no accuracy


def test_limits_are_shaded_and_lined(table):
    found = drawn(table, limits=Limits(min_top1=76, max_latency_s=0.015))
    lines = [shape for shape in found["layout"].shapes if shape.type == "line"]
    assert [(line.x0, line.y0) for line in lines][0][0] == pytest.approx(15)
    assert lines[1].y0 == lines[1].y1 == 76
    assert sum(shape.type == "rect" for shape in found["layout"].shapes) == 2


def test_without_a_start_there_is_no_star(table):
    assert "Start here" not in drawn(table, limits=Limits(max_latency_s=0.001, min_top1=70))


def test_nothing_measured_is_drawn_against_computation():
    found = drawn(evidence_of(None, read_catalogue()), limits=Limits(min_top1=75))
    assert "Multiply-accumulates" in found["layout"].xaxis.title.text


def test_light_and_dark_have_their_own_colours(table):
    limits = Limits(max_latency_s=0.015)
    assert drawn(table, limits=limits)["Start here"].marker.color == LIGHT.pick
    assert drawn(table, limits=limits, dark=True)["Start here"].marker.color == DARK.pick


def test_table_without_accuracies_has_no_picture(table):
    blank = table.assign(top1=None)
    assert shortlist_figure(advise(Answers("edge"), blank, read_rules())) is None
