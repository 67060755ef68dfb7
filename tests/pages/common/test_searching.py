"""Searching from the pages: the form, a search at work, and what came of one, without a browser."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.jobs import kinds
from bakeoff_core.profiling.store import read_frame, write_profiles
from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.records import PredictedModel, write_predictions
from bakeoff_core.search.spec import SearchSpec
from bakeoff_core.selection.candidates import list_settings
from bakeoff_core.system import locks
from bakeoff_core.system.paths import home, jobs_path, profiles_path
from pages.parts.common import searching
from pages.parts.common.sidebar import key_of
from tests.support.app_pages import FRONTIER, HOSTILE, MEASURE, measured_shortlist, opened, profile_of, text_of
from tests.support.job_folders import at_work, write_job
from tests.support.places import ROOT

SPEC = SearchSpec(limits=Limits(max_latency_s=0.030), threads=2, device="cpu", patience_s=0.0)
STATUS = {"candidates": 1551, "measured": 84, "failed": 0, "chance_better_left": 0.07, "device": "cpu"}
FOUND = "regnety_008_tv.tv2_in1k"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[SearchSpec]:
    """What the pages ask to be searched; no job is started."""
    specs: list[SearchSpec] = []
    monkeypatch.setattr(searching, "start_search", specs.append)
    return specs


def form_of(page: str, app: AppTest | None = None) -> AppTest:
    app = app or opened(page)
    return app.button(key="search-all").click().run()


def start(app: AppTest) -> AppTest:
    return next(button for button in app.button if button.label == "Start the search").click().run()


def test_a_search_is_started_from_the_empty_frontier_page(asked: list[SearchSpec]) -> None:
    app = form_of(FRONTIER)
    assert "Among **1,551** weights at their sizes" in text_of(app)
    app.number_input(key="search-latency").set_value(30.0)
    app.number_input(key="search-floor").set_value(75.0)
    start(app.run())
    assert not app.exception
    (spec,) = asked
    assert (spec.minutes, spec.limits) == (10.0, Limits(75.0, 0.030))
    assert "Start the search" not in [button.label for button in app.button]  # the form has done its work


def test_on_the_measure_page_the_limits_are_the_last_questions_and_the_search_can_be_narrowed(
    asked: list[SearchSpec],
) -> None:
    write_profiles(profiles_path(), measured_shortlist())
    app = opened(FRONTIER, latency_ms="12")
    app = form_of(MEASURE, app.switch_page(MEASURE).run())
    assert app.number_input(key="search-latency").value == 12.0
    assert app.number_input(key="search-floor").value == 75.0
    app.multiselect(key="search-families").set_value(["ResNet"])
    app.selectbox(key="search-recipe").set_value("modern")
    app.segmented_control(key="search-rule").set_value("cheapest")
    app.run()
    assert "Among **1,551**" not in text_of(app)
    start(app)
    (spec,) = asked
    assert (spec.families, spec.recipe, spec.limits) == (("ResNet",), "modern", Limits(75.0, 0.012))
    assert spec.rule == "cheapest"


def test_a_slider_that_stands_at_its_end_sets_no_limit(asked: list[SearchSpec]) -> None:
    write_profiles(profiles_path(), measured_shortlist())
    start(form_of(MEASURE, opened(FRONTIER).switch_page(MEASURE).run()))
    assert asked[0].limits == Limits(min_top1=75.0)


def test_where_nothing_is_left_the_form_says_so_and_starts_nothing(asked: list[SearchSpec]) -> None:
    app = form_of(MEASURE)
    app.multiselect(key="search-families").set_value(["ResNet"])
    app.multiselect(key="search-licences").set_value(["fastvit-license"])
    app.run()
    assert any("Nothing is left to search among" in error.value for error in app.error)
    assert "Start the search" not in [button.label for button in app.button]


def test_while_the_machine_is_at_work_a_search_waits() -> None:
    with locks.machine_lock(write_job(kinds.MEASURE, {}, state="running")):
        app = form_of(MEASURE)
        assert next(button for button in app.button if button.label == "Start the search").disabled


def test_a_search_at_work_tells_how_far_it_is_and_draws_what_it_predicts() -> None:
    write_profiles(profiles_path(), [profile_of(FOUND, 0.020)])
    status = {"message": "Screening", "current": HOSTILE, "img_size": 224, "share": 0.4, "time_left_s": 240}
    job_id = write_job(kinds.SEARCH, asdict(SPEC), state="running", **STATUS, **status)
    write_predictions(jobs_path() / job_id, [PredictedModel("net.tag", 224, 81.0, 0.02, 0.015, 0.03)])
    with at_work(job_id):
        app = opened(MEASURE)
        assert not app.exception
        bars = [bar.proto for bar in app.get("progress")]
        assert any("4 min left" in bar.text and bar.value == 40 for bar in bars)
        assert all("<script>" not in bar.text for bar in bars)
        assert "Measured 84 of 1,551; chance that something better is left: 7 %" in text_of(app)
        assert len(app.get("plotly_chart")) == 1
        assert app.button(key=f"stop-{job_id}").label == "Stop"


def test_a_search_that_has_not_counted_yet_draws_no_chart() -> None:
    job_id = write_job(kinds.SEARCH, asdict(SPEC), state="running", message="Loading PyTorch and timm")
    with at_work(job_id):
        app = opened(MEASURE)
        assert not app.exception and not app.get("plotly_chart")
        assert "Counting the candidates" in text_of(app)


def test_a_search_that_ended_names_its_pick_and_leads_to_the_frontier_with_its_limits() -> None:
    others = [profile_of(f"net{at}.tag", 0.010, threads=4) for at in range(9)]  # the setting that is shown at first
    write_profiles(profiles_path(), [*measured_shortlist(), profile_of(FOUND, 0.015), *others])
    write_job(kinds.SEARCH, asdict(SPEC), state="done", stopped_because="time", **STATUS)
    app = opened(MEASURE)
    text = text_of(app)
    assert "Measured 84 of 1,551" in text and "The time was up" in text
    assert "The pick is" in text and "shortlist" in text
    assert "Go on for 10 min more" in [button.label for button in app.button]
    button = next(button for button in app.button if button.label == "Show it on the frontier")
    button.click().run()
    assert not app.exception
    assert app.query_params["latency_ms"] == "30"
    searched = next(s for s in list_settings(read_frame(profiles_path())) if s.setting.threads == SPEC.threads)
    assert app.session_state["setting_key"] == key_of(searched)


def test_a_search_that_only_another_version_understands_is_named_and_the_page_stands() -> None:
    job_id = write_job(kinds.SEARCH, asdict(SPEC), state="done", **STATUS)
    path = jobs_path() / job_id / "spec.json"
    request = json.loads(path.read_text())
    path.write_text(json.dumps({**request, "spec": {**request["spec"], "rule": "by-colour"}}))
    app = opened(MEASURE)
    assert not app.exception
    assert "only another version of this product understands" in text_of(app)
