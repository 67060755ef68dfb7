"""The sidebar: what is at work on this machine, whoever started it."""

from __future__ import annotations

import pytest

from bakeoff_core.jobs import kinds
from bakeoff_core.system import locks
from tests.support.app_pages import opened, text_of
from tests.support.job_folders import write_job
from tests.support.places import ROOT


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_a_job_of_another_state_folder_is_told_and_the_page_waits_until_it_has_ended() -> None:
    with locks.machine_lock("20260101-120000-measure-abcdef123"):
        app = opened()
        assert "This machine is at work for somebody else" in text_of(app)
        assert "Nothing is running." not in text_of(app)
        assert not any(button.label == "Measure this machine" for button in app.button)
    assert "Nothing is running." in text_of(opened())
    app.run()
    assert any(button.label == "Measure this machine" for button in app.button)


def test_a_job_of_ones_own_is_not_taken_for_somebody_elses() -> None:
    with locks.machine_lock(write_job(kinds.MEASURE, {}, state="running")):
        assert "for somebody else" not in text_of(opened())
