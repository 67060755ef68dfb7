"""The Checklist page without a browser: answers move the advice, stay in the link, and reach the report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Element

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import home, own_accuracy_path, profiles_path
from tests.support.app_pages import HOSTILE, measured_shortlist, opened, profile_of, text_of
from tests.support.places import ROOT

PAGE = "pages/checklist.py"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)


def checklist(**query: str) -> AppTest:
    """The page, opened by a link that holds these answers."""
    app = opened(PAGE)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def start_of(app: AppTest) -> str:
    """The model the card names; empty where it names none."""
    _, found, rest = text_of(app).partition("<b id='start'>")
    return rest.partition("</b>")[0] if found else ""


def question(elements: Iterable[Element], name: str) -> Any:
    """The question of this name among elements of its kind."""
    return next(element for element in elements if element.key.startswith(f"checklist-{name}-"))


def linked(app: AppTest, name: str) -> str | None:
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def edge_box() -> None:
    rows = [
        profile_of("efficientnet_b0.ra_in1k", 0.009),
        profile_of("vit_base_patch16_224.augreg2_in21k_ft_in1k", 0.31),
    ]
    profiling_store.write_profiles(profiles_path(), rows)


def test_page_with_nothing_measured_and_nothing_answered_names_a_start_and_seven_steps():
    app = checklist()
    assert not app.exception
    assert start_of(app) == "efficientnet_b0.ra_in1k"
    assert [f":blue-badge[{place}]" in text_of(app) for place in range(1, 9)] == [True] * 7 + [False]


def test_answers_in_the_link_give_the_textbooks_edge_box():
    edge_box()
    app = checklist(target="edge", latency_ms="15", labelled="4000", domain="other")
    assert not app.exception
    assert start_of(app) == "efficientnet_b0.ra_in1k"
    assert "<span id='recipe'>fully fine-tuned</span>" in text_of(app)


def test_answer_that_is_given_moves_the_advice_and_goes_into_the_link():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = checklist(target="server", min_top1="75")
    assert start_of(app) == "efficientnet_b0.ra_in1k"
    question(app.number_input, "min_top1").set_value(80.0).run()
    assert start_of(app) == "resnet50.a1_in1k"
    assert linked(app, "min_top1") == "80"
    question(app.number_input, "min_top1").set_value(None).run()
    assert linked(app, "min_top1") is None


def test_number_of_images_changes_the_recipe():
    app = checklist(target="edge", domain="other")
    for labelled, recipe in ((50, "linear probe"), (500, "progressive unfreezing"), (5_000, "fully fine-tuned")):
        question(app.number_input, "labelled").set_value(labelled).run()
        assert recipe in text_of(app).partition("<span id='recipe'>")[2].partition("</span>")[0]


def test_answers_are_kept_while_another_page_is_open():
    app = checklist(target="edge", labelled="4000")
    app.switch_page("pages/measure.py").run()
    app.switch_page(PAGE).run()
    assert question(app.number_input, "labelled").value == 4_000
    assert linked(app, "target") == "edge"


def test_link_that_comes_late_from_the_browser_takes_no_answer_back():
    app = checklist(target="edge")
    question(app.number_input, "labelled").set_value(4_000).run()
    app.query_params.clear()
    app.query_params["target"] = "edge"  # as a browser sends it that has not heard of the labels yet
    question(app.number_input, "min_top1").set_value(70.0).run()
    assert question(app.number_input, "labelled").value == 4_000
    assert (linked(app, "labelled"), linked(app, "min_top1")) == ("4000", "70")


def test_answers_taken_back_to_the_page_outlast_a_link_that_comes_late():
    app = checklist(target="edge", labelled="4000")
    app.switch_page("pages/measure.py").run()
    app.query_params.clear()  # as a browser does with another page
    app.switch_page(PAGE).run()
    assert linked(app, "labelled") == "4000"
    app.query_params.clear()  # it has not heard of them yet
    app.run()
    assert question(app.number_input, "labelled").value == 4_000


def test_link_to_an_earlier_answer_takes_the_later_one_back():
    app = checklist(target="edge")
    question(app.number_input, "labelled").set_value(4_000).run()
    app.run()
    app.query_params.clear()
    app.query_params["target"] = "edge"  # as the browser's back button does
    app.run()
    assert question(app.number_input, "labelled").value is None


@pytest.mark.parametrize(
    "query",
    [
        {"target": "moon", "task": "<b>", "priority": "", "domain": "nan"},
        {"latency_ms": "-5", "min_top1": "101", "labelled": "1.5", "max_params_m": "1e999"},
        {"latency_ms": "nan", "max_gmacs": "x", "max_memory_mb": "0", "labelled": "0"},
        {"latency_ms": "1e300", "max_gmacs": "1e300", "max_memory_mb": "inf", "labelled": "9" * 400},
        {"latency_ms": "1e-300", "max_gmacs": "1e999", "max_memory_mb": "-inf", "max_params_m": "1,5"},
    ],
)
def test_absurd_answers_in_a_link_are_as_if_not_given(query):
    app = checklist(**query)
    assert not app.exception
    assert start_of(app) == "efficientnet_b0.ra_in1k"


def test_limits_that_nothing_clears_name_no_start_and_what_would_help():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = checklist(target="edge", latency_ms="1", min_top1="70")
    assert not app.exception
    assert start_of(app) == ""
    assert "Raise the latency budget from 1 ms to" in text_of(app)


def test_generation_points_on_and_asks_no_further():
    app = checklist(task="generation")
    assert not app.exception
    assert "not a choice of backbone" in text_of(app)
    assert ":blue-badge[2]" not in text_of(app)


def test_starting_over_forgets_every_answer():
    app = checklist(target="edge", labelled="4000")
    next(button for button in app.button if button.label == "Start over").click().run()
    assert question(app.number_input, "labelled").value is None
    assert linked(app, "target") is None


def test_favourite_that_is_beaten_here_is_said_to_be_by_whom_and_by_how_much():
    rows = [profile_of("efficientnet_b0.ra_in1k", 0.012), profile_of("resnet18.a1_in1k", 0.020)]
    profiling_store.write_profiles(profiles_path(), rows)
    app = checklist(target="edge", latency_ms="60")
    assert "Dominated by efficientnet_b0.ra_in1k @ 224, which is 8.00 ms faster and 6.19 points" in text_of(app)


def test_missing_models_can_be_measured_from_the_card():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = checklist(target="edge", latency_ms="30")
    assert any(button.label.startswith("Measure ") and "missing" in button.label for button in app.button)


def test_hostile_model_names_stay_text():
    own_accuracy_path().write_text(f'model_name,img_size,top1\n"{HOSTILE}",224,99\n')
    profiling_store.write_profiles(profiles_path(), [*measured_shortlist(), profile_of(HOSTILE, 0.001)])
    app = checklist(target="edge", latency_ms="30")
    assert not app.exception
    assert "<script>" not in text_of(app)
    assert "&lt;script&gt;" in text_of(app)


def test_report_has_the_answers_of_this_session():
    edge_box()
    app = checklist(target="edge", latency_ms="15", labelled="4000", domain="other")
    app.switch_page("pages/report.py").run()
    assert not app.exception
    report = app.code[0].value
    assert "## The checklist" in report
    assert "4,000 labelled images unlike natural photographs." in report


def test_report_says_nothing_of_a_checklist_that_nobody_answered():
    edge_box()
    assert "## The checklist" not in opened("pages/report.py").code[0].value


def test_a_tiny_limit_in_a_link_is_taken_and_told_with_its_digits():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = checklist(latency_ms="0.0000001", max_gmacs="0.000000001")
    assert not app.exception
    assert "0.0000001 ms" in text_of(app) and "0.000000001 G MACs" in text_of(app)
