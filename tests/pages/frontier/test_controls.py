"""The controls of the Frontier page: limits in a link are those of the command line, and one of each choice holds."""

from __future__ import annotations

import pytest

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import profiles_path
from tests.support.app_pages import measured_shortlist, opened, text_of
from tests.support.places import ROOT


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's four models, measured here."""
    monkeypatch.chdir(ROOT)
    profiling_store.write_profiles(profiles_path(), measured_shortlist())


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "1e300", "-5", "x", ""])
def test_what_is_no_limit_is_as_if_not_given(text):
    expected = text_of(opened())
    app = opened(latency_ms=text, min_top1=text, max_memory_mb=text, max_params_m=text)
    assert not app.exception
    assert text_of(app) == expected


def test_limits_of_a_link_are_taken_as_the_command_line_takes_them():
    app = opened(max_memory_mb="0.5", max_params_m="0.05")
    assert not app.exception
    assert "0.5 MB" in text_of(app) and "0.05 M parameters" in text_of(app)


@pytest.mark.parametrize(("name", "label"), [("rule", "Cheapest"), ("cost", "MACs")])
def test_a_browser_that_says_nothing_is_chosen_yet_leaves_the_choice_of_the_link(name, label):
    app = opened(**{name: label})
    chosen = app.segmented_control(key=name).value
    app.segmented_control(key=name).set_value(None).run()
    assert not app.exception
    assert app.segmented_control(key=name).value == chosen is not None
    assert app.query_params[name] == label
