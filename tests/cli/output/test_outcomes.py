"""What the command line says of the images behind a result, besides the result."""

from __future__ import annotations

import pytest

from bakeoff_core.cli.output.outcomes import show_run
from bakeoff_core.finetuning.results import read_run
from tests.support.run_folders import change, write_run

NET = "efficientnet_b0.ra_in1k"


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
