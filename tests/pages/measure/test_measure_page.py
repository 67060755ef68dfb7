"""The Measure page: how earlier jobs ended, and what comes and goes as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.jobs import kinds
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import home, looks_path, profiles_path
from tests.support.app_pages import HOSTILE, MEASURE, opened, text_of
from tests.support.job_folders import write_job
from tests.support.places import ROOT


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)


def test_earlier_jobs_say_how_they_ended() -> None:
    write_job(kinds.MEASURE, {}, 0, state="done", message="4 models.", log="nothing of note")
    write_job(kinds.MEASURE, {}, 1, state="stopped")
    write_job(kinds.MEASURE, {}, 2, state="failed", message="The disk is full.", log="Traceback: something")
    app = opened(MEASURE)
    assert not app.exception
    text = text_of(app)
    assert "Measuring finished: 4 models." in text
    assert "Measuring was stopped. Everything measured until then is kept." in text
    assert "Measuring failed. The disk is full. What was measured until then is kept" in text
    assert [code.value for code in app.code] == ["Traceback: something"]


def test_a_model_that_failed_is_named_with_the_log_and_stays_text() -> None:
    failure = {"model_name": HOSTILE, "error": "Out of memory"}
    write_job(kinds.MEASURE, {}, state="done", message="3 models.", failures=[failure], log="Traceback: something")
    app = opened(MEASURE)
    assert any("Out of memory" in warning.value and "<script>" not in warning.value for warning in app.warning)
    assert [code.value for code in app.code] == ["Traceback: something"]


def test_storage_is_listed_when_it_is_opened_and_cleared_on_demand() -> None:
    looks_path().mkdir(parents=True)
    (looks_path() / "look.npz").write_bytes(b"x" * 2_000_000)
    app = opened(MEASURE)
    assert not app.table
    app.session_state["storage"] = True
    app.run()
    assert list(app.table[0].value["can be cleared"])[0].startswith("2.00 MB to clear")
    next(button for button in app.button if button.label == "Clear 2.00 MB").click().run()
    assert not app.exception
    assert not list(looks_path().iterdir())


def test_a_store_without_rows_has_nothing_to_export() -> None:
    profiling_store.write_profiles(profiles_path(), [])
    app = opened(MEASURE)
    assert not app.exception
    assert "Nothing to export yet." in text_of(app)


def test_an_import_without_rows_says_so_and_sends_nobody_to_the_side(tmp_path: Path) -> None:
    profiling_store.write_profiles(tmp_path / "box.parquet", [])
    app = opened(MEASURE)
    content = (tmp_path / "box.parquet").read_bytes()
    app.file_uploader[0].set_value(("box.parquet", content, "application/octet-stream")).run()
    next(button for button in app.button if button.label == "Import").click().run()
    assert "The file holds no rows, so nothing was imported." in text_of(app)
    assert "Choose the machine at the side" not in text_of(app)
