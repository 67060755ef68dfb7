"""Doubt on the Frontier page: above the answers, on the pick's card, and the button that measures again."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.schema.profile import MeasurementWarning, Profile
from bakeoff_core.selection.candidates import list_settings
from bakeoff_core.system.paths import profiles_path
from pages.parts.common import sidebar
from tests.support.app_pages import measured_shortlist, opened, text_of
from tests.support.places import ROOT

BUSY = (MeasurementWarning("load", 0.9),)


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def write(*doubtful: int, **changes: object) -> list[Profile]:
    """The lab's four models, those at these places measured beside another program."""
    rows = [
        replace(row, warnings=BUSY if at in doubtful else (), **changes) for at, row in enumerate(measured_shortlist())
    ]
    profiling_store.write_profiles(profiles_path(), rows)
    return rows


def test_where_nothing_is_doubtful_nothing_is_said() -> None:
    write()
    app = opened()
    assert "doubtful" not in text_of(app)
    assert "not to be relied on" not in text_of(app)
    assert not [button for button in app.button if button.label == "Measure these again"]


def test_doubtful_rows_are_counted_above_the_answers_and_measured_again_at_a_press(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, asked = write(0, 1, 2, 3), list[MeasureSpec]()
    monkeypatch.setattr("pages.parts.common.measuring.start_measuring", asked.append)
    app = opened(latency_ms="1000")
    assert "4 of 4 measurements are doubtful: other programs were busy (4)." in text_of(app)
    assert "not to be relied on" in text_of(app)
    next(button for button in app.button if button.label == "Measure these again").click().run()
    (spec,) = asked
    assert spec.models == tuple(row.model_name for row in rows)
    assert (spec.force, spec.threads, spec.batch_size, spec.dtype) == (True, 2, 1, "float32")
    assert asdict(spec)["img_size"] == 224


def test_of_another_machine_nothing_can_be_measured_again_here() -> None:
    write(0, machine_id="0123456789ab")
    (elsewhere,) = list_settings(profiling_store.read_frame(profiles_path()))
    app = opened(setting=sidebar.key_of(elsewhere))
    assert "1 of 4 measurements is doubtful" in text_of(app)
    assert not [button for button in app.button if button.label == "Measure these again"]
