"""The *match recipes* switch and its notice."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import home, profiles_path
from tests.support.app_pages import FRONTIER, REPORT, measured_shortlist, opened, profile_of, text_of
from tests.support.places import ROOT

SMALL, B0, RESNET50, CONVNEXT = (profile.model_name for profile in measured_shortlist())  # 2 tuned, modern, more labels


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's four models, measured here."""
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)
    profiling_store.write_profiles(profiles_path(), measured_shortlist())


def pick(app: AppTest) -> str:
    assert not app.exception
    return text_of(app).partition('id="pick">')[2].partition("<")[0]


def models(app: AppTest) -> list[str]:
    return app.dataframe[0].value["model"].tolist()


def notices(app: AppTest) -> str:
    return " ".join(info.value for info in app.info)


def test_a_mixture_is_named_in_plain_words_and_everybody_takes_part():
    app = opened()
    assert pick(app) == CONVNEXT and len(models(app)) == 4
    assert "These 4 models were not trained alike: 2 tuned, 1 modern and 1 from more labels." in notices(app)
    assert "Match recipes" in notices(app)
    assert app.toggle(key="match_recipes").value is False


def test_the_switch_restricts_the_frontier_to_the_most_frequent_class_and_says_so():
    app = opened()
    app.toggle(key="match_recipes").set_value(True).run()
    assert pick(app) == B0 and set(models(app)) == {SMALL, B0}
    assert "Only the 2 models of one recipe class are compared, tuned." in notices(app)
    assert app.query_params["recipes"] == "tuned"
    assert app.selectbox(key="recipe_class").options == ["tuned · 2", "modern · 1", "from more labels · 1"]


def test_another_class_can_be_chosen_and_switching_off_brings_everybody_back():
    app = opened()
    app.toggle(key="match_recipes").set_value(True).run()
    app.selectbox(key="recipe_class").set_value("modern").run()
    assert pick(app) == RESNET50 and app.query_params["recipes"] == "modern"
    app.toggle(key="match_recipes").set_value(False).run()
    assert pick(app) == CONVNEXT and "recipes" not in app.query_params


def test_a_link_keeps_the_class_and_a_name_of_none_is_ignored():
    assert pick(opened(recipes="modern")) == RESNET50
    assert pick(opened(recipes="<b>")) == CONVNEXT


def test_where_nobody_is_of_the_class_the_most_frequent_one_stands_in_and_the_wish_is_kept():
    app = opened(recipes="image-text")
    assert pick(app) == B0
    assert "No model here is of the recipe class from images and texts. Only the 2 models" in notices(app)
    assert app.query_params["recipes"] == "image-text"
    app.selectbox(key="recipe_class").set_value("modern").run()
    assert pick(app) == RESNET50 and app.query_params["recipes"] == "modern"


def test_classes_of_a_mixture_are_explained_below_it():
    app = opened()
    (meanings,) = [block for block in app.expander if block.label == "What these recipe classes mean"]
    assert "**from more labels**: First a larger labelled set" in meanings.markdown[0].value


def test_matching_leaves_the_limits_as_they_are():
    app = opened(latency_ms="13", min_top1="76")
    assert pick(app) == RESNET50
    app.toggle(key="match_recipes").set_value(True).run()
    assert (app.query_params["latency_ms"], app.query_params["min_top1"]) == ("13", "76")
    assert pick(app) == B0


def test_the_report_tells_the_match_and_how_to_repeat_it():
    app = opened(recipes="tuned")
    app.switch_page(REPORT).run()
    assert not app.exception
    (code,) = [code.value for code in app.code]
    assert "- Recipes: matched, only tuned." in code and "--match-recipes tuned" in code
    assert "## Trained alike?" in code and '"recipe": "tuned"' in code
    assert CONVNEXT not in code.partition("<!--")[0]


def test_coming_back_to_the_page_finds_the_class_as_it_was():
    app = opened(recipes="modern")
    app.switch_page(REPORT).run()
    app.query_params.clear()
    app.switch_page(FRONTIER).run()
    assert pick(app) == RESNET50 and app.query_params["recipes"] == "modern"


def test_models_that_were_trained_alike_get_no_notice():
    profiling_store.write_profiles(profiles_path(), [])
    profiles_path().unlink()
    profiling_store.write_profiles(profiles_path(), measured_shortlist()[:2])
    assert "trained alike" not in notices(opened())


def test_a_candidate_without_a_recipe_does_not_stop_the_page():
    profiling_store.write_profiles(profiles_path(), [profile_of("my_net.v1", 0.01)])
    app = opened()
    assert not app.exception and "my_net.v1" in models(app)
