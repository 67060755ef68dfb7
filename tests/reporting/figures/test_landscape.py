"""The pictures of the Explore page as data: traces, axes, marks, lines; the look is tested in the browser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.reporting.figures.landscape import (
    MAX_FAMILIES,
    OTHERS,
    accuracy_figure,
    colours,
    parameter_figure,
    proxy_figure,
)
from bakeoff_core.selection.landscape import (
    IN1K,
    NO_FAMILY,
    PRETRAINING_DATA,
    catalogue_points,
    group_name,
    usual_families,
)
from bakeoff_core.selection.proxies import Judgement

HOSTILE = "<img src=x onerror=alert(1)>$x$"


def points(count: int = 4, family: str = "ResNet", pretraining: str = IN1K, **changes: object) -> pd.DataFrame:
    """Models of one family, each ten times as slow and ten points more accurate than the one before."""
    steps = np.arange(count, dtype=float)
    table = pd.DataFrame(
        {
            "model_name": [f"net{step:.0f}.tag" for step in steps],
            "architecture": [f"net{step:.0f}" for step in steps],
            "img_size": 224.0,
            "top1": 50 + 10 * steps,
            "table_top1": 50 + 10 * steps,
            "seconds_per_image": 0.001 * 10**steps,
            "batch_size": 256.0,
            "param_count": 1e6 * 2**steps,
            "macs": 1e9 * 2**steps,
            "family": family,
            "pretraining": pretraining,
            "group": group_name(family, pretraining),
        }
    )
    return table.assign(**changes)


def traces(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.uid: trace for trace in figure.data}


@pytest.mark.parametrize("dark", [False, True])
def test_each_family_is_a_trace_with_its_trend_and_all_others_are_one(dark: bool) -> None:
    table = pd.concat([points(), points(family="Swin"), points(family="VGG")])
    drawn = traces(accuracy_figure(table, ["ResNet", "Swin"], dark=dark))
    assert list(drawn) == [OTHERS, "ResNet", "ResNet, trend", "Swin", "Swin, trend"]
    assert drawn["ResNet"].marker.color != drawn["Swin"].marker.color
    assert drawn["ResNet"].marker.symbol != drawn["Swin"].marker.symbol
    assert list(drawn["ResNet"].x) == pytest.approx([1, 10, 100, 1000])
    assert list(drawn["ResNet"].y) == [50, 60, 70, 80]


def test_a_line_is_hidden_with_its_family() -> None:
    drawn = traces(accuracy_figure(points(), ["ResNet"]))
    assert drawn["ResNet"].legendgroup == drawn["ResNet, trend"].legendgroup
    assert drawn["ResNet, trend"].showlegend is False
    assert list(drawn["ResNet, trend"].x) == pytest.approx([1, 1000])
    assert list(drawn["ResNet, trend"].y) == pytest.approx([50, 80])


def test_a_family_is_split_by_what_its_weights_have_seen() -> None:
    table = pd.concat([points(pretraining=kind) for kind in PRETRAINING_DATA])
    drawn = traces(accuracy_figure(table, ["ResNet"]))
    groups = [group_name("ResNet", kind) for kind in PRETRAINING_DATA]
    assert [name for name in drawn if not name.endswith("trend")] == groups
    assert len({drawn[name].marker.symbol for name in groups[:3]}) == 3
    assert len({drawn[name].marker.color for name in groups}) == 1


def test_the_other_families_can_be_left_out() -> None:
    table = pd.concat([points(), points(family="VGG")])
    assert OTHERS not in traces(accuracy_figure(table, ["ResNet"], only=True))
    assert OTHERS not in traces(parameter_figure(table, ["ResNet"], only=True))
    assert len(traces(accuracy_figure(table, [], only=True))) == 0


def test_the_area_of_a_mark_follows_the_images() -> None:
    drawn = traces(accuracy_figure(points(img_size=[64.0, 224.0, 448.0, 2000.0]), ["ResNet"]))
    assert list(drawn["ResNet"].marker.size) == [5, 8, 16, 20]


def test_the_axis_of_cost_is_logarithmic_and_named_with_its_unit() -> None:
    axis = accuracy_figure(points(), ["ResNet"]).layout.xaxis
    assert axis.type == "log" and axis.title.text == "Time per image (ms), log scale"
    axis = accuracy_figure(points(), ["ResNet"], cost="macs").layout.xaxis
    assert axis.title.text == "Multiply-accumulates per image (G MACs), log scale"


def test_parameters_against_speed_has_two_logarithmic_axes_and_no_line() -> None:
    figure = parameter_figure(points(), ["ResNet"])
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    drawn = traces(figure)
    assert list(drawn) == ["ResNet"]
    assert list(drawn["ResNet"].x) == pytest.approx([1, 2, 4, 8])
    assert list(drawn["ResNet"].y) == pytest.approx([1, 10, 100, 1000])


def test_the_axes_reach_the_known_families_and_what_has_none_can_be_zoomed_out_to() -> None:
    table = pd.concat([points(), points(1, family=NO_FAMILY, top1=10.0, seconds_per_image=1e-6)])
    figure = accuracy_figure(table, ["ResNet"])
    assert figure.layout.yaxis.range[0] > 40 and figure.layout.xaxis.range[0] > -1
    assert list(traces(figure)[OTHERS].y) == [10]
    alone = accuracy_figure(points(family=NO_FAMILY), [])
    assert alone.layout.yaxis.range[0] < 50 < 80 < alone.layout.yaxis.range[1]


def test_points_without_a_place_on_the_axes_are_not_drawn() -> None:
    table = points(seconds_per_image=[0.001, np.nan, 0.1, 1.0], top1=[50.0, 60.0, np.nan, 80.0])
    assert list(traces(accuracy_figure(table, ["ResNet"]))["ResNet"].x) == pytest.approx([1, 1000])
    assert len(accuracy_figure(points().head(0), []).data) == 0


def test_a_hover_text_tells_speed_batch_and_counts_and_no_name_acts_as_markup() -> None:
    drawn = traces(accuracy_figure(points(1, model_name=HOSTILE), ["ResNet"]))
    text = drawn["ResNet"].hovertext[0]
    assert "<img" not in text and "$" not in text
    assert "1.00 ms an image · 1,000 images/s · batch 256" in text
    assert (
        "ResNet · ImageNet-1k" in text
        and "224 px · 50 % ImageNet top-1" in text
        and "1.00 M parameters · 1.00 G MACs" in text
    )
    text = traces(accuracy_figure(catalogue_points(read_catalogue()), [], cost="macs"))[OTHERS].hovertext[0]
    assert "ms" not in text and "MACs" in text


def test_every_point_of_the_catalogue_is_drawn_once() -> None:
    table = catalogue_points(read_catalogue())
    figure = accuracy_figure(table, usual_families(table), cost="macs")
    assert sum(len(trace.x) for trace in figure.data if trace.mode == "markers") == len(table) > 1500


@pytest.mark.parametrize("dark", [False, True])
def test_there_is_a_colour_for_each_family(dark: bool) -> None:
    assert len(set(colours(dark))) == MAX_FAMILIES
    with pytest.raises(ValueError, match="at most 7"):
        accuracy_figure(points(), ["x"] * 8, dark=dark)


def test_an_unknown_cost_is_refused() -> None:
    with pytest.raises(ValueError, match="`cost` must be one of"):
        accuracy_figure(points(), [], cost="latency")


def test_proxies_are_bars_with_the_best_on_top() -> None:
    judged = [Judgement("i7", 1086, 36, 21, 0.98), Judgement(HOSTILE, 1086, 36, 12, 0.9)]
    [bar] = proxy_figure(judged).data
    assert list(bar.text) == ["12 of 36", "21 of 36"] and bar.y[1] == "i7" and "<img" not in bar.y[0]
    assert list(bar.x) == pytest.approx([100 / 3, 100 * 21 / 36])
