"""How a run ended, in print: the metric that decided first, what accuracy hides, and what there is to say of images."""

import json

import pytest

from bakeoff_core.cli.output.outcomes import run_line, show_run
from bakeoff_core.finetuning.results import read_run, summarise_run
from bakeoff_core.jobs.manager import read_job
from tests.support.run_folders import change, write_run

NET = "efficientnet_b0.ra_in1k"
SCORES = {
    "accuracy": {"value": 85.0, "low": 83.0, "high": 87.0},
    "balanced-accuracy": {"value": 69.0, "low": 65.0, "high": 73.0},
}
HIDES = {"scores": SCORES, "accuracy_over_balanced": {"points": 16.0, "low": 13.0, "high": 18.5}, "balance": "none"}


def shown(run_id: str, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> str:
    assert show_run(read_job(run_id), as_json) == 0
    return capsys.readouterr().out


def test_the_metric_that_decided_comes_before_accuracy() -> None:
    run_id = write_run(1, spec={"metric": "balanced-accuracy"}, **HIDES)
    assert run_line(summarise_run(read_run(run_id))).endswith(
        ": balanced accuracy 69.00 % test (65.00 to 73.00), accuracy 85.00 % test (83.00 to 87.00)"
    )


def test_a_run_by_accuracy_is_told_as_ever() -> None:
    for results in ({}, HIDES):
        run_id = write_run(len(results), **results)
        assert run_line(summarise_run(read_run(run_id))).endswith(": 85.00 % test (83.00 to 87.00)")


def test_a_hidden_class_is_told_with_what_may_help(capsys: pytest.CaptureFixture[str]) -> None:
    _, hidden, offer = shown(write_run(1, **HIDES), capsys).splitlines()
    assert hidden == (
        "Accuracy hides a class: it is 85 %, 16 points above the mean over the classes, 69 % (balanced accuracy). "
        "Of defective 69.9 % are found, of functional 92 %."
    )
    assert "`--balance class-weights` or `--balance balanced-sampling`" in offer
    assert len(shown(write_run(2, **HIDES | {"balance": "class-weights"}), capsys).splitlines()) == 2
    assert "scores" in json.loads(shown(write_run(3, **HIDES), capsys, as_json=True))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"accuracy_over_balanced": {"points": 1.0, "low": -2.0, "high": 4.0}, "scores": SCORES},
        {"accuracy_over_balanced": 7, "scores": SCORES},
        {**HIDES, "scores": 7},
        {**HIDES, "by_class": [{}]},
    ],
    ids=["of before", "within noise", "damaged gap", "damaged scores", "damaged classes"],
)
def test_nothing_more_is_told_where_nothing_is_known(changes: dict, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(shown(write_run(1, **changes), capsys).splitlines()) == 1


def said_of(run_id: str, capsys: pytest.CaptureFixture[str], as_json: bool = False) -> list[str]:
    assert show_run(read_run(run_id).job, as_json) == 0
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("as_json", [False, True])
def test_files_that_a_run_skipped_are_counted_and_named(as_json, capsys):
    run_id = write_run(1, NET)
    change(run_id, "status.json", skipped=[{"path": "a.pgm", "reason": "a.pgm is no image."}], skipped_count=3)
    assert "Skipped 3: a.pgm is no image. And 2 more." in said_of(run_id, capsys, as_json)


def test_copies_that_spoil_a_test_come_with_the_way_to_leave_them_out(capsys):
    copies = {"test_identical": 1, "test_alike": 0, "val_identical": 0, "val_alike": 0, "left_out": 0}
    spoiled, cured = write_run(1, NET, copies=copies), write_run(2, NET, copies={**copies, "left_out": 1})
    assert any("--leave-out-copies" in line for line in said_of(spoiled, capsys))
    assert not any("--leave-out-copies" in line for line in said_of(cured, capsys))


def test_of_a_run_that_skipped_nothing_nothing_is_said(capsys):
    said = said_of(write_run(1, NET), capsys)
    assert not any("Skipped" in line or "--leave-out-copies" in line for line in said)
