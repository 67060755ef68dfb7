"""Parameters of links: put back from the session, taken out, and those that lead to another page."""

from __future__ import annotations

import pytest
import streamlit as st

from bakeoff_core.schema.accuracy import IMAGENET
from bakeoff_core.schema.decision import Limits
from pages.parts.common import links


@pytest.fixture(autouse=True)
def a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty link and an empty session."""
    monkeypatch.setattr(st, "query_params", {})
    monkeypatch.setattr(st, "session_state", {})


def test_a_parameter_in_the_link_wins_over_an_earlier_one() -> None:
    links.remember(links.LATENCY, "20")
    st.query_params[links.LATENCY] = "30"
    assert links.restore(links.LATENCY) == "30"


def test_a_parameter_that_left_the_link_with_the_page_is_put_back() -> None:
    links.remember(links.LATENCY, "20")
    st.query_params.clear()
    assert links.restore(links.LATENCY) == "20"
    assert st.query_params == {links.LATENCY: "20"}


def test_a_parameter_that_was_taken_out_is_not_put_back() -> None:
    links.remember(links.LATENCY, "20")
    links.remember(links.LATENCY, None)
    assert links.restore(links.LATENCY) is None
    assert st.query_params == {} and st.session_state == {}


def test_the_floors_of_two_accuracies_are_kept_apart() -> None:
    links.remember(links.FLOOR, "75", links.floor_key(IMAGENET))
    assert links.restore(links.FLOOR, "kept_min_top1 elpv-1a2b3c4d") == "75"  # from the link, whosever it is
    st.query_params.clear()
    assert links.restore(links.FLOOR, "kept_min_top1 elpv-1a2b3c4d") is None


def test_what_is_empty_is_left_out_of_the_link() -> None:
    links.write({links.RUN: ["a", "b"], links.ACCURACY: "elpv-1a2b3c4d"})
    links.write({links.RUN: [], links.ACCURACY: None})
    assert st.query_params == {}


def test_a_link_to_limits_forgets_other_limits_the_cost_and_the_accuracy_chosen_before() -> None:
    earlier = {"kept_rule": "Cheapest", "kept_cost": "MACs", "kept_latency_ms": "9", "kept_run": ["a"]}
    st.session_state.update(earlier, kept_accuracy="imagenet-r", kept_recipes="modern")
    assert links.to_limits(Limits(min_top1=80.5, max_memory_bytes=200_000_000), None) == {
        "min_top1": "80.5",
        "max_memory_mb": "200",
    }
    assert st.session_state == {"kept_accuracy": "imagenet", "kept_min_top1": "80.5", "kept_recipes": "modern"}


def test_a_link_to_limits_without_a_floor_says_so() -> None:
    limits = Limits(max_latency_s=0.0125, max_param_count=5_500_000)
    assert links.to_limits(limits, "cheapest") == {
        "latency_ms": "12.5",
        "min_top1": "0",
        "max_params_m": "5.5",
        "rule": "Cheapest",
    }
    assert st.session_state["kept_rule"] == "Cheapest"


def test_a_link_to_an_anatomy_names_model_and_size() -> None:
    assert links.to_anatomy("resnet18.a1_in1k", 224) == {"anatomy": "resnet18.a1_in1k", "anatomy_size": "224"}
