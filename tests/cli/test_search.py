"""The command `search`: JSON alone on stdout, words elsewhere, and an exit code that tells whether there is a pick."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.jobs import kinds, manager
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.profiling.store import write_profiles
from bakeoff_core.system import locks
from bakeoff_core.system.paths import profiles_path
from tests.support.command_line import measured_here, run_json
from tests.support.tiny_searches import SIZE, TINY, write_tiny_accuracies

VIT, NET = "test_vit.r160_in1k", "test_byobnet.r160_in1k"
SEARCH = ("search", "--family", "tiny", "--threads", "1", "--device", "cpu")


@pytest.mark.usefixtures("warm_workers")
def test_search_measures_and_prints_one_json_object_and_nothing_else_on_stdout(capsys: pytest.CaptureFixture[str]):
    write_tiny_accuracies({VIT: 40.0, NET: 42.0})
    code, found = run_json(capsys, *SEARCH)
    assert code == 0
    assert (found["candidates"], found["measured"], found["failed"]) == (2, 2, 0)
    assert (found["pick"], found["img_size"], found["stopped_because"]) == (NET, SIZE, "nothing-left")
    assert found["chance_better_left"] == 0.0 and found["state"] == "done"
    assert {"model_name": NET, "img_size": SIZE} in found["frontier"]
    assert (found["predicted_relaxation"], found["shortlist"]) == (None, None)
    assert found["reason"] and found["setting"]["threads"] == 1 and found["limits"]["max_latency_s"] is None


@pytest.mark.usefixtures("warm_workers")
def test_in_words_stdout_holds_the_pick_alone_and_stderr_how_far_it_came_and_why(capsys: pytest.CaptureFixture[str]):
    write_tiny_accuracies({VIT: 40.0})
    write_profiles(profiles_path(), [measured_here(VIT, 0.004, img_size=SIZE, threads=1)])
    assert main([*SEARCH, "--max-latency-ms", "5"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{VIT}\n"
    assert "Measured 1 of 1; chance that something better is left: under 1 %." in told.err
    assert "Every candidate was measured or failed, so nothing better is left." in told.err
    assert main([*SEARCH, "--max-latency-ms", "3"]) == 1
    told = capsys.readouterr()
    assert told.out == "none\n" and "raise the latency budget from 3 ms to 4 ms" in told.err


def test_nothing_to_search_among_is_said_at_once(capsys: pytest.CaptureFixture[str]):
    assert main(["search", "--family", "nosuch"]) == 1
    assert "No candidate is of the family 'nosuch'. There are BEiT" in capsys.readouterr().err
    assert not list_jobs(kinds.SEARCH)


def test_while_the_machine_is_at_work_a_search_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    write_tiny_accuracies(TINY)
    with locks.machine_lock("20260101-120000-measure-abcdef"):
        assert main(list(SEARCH)) == 1
    assert "measure-abcdef" in capsys.readouterr().err
    assert not list_jobs(kinds.SEARCH)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--minutes", "0"), "`--minutes` must be greater than 0, and at most 10080. Got 0.0."),
        (("--img-size", "-1"), "`--img-size` must be an integer >= 1. Got -1."),
        (("--patience", "nan"), "`--patience` must be 0 to 86400 seconds. Got nan."),
        (("--match-recipes", "secret"), "argument --match-recipes: invalid choice: 'secret'"),
    ],
)
def test_what_cannot_be_searched_is_wrong_usage(words, refusal, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as refused:
        main(["search", *words])
    assert refused.value.code == 2
    assert refusal in capsys.readouterr().err


def test_work_that_would_spoil_a_search_is_refused_while_it_runs():
    with locks.machine_lock("20260101-120000-search-abcdef"), pytest.raises(manager.BusyError, match="is measuring"):
        manager.refuse_beside_measuring("Taking models apart")
