"""Listing, naming, noting and deleting runs, comparisons and rankings; and what takes how much of the disk."""

from __future__ import annotations

import json

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.jobs.manager import jobs_path
from tests.support.job_folders import at_work
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row
from tests.support.run_folders import write_run


def test_a_named_run_is_listed_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    run_id = write_run(1)
    assert main(["runs", "--rename", run_id, "First try"]) == 0
    assert main(["runs", "--note", run_id, "With little data."]) == 0
    capsys.readouterr()
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.endswith("  “First try”\n")
    assert main(["runs", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["run_id"], found["name"], found["note"]) == (run_id, "First try", "With little data.")


def test_rankings_are_listed_and_deleted_too(capsys: pytest.CaptureFixture[str]) -> None:
    rank_id = write_ranking(1, make_row("resnet18.a1_in1k", 100))
    assert main(["runs", "--of", "rank"]) == 0
    assert capsys.readouterr().out == f"{rank_id}  done      resnet18.a1_in1k on elpv\n"
    assert main(["runs", "--delete", rank_id]) == 0
    assert "Deleted 1: " in capsys.readouterr().err
    assert not list(jobs_path().iterdir())


def test_several_are_deleted_at_once_and_one_at_work_keeps_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(1), write_run(2)]
    with at_work(runs[1]):
        assert main(["runs", "--delete", *runs]) == 1
    assert "is at work. Stop it first." in capsys.readouterr().err
    assert main(["runs", "--delete", *runs, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deleted"] == runs
    assert main(["runs", "--delete", runs[0]]) == 1
    assert "There is no job" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["two\nlines", "x" * 81])
def test_what_is_no_name_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["runs", "--rename", write_run(1), name])
    assert ended.value.code == 2
    assert "A name must be one line of at most 80 printable characters." in capsys.readouterr().err


def test_storage_says_what_takes_how_much_and_clears_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(1)
    looks = jobs_path().parent / "looks"
    looks.mkdir()
    (looks / "a.npz").write_bytes(b"x" * 2_000_000)
    assert main(["storage"]) == 0
    assert "2.00 MB to clear: computed again in seconds when they are needed" in capsys.readouterr().out
    assert main(["storage", "--clear", "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith("Cleared 2.00 MB.")
    assert [found["holding"] for found in json.loads(printed.out)] == ["runs"]
