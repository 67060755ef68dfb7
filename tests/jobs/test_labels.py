"""Names and notes of jobs: kept beside what the worker writes, and refused where they are no text for a line."""

from __future__ import annotations

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.labels import LABEL, Label, read_label, set_label
from bakeoff_core.jobs.manager import jobs_path
from tests.support.run_folders import write_run


def test_a_name_and_a_note_are_set_apart_and_taken_away_apart() -> None:
    run_id = write_run(1)
    assert read_label(jobs_path() / run_id) == Label(None, None)
    assert set_label(run_id, name="  First try ") == Label("First try", None)
    assert set_label(run_id, note="With\ntwo lines.") == Label("First try", "With\ntwo lines.")
    assert set_label(run_id, name="") == Label(None, "With\ntwo lines.")
    assert read_label(jobs_path() / run_id) == Label(None, "With\ntwo lines.")


@pytest.mark.parametrize(
    "texts", [{"name": "two\nlines"}, {"name": "x" * 81}, {"name": "\x1b[31m"}, {"note": "x" * 2001}]
)
def test_what_is_no_name_is_refused_and_the_old_one_stays(texts: dict[str, str]) -> None:
    run_id = write_run(1)
    set_label(run_id, name="Old")
    with pytest.raises(ValueError, match="must"):
        set_label(run_id, **texts)
    assert read_label(jobs_path() / run_id) == Label("Old", None)


@pytest.mark.parametrize("content", ["", "[]", '{"name": 7, "note": null}', "[" * 100_000])
def test_a_damaged_label_is_none(content: str) -> None:
    run_id = write_run(1)
    (jobs_path() / run_id / LABEL).write_text(content)
    assert read_label(jobs_path() / run_id) == Label(None, None)


def test_a_job_that_is_not_there_has_no_name() -> None:
    with pytest.raises(BakeoffError, match="There is no job"):
        set_label("20260101-120000-finetune-abcdef", name="x")
