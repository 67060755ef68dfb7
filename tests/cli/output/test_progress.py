"""What the command line tells of a job while it waits for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_core.cli.output import progress
from bakeoff_core.cli.output.progress import follow
from bakeoff_core.jobs.records import Job


def job(state: str = "running", **status: object) -> Job:
    return Job("20260101-120000-measure-abcdef", Path(), "measure", {}, state, status)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The states that a job is found in, one at each look; to be filled by the test."""
    states: list[Job] = []
    monkeypatch.setattr(progress, "read_job", lambda job_id: states.pop(0))
    monkeypatch.setattr(progress.time, "sleep", lambda seconds: None)
    return states


def test_each_new_state_is_told_once_with_how_far_it_is_and_the_time_left(
    seen: list[Job], capsys: pytest.CaptureFixture[str]
) -> None:
    first = job(message="Measuring", current="net.tag", done=1, total=4, time_left_s=90.0)
    seen += [first, replace(first, status={**first.status, "time_left_s": 60.0})]
    seen += [job(message="Measuring", current="other.tag", done=2, total=4), job("done", message="4 measured.")]
    ended = follow(job())
    told = capsys.readouterr()
    assert ended.state == "done" and told.out == ""
    assert told.err == "[1/4] Measuring net.tag (1 min 30 s left)\n[2/4] Measuring other.tag\n"


def test_an_interrupt_stops_the_job(
    seen: list[Job], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    stopped: list[str] = []
    monkeypatch.setattr(progress.time, "sleep", interrupt)
    monkeypatch.setattr(progress, "stop_job", lambda job_id: stopped.append(job_id) or job("stopped"))
    assert follow(job(message="Measuring")).state == "stopped"
    assert stopped == [job().job_id] and "Stopping" in capsys.readouterr().err
