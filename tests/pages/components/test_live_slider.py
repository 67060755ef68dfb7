"""What the live slider makes of the browser's reports and the page's wishes, without a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.components.live_slider import (
    SliderState,
    _decimals,
    _follow,
    _Memory,
    _parse_report,
    _Report,
    live_slider,
)


def follow(memory: _Memory | None, argument: float, report: _Report | None = None, **kwargs) -> _Memory:
    return _follow(memory, report, argument=argument, requested=kwargs.get("requested"), tolerance=0.05)


def report(value: float, released: float, revision: int = 0) -> _Report:
    return _Report(SliderState(value, released), revision)


def test_without_a_report_the_thumb_stands_where_the_page_put_it() -> None:
    assert follow(None, 50).state == SliderState(50, 50)


def test_the_same_argument_leaves_the_thumb_with_the_user() -> None:
    memory = follow(follow(None, 50), 50, report(20, 20))
    assert follow(memory, 50, report(20, 20)).state == SliderState(20, 20)


def test_a_new_argument_moves_the_thumb_and_makes_earlier_reports_stale() -> None:
    memory = follow(follow(None, 50), 50, report(20, 20))
    moved = follow(memory, 80, report(20, 20))
    assert moved.state == SliderState(80, 80)
    assert follow(moved, 80, report(21, 20)).state == SliderState(80, 80)
    assert follow(moved, 80, report(75, 75, moved.revision)).state == SliderState(75, 75)


def test_a_url_that_lags_one_run_behind_is_no_wish_to_move() -> None:
    memory = follow(follow(None, 50), 50, report(20, 20))
    assert follow(memory, 20, report(30, 30)).state == SliderState(30, 30)


def test_a_url_that_lags_several_runs_behind_is_no_wish_to_move() -> None:
    memory = follow(None, 50)
    for value in (20, 21, 20, 22):
        memory = follow(memory, 50, report(value, value))
    for late in (20, 21, 20):
        memory = follow(memory, late, report(22, 22))
        assert memory.state == SliderState(22, 22)


def test_a_url_that_rounded_the_value_is_no_wish_to_move() -> None:
    memory = follow(follow(None, 50), 50, report(33.33, 33.33))
    assert follow(memory, 33.3, report(33.33, 33.33)).state == SliderState(33.33, 33.33)


def test_going_back_in_the_browser_moves_the_thumb_back() -> None:
    memory = follow(follow(None, 50), 50, report(20, 20))
    memory = follow(memory, 20, report(20, 20))
    assert follow(memory, 50, report(20, 20)).state == SliderState(50, 50)


def test_a_requested_move_wins_over_the_same_argument_and_over_the_user() -> None:
    memory = follow(follow(None, 50), 50, report(20, 20))
    assert follow(memory, 50, report(20, 20), requested=50).state == SliderState(50, 50)


def test_reports_survive_a_lost_session_only_when_they_match_its_revision() -> None:
    assert follow(None, 50, report(20, 20)).state == SliderState(20, 20)
    assert follow(None, 50, report(20, 20, revision=3)).state == SliderState(50, 50)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"thumb": None},
        {"thumb": 20},
        {"thumb": {"value": 20, "released": 20}},
        {"thumb": {"value": "20", "released": 20, "revision": 0}},
        {"thumb": {"value": float("nan"), "released": 20, "revision": 0}},
        {"thumb": {"value": 20, "released": float("inf"), "revision": 0}},
        {"thumb": {"value": True, "released": 20, "revision": 0}},
    ],
)
def test_malformed_state_from_the_browser_is_ignored(state: object) -> None:
    assert _parse_report(state) is None


def test_a_well_formed_report_is_read() -> None:
    state = {"thumb": {"value": 20, "released": 19.5, "revision": 2}}
    assert _parse_report(state) == report(20.0, 19.5, 2)


@pytest.mark.parametrize("step, decimals", [(0.5, 1), (0.25, 2), (1, 0), (10, 0), (0.1, 1), (1e-7, 7)])
def test_decimals_are_those_of_the_step(step: float, decimals: int) -> None:
    assert _decimals(step) == decimals


def app(minimum: float, maximum: float, step: float, value: float) -> None:
    import streamlit as st

    from pages.parts.components.live_slider import live_slider

    st.session_state["answer"] = live_slider(
        "Budget (ms)", minimum=minimum, maximum=maximum, step=step, value=value, unit="ms", key="budget"
    )


@pytest.mark.parametrize("value, clamped", [(50, 50.0), (-3, 1.0), (1e9, 100.0)])
def test_the_value_is_clamped_to_the_range_in_python_too(value: float, clamped: float) -> None:
    ran = AppTest.from_function(app, kwargs={"minimum": 1, "maximum": 100, "step": 0.5, "value": value}).run()
    assert not ran.exception
    assert ran.session_state["answer"] == SliderState(clamped, clamped)


@pytest.mark.parametrize(
    "minimum, maximum, step, value, words",
    [
        (5, 5, 1, 5, "`minimum` must be below `maximum`, both finite. Got 5 and 5."),
        (0, float("inf"), 1, 5, "`minimum` must be below `maximum`, both finite. Got 0 and inf."),
        (0, 10, 0, 5, "`step` must be greater than 0. Got 0."),
        (0, 10, 1, float("nan"), "`value` must be a finite number. Got nan."),
    ],
)
def test_a_programmers_mistake_is_named(minimum: float, maximum: float, step: float, value: float, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        live_slider("Budget (ms)", minimum=minimum, maximum=maximum, step=step, value=value, unit="ms", key="budget")
    assert str(caught.value) == words
