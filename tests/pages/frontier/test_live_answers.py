"""The answers that a browser asks for during a drag: those that the page draws, and nothing to whoever has no token."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.responses import Response
from streamlit import config

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.system.paths import own_accuracy_path, profiles_path
from pages.parts.common import cache
from pages.parts.common.session import Criteria, Question
from pages.parts.frontier import live_answers, live_route
from tests.support.app_pages import HOSTILE, measured_shortlist, opened, profile_of
from tests.support.places import ROOT

QUESTION = Question(Limits(min_top1=60.0, max_latency_s=0.010))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> MeasuredSetting:
    """The lab's four models, measured here in 4, 8, 12 and 16 ms, the more accurate the slower."""
    monkeypatch.chdir(ROOT)
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    return cache.settings()[0]


def respond(**parameters: str) -> Response:
    return live_route.respond(Request({"type": "http", "query_string": urlencode(parameters).encode(), "headers": []}))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)).split())


def test_the_answer_to_a_step_is_what_the_page_draws_when_the_thumb_rests_there(shown):
    asked = live_answers.offer(shown, QUESTION)
    for latency_ms, floor in (("9", "60"), ("13", "70"), ("1", "60"), ("500", "99")):
        answered = respond(asked=asked, latency_ms=latency_ms, min_top1=floor)
        assert answered.status_code == 200
        assert answered.headers["cache-control"] == "no-store"
        app = opened(latency_ms=latency_ms, min_top1=floor)
        (drawn,) = [element.proto.body for element in app.get("html") if 'class="answers"' in element.proto.body]
        assert words(json.loads(answered.body)["html"]) == words(drawn)


def test_marks_follow_the_limits_of_the_step(shown):
    asked = live_answers.offer(shown, QUESTION)
    marks = [json.loads(respond(asked=asked, latency_ms=ms, min_top1="60").body)["marks"] for ms in ("9", "13.5")]
    assert [mark["budget"] for mark in marks] == [{"at": 9.0, "text": "9 ms"}, {"at": 13.5, "text": "13.5 ms"}]
    assert marks[0]["pick"]["x"] == pytest.approx(8.0) and marks[1]["pick"]["x"] == pytest.approx(12.0)


def test_rule_cost_and_further_limits_of_the_question_hold_during_the_drag(shown):
    further = Question(Limits(max_param_count=1.0), "cheapest", Criteria(cost="macs"))
    answer = live_answers.answer(live_answers.offer(shown, further), Limits(min_top1=60.0, max_latency_s=0.010))
    assert answer is not None
    assert "none" in words(answer["html"]) and "parameter limit" in words(answer["html"])
    assert answer["marks"]["budget"] is None  # the axis is MACs


def test_one_question_has_one_token_wherever_the_thumbs_are_and_another_has_another(shown):
    asked = live_answers.offer(shown, QUESTION)
    assert live_answers.offer(shown, Question(Limits(min_top1=80.0, max_latency_s=1.0))) == asked
    assert live_answers.offer(shown, Question(Limits(max_param_count=9.0))) != asked
    assert live_answers.offer(shown, Question(rule="cheapest")) != asked


def test_the_oldest_questions_are_forgotten_and_one_that_is_asked_again_is_young(shown):
    first, second = (live_answers.offer(shown, Question(Limits(max_param_count=n))) for n in (1.0, 2.0))
    for n in range(3, live_answers._MOST_OFFERED + 3):
        live_answers.offer(shown, Question(Limits(max_param_count=float(n))))
        live_answers.offer(shown, Question(Limits(max_param_count=1.0)))
    assert respond(asked=first, latency_ms="9", min_top1="60").status_code == 200
    assert respond(asked=second, latency_ms="9", min_top1="60").status_code == 404


@pytest.mark.parametrize("asked", ["", "x", "../../etc/passwd"])
def test_without_a_token_nothing_is_told(shown, asked):
    live_answers.offer(shown, QUESTION)
    answered = respond(asked=asked, latency_ms="9", min_top1="60")
    assert (answered.status_code, answered.body.decode()) == (
        404,
        "This question is not known to the server. Reload the page.",
    )


@pytest.mark.parametrize("text", ["", "nan", "inf", "-1", "1e999", "x", "9" * 10_000])
@pytest.mark.parametrize("name", ["latency_ms", "min_top1"])
def test_what_is_no_limit_is_refused_in_words(shown, name, text):
    given = {"latency_ms": "9", "min_top1": "60"} | {name: text}
    answered = respond(asked=live_answers.offer(shown, QUESTION), **given)
    assert answered.status_code == 400
    assert re.match(rf"`{name}` must be a .*Got ", answered.body.decode())


def test_names_from_a_file_are_text_in_the_answer(monkeypatch):
    monkeypatch.chdir(ROOT)
    profiling_store.write_profiles(profiles_path(), [profile_of(HOSTILE, 0.004)])
    own_accuracy_path().write_text(f"model_name,img_size,top1,source\n{HOSTILE},224,80,invented\n")
    token = live_answers.offer(cache.settings()[0], QUESTION)
    answer = live_answers.answer(token, Limits(min_top1=0.0, max_latency_s=1.0))
    assert answer is not None and "&lt;script&gt;" in answer["html"] and "<script" not in answer["html"]


@pytest.mark.parametrize(("base", "path"), [("", "/live/answers"), ("lab/bake", "/lab/bake/live/answers")])
def test_the_address_is_below_the_one_that_the_app_is_served_at(base, path):
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", base)
    try:
        assert live_route.path() == live_route.route().path == path
    finally:
        config.set_option("server.baseUrlPath", before)
