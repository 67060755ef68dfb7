"""Figures of runs, as data."""

import numpy as np
import pytest

from bakeoff_core.finetuning.comparison.records import LabelsPoint
from bakeoff_core.reporting.figures.finetuning import (
    MOST_CLASSES,
    MOST_POINTS,
    Curve,
    class_figure,
    labels_figure,
    loss_figure,
    means,
    validation_figure,
)
from tests.support.comparisons import make_comparison

HOSTILE = "<img src=x onerror=alert(1)>"


def steps(count: int) -> list[dict]:
    return [{"step": at + 1, "loss": 4.0 / (at + 1), "learning_rate": 0.1, "seconds": float(at)} for at in range(count)]


def validated(*pairs: tuple[int, float]) -> list[dict]:
    return [
        {"step": step, "val_accuracy": a, "val_accuracy_low": a - 2, "val_accuracy_high": a + 3} for step, a in pairs
    ]


def test_loss_of_a_long_run_is_drawn_as_means_with_the_same_mean() -> None:
    figure = loss_figure([Curve("run", steps(10_000))])
    fine = figure.data[0]
    assert len(fine.x) == MOST_POINTS
    assert np.mean(fine.y) == pytest.approx(np.mean([m["loss"] for m in steps(10_000)]))


def test_means_of_few_points_are_the_points_themselves() -> None:
    x, y = means(np.arange(3.0), np.array([5.0, 6.0, 7.0]), 5)
    assert (x.tolist(), y.tolist()) == ([0, 1, 2], [5, 6, 7])
    x, y = means(np.arange(4.0), np.array([1.0, 3.0, 5.0, 7.0]), 2)
    assert (x.tolist(), y.tolist()) == ([0.5, 2.5], [2, 6])


def test_runs_laid_over_each_other_differ_in_colour_dash_and_symbol_and_are_named() -> None:
    curves = [Curve("first", validated((10, 50.0))), Curve("second", validated((10, 60.0)))]
    figure = validation_figure(curves)
    assert figure.layout.showlegend
    assert [trace.name for trace in figure.data] == ["first", "second"]
    for part in ("line.color", "line.dash", "marker.symbol"):
        assert len({trace[part] for trace in figure.data}) == 2, part


def test_validation_has_its_interval() -> None:
    (trace,) = validation_figure([Curve("", validated((10, 50.0)))]).data
    assert (trace.error_y.array, trace.error_y.arrayminus) == ((3.0,), (2.0,))


def test_a_run_that_has_not_begun_makes_an_empty_figure() -> None:
    assert not loss_figure([Curve("", [])]).data
    empty = validation_figure([Curve("", [])])
    assert not empty.data[0].x
    assert "Nothing was validated yet" in empty.layout.annotations[0].text


def test_few_steps_are_ticked_one_by_one() -> None:
    assert loss_figure([Curve("", steps(4))]).layout.xaxis.dtick == 1
    assert validation_figure([Curve("", validated((4, 50.0)))]).layout.xaxis.dtick == 1
    assert loss_figure([Curve("", steps(400))]).layout.xaxis.dtick is None


def test_of_many_classes_the_worst_are_drawn_worst_on_top() -> None:
    by_class = [
        {"name": f"class {at}", "accuracy": float(at), "low": max(0.0, at - 5.0), "high": at + 5.0, "images": 10}
        for at in range(60)
    ]
    figure = class_figure(by_class)
    assert list(figure.data[0].x) == [float(at) for at in range(MOST_CLASSES)][::-1]
    assert figure.layout.yaxis.ticktext[-1] == "class 0"


def test_names_from_files_stay_text() -> None:
    one = {"name": HOSTILE, "accuracy": 50.0, "low": 40.0, "high": 60.0, "images": 3}
    for figure in (class_figure([one]), loss_figure([Curve(HOSTILE, steps(3)), Curve("b", steps(3))])):
        assert "<img" not in figure.to_json()


@pytest.mark.parametrize("dark", [False, True])
def test_labels_are_drawn_beside_the_whole_runs(dark: bool) -> None:
    points = [LabelsPoint(100, 60.0, 55.0, 65.0), LabelsPoint(1600, 80.0, 75.0, 85.0)]
    comparison = make_comparison(labels=points)
    figure = labels_figure(comparison, dark=dark)
    names = [trace.name for trace in figure.data]
    assert names == ["Full fine-tune, all labels", "From scratch, all labels", "Linear probe"]
    assert list(figure.data[-1].x) == [100, 1600]
    assert figure.layout.xaxis.type == "log"


def judged(*rows: tuple[int, float, float]) -> list[dict]:
    return [
        {**validated((step, accuracy))[0], "val_scores": {"accuracy": accuracy, "macro-f1": macro_f1}}
        for step, accuracy, macro_f1 in rows
    ]


def test_the_metric_that_decides_is_drawn_and_its_best_step_ringed() -> None:
    metrics = judged((10, 60.0, 40.0), (20, 70.0, 50.0), (30, 80.0, 50.0))
    figure = validation_figure([Curve("", metrics, "macro-f1")])
    line, ring = figure.data
    assert figure.layout.title.text == "Validation macro F1 (%)"
    assert (list(line.y), line.error_y.array) == ([40.0, 50.0, 50.0], None)
    assert (ring.x, ring.y, ring.marker.symbol) == ((20,), (50.0,), "circle-open")  # the first of equal ones
    (ring,) = validation_figure([Curve("", metrics, "macro-f1", best_step=10)]).data[1:]
    assert (ring.x, ring.y) == ((10,), (40.0,))


def test_runs_that_different_metrics_decided_are_compared_by_accuracy_each_with_its_own_best_step() -> None:
    metrics = judged((10, 60.0, 50.0), (20, 70.0, 40.0))
    figure = validation_figure([Curve("a", metrics), Curve("b", metrics, "macro-f1")])
    assert figure.layout.title.text == "Validation accuracy (%)"
    assert [(trace.x[0], trace.y[0]) for trace in figure.data[2:]] == [(20, 70.0), (10, 60.0)]


def test_runs_of_before_are_drawn_by_accuracy_without_a_ring() -> None:
    old = validated((10, 60.0), (20, 70.0))
    for curves in ([Curve("", old, "macro-f1")], [Curve("a", old), Curve("b", judged((10, 1.0, 2.0)), "accuracy")]):
        figure = validation_figure(curves)
        assert figure.layout.title.text == "Validation accuracy (%)"
        assert [trace.x for trace in figure.data if trace.marker.symbol == "circle-open"] == [(10,)] * (len(curves) - 1)
