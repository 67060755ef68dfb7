"""The worker's side of a job, in this process: its last words, its measurements, and the signal to stop."""

import errno
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff_core.errors import NoSpaceError
from bakeoff_core.jobs.worker import RESERVE_BYTES, Reporter, StopRequested, describe_error
from tests.support.disks import fill


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give SIGTERM back its meaning; a `Reporter` in this process takes it over."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_an_error_without_words_is_told_by_where_it_was_raised() -> None:
    try:
        raise AssertionError
    except AssertionError as err:
        words = describe_error(err)
    assert re.fullmatch(
        r"AssertionError at `raise AssertionError` \(test_worker.py, line \d+\)\. The job's log says more\.", words
    )


def test_a_full_disk_still_gets_the_last_word(small_disk: Path, own_signals: None) -> None:
    reporter = Reporter(small_disk)
    fill(small_disk)
    with pytest.raises(NoSpaceError, match="The job's measurements could not be noted: No space left"):
        reporter.metric(model_name="x" * 5000)
    reporter.finish("failed", "No space left. Free some space and try again.")
    status = json.loads((small_disk / "status.json").read_text())
    assert (status["state"], status["message"]) == ("failed", "No space left. Free some space and try again.")
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler", "metrics.jsonl", "status.json"]


def test_a_status_that_cannot_be_written_at_all_is_an_error_in_words(
    tmp_path: Path, own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = Reporter(tmp_path)

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bakeoff_core.jobs.worker.write_json", full)
    with pytest.raises(NoSpaceError) as caught:
        reporter.report(message="hello")
    assert str(caught.value) == ("The job's status could not be written: No space left on device. Free some space.")


def test_the_reserve_is_kept_for_the_run_and_given_back_at_its_end(tmp_path: Path, own_signals: None) -> None:
    reporter = Reporter(tmp_path)
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES
    reporter.finish("done", "All is well.")
    assert not (tmp_path / "reserve").exists()


def test_a_resumed_job_drops_the_measurements_it_makes_again(tmp_path: Path, own_signals: None) -> None:
    reporter = Reporter(tmp_path)
    for step in range(5):
        reporter.metric(step=step)
    with (tmp_path / "metrics.jsonl").open("a") as handle:
        handle.write('{"step": 5, "lo')  # the worker died in the middle of a line
    reporter.keep_metrics(lambda metric: metric["step"] < 3)
    reporter.metric(step=3)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [0, 1, 2, 3]


def test_the_signal_to_stop_is_an_exception_that_no_handler_of_errors_eats(tmp_path: Path, own_signals: None) -> None:
    Reporter(tmp_path)
    with pytest.raises(StopRequested):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except Exception:
            pytest.fail("caught as an error")
