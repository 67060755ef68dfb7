"""The Frontier and Report pages by accuracy on the user's own images."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.finetuning.results import read_finished_runs
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.ranking.request import list_rankings
from bakeoff_core.system.paths import home, jobs_path, profiles_path
from pages.parts.common import links
from tests.support.app_pages import FRONTIER, HOSTILE, REPORT, measured_shortlist, opened, profile_of, text_of
from tests.support.places import ROOT
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row, scored
from tests.support.run_folders import write_run

KEY = "elpv-1a2b3c4d"
SMALL, B0, RESNET50, CONVNEXT = (profile.model_name for profile in measured_shortlist())


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's four models, measured here."""
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)
    profiling_store.write_profiles(profiles_path(), measured_shortlist())


@pytest.fixture
def runs() -> list[str]:
    """Two runs of one model and one of another."""
    return [
        write_run(1, SMALL, accuracy=84.0, validated=84.0),
        write_run(2, B0, accuracy=90.0, validated=88.0),
        write_run(3, B0, recipe="linear-probe", accuracy=80.0, validated=79.0),
    ]


def pick(app: AppTest) -> str:
    assert not app.exception
    return text_of(app).partition('id="pick">')[2].partition("<")[0]


def reported_limits(app: AppTest) -> str:
    (code,) = [code.value for code in app.switch_page(REPORT).run().code]
    return next(line for line in code.splitlines() if line.startswith("- Limits:"))


HARDER = [f"Accuracy: {name} top-1" for name in ("ImageNet-V2", "ImageNet-ReaL", "ImageNet-R", "ImageNet-A")]
HARDER += ["Accuracy: ImageNet-Sketch top-1"]


def test_without_a_finished_run_imagenet_and_harder_sets_are_offered():
    write_run(1, SMALL, state="stopped")
    assert opened().selectbox(key="accuracy").options == ["Accuracy: ImageNet top-1", *HARDER]


def test_a_harder_set_decides_is_named_explained_and_kept_in_the_link():
    app = opened()
    app.selectbox(key="accuracy").set_value("imagenet-r").run()
    text = text_of(app)
    assert pick(app) == CONVNEXT
    assert " on ImageNet-R" in text and "200 of the 1,000 classes" in text
    assert app.query_params["accuracy"] == "imagenet-r"
    assert "min_top1" not in app.query_params  # 75 % of ImageNet mean nothing here
    assert 0 < app.dataframe[0].value.set_index("model").loc[RESNET50, "top-1 (%)"] < 50


def test_a_link_to_a_harder_set_is_understood_and_the_report_says_which():
    app = opened(accuracy="imagenet-sketch", min_top1="30")
    assert "top-1 accuracy on ImageNet-Sketch at least 30 %" in reported_limits(app)
    (code,) = [code.value for code in app.code]
    assert "--accuracy imagenet-sketch" in code and "50,889 images" in code


def test_finished_runs_are_offered_and_imagenet_stays_the_default(runs):
    app = opened()
    assert pick(app) == CONVNEXT
    box = app.selectbox(key="accuracy")
    assert box.options == ["Accuracy: ImageNet top-1", "Accuracy: Solar cells (ELPV) · 2 models", *HARDER]
    assert "top-1" in text_of(app)


def test_chosen_accuracy_decides_is_named_everywhere_and_is_in_the_link(runs):
    app = opened()
    app.selectbox(key="accuracy").set_value(KEY).run()
    text = text_of(app)
    assert pick(app) == B0
    assert "<b>90 %</b> on Solar cells (ELPV)" in text
    assert "top-1" not in text and "ImageNet" not in text
    assert app.query_params["accuracy"] == KEY


def test_models_without_a_run_are_listed_and_take_no_part(runs):
    table = opened(accuracy=KEY).dataframe[0].value.set_index("model")
    assert table.loc[[RESNET50, CONVNEXT], "place"].tolist() == ["not fine-tuned on this data set"] * 2
    assert table["accuracy (%)"].dropna().to_dict() == {SMALL: 84.0, B0: 90.0}
    assert table.loc[B0, "fine-tuned by"] == f"Full fine-tune, validated at 88 %, run {runs[1]}"
    assert "top-1 (%)" not in table


def test_floor_of_imagenet_is_not_carried_to_other_images_and_each_comes_back(runs):
    app = opened(min_top1="81")
    assert pick(app) == CONVNEXT
    app.selectbox(key="accuracy").set_value(KEY).run()
    assert "min_top1" not in app.query_params
    app.selectbox(key="accuracy").set_value("imagenet").run()
    assert app.query_params["min_top1"] == "81"
    app.selectbox(key="accuracy").set_value(KEY).run()
    assert "accuracy on Solar cells (ELPV) at least 83 %" in reported_limits(app)


def test_floor_in_a_link_is_that_of_the_links_accuracy(runs):
    assert pick(opened(accuracy=KEY, min_top1="95")) == "none"
    assert pick(opened(accuracy=KEY, min_top1="90")) == B0


def test_link_of_a_run_shows_its_data_set_and_goes_by_it(runs):
    (probe,) = [run for run in read_finished_runs() if run.run_id == runs[2]]
    app = opened(**links.to_run(probe))
    assert pick(app) == SMALL
    assert f"By your choice, not by validation: `{B0}` by Linear probe ({runs[2]})." in text_of(app)
    (button,) = [button for button in app.button if button.label == "Best validated"]
    button.click().run()
    assert pick(app) == B0
    assert "run" not in app.query_params


def test_link_that_names_only_a_run_shows_the_runs_data_set(runs):
    assert pick(opened(run=runs[2])) == SMALL


@pytest.mark.parametrize("link", [{"accuracy": "elpv-00000000"}, {"accuracy": "<b>"}, {"run": "no-such-run"}])
def test_link_to_what_is_not_here_falls_back_to_imagenet(runs, link):
    assert pick(opened(**link)) == CONVNEXT


def test_models_that_are_yet_to_be_measured_are_named_under_the_chart(runs):
    write_run(4, B0, img_size=160)
    write_run(5, HOSTILE)
    app = opened(accuracy=KEY)
    (note,) = [info.value for info in app.info]
    assert note.startswith("Fine-tuned on Solar cells (ELPV), but not measured yet in this setting: ")
    assert f"`{B0}` at 160 px" in note
    assert "<script>" not in note
    assert all("Fine-tuned on" not in info.value for info in opened().info)


def test_nothing_measured_of_what_was_fine_tuned_is_a_picture_with_words():
    write_run(1, "vgg16.tv_in1k")
    app = opened(accuracy=KEY)
    assert pick(app) == "none"
    assert "`vgg16.tv_in1k` at 224 px" in app.info[0].value


def test_hostile_name_of_a_folder_stays_text_on_both_pages():
    write_run(1, SMALL, dataset="folder", dataset_title=HOSTILE)
    app = opened(accuracy="folder-1a2b3c4d")
    assert pick(app) == SMALL
    assert "<script>" not in text_of(app)
    app.switch_page(REPORT).run()
    assert not app.exception
    assert "<script>" not in text_of(app).replace("`<script>", "")


def test_report_of_chosen_accuracy_tells_the_run_in_its_preview(runs):
    app = opened(accuracy=KEY)
    app.switch_page(REPORT).run()
    assert not app.exception
    preview = text_of(app)
    assert "## Fine-tuned here" in preview and f"`{runs[1]}`" in preview
    assert f"(90 % on Solar cells (ELPV), {8.0:.2f} ms)" in preview


def test_coming_back_to_the_page_finds_accuracy_run_and_floor_as_they_were(runs):
    app = opened(accuracy=KEY, run=runs[2], min_top1="75")
    app.switch_page(REPORT).run()
    app.query_params.clear()
    app.switch_page(FRONTIER).run()
    assert pick(app) == SMALL
    assert (app.query_params["accuracy"], app.query_params["run"]) == (KEY, runs[2])


def test_run_that_finishes_while_the_page_is_open_is_offered():
    app = opened()
    write_run(1, SMALL)
    assert app.run().selectbox(key="accuracy").options[1] == "Accuracy: Solar cells (ELPV) · 1 model"


def test_accuracies_near_nought_and_at_a_hundred_have_a_floor_to_drag(runs):
    profiling_store.write_profiles(profiles_path(), [replace(profile_of("a.x", 0.01), img_size=224)])
    write_run(4, "a.x", test_accuracy_low=0.0, accuracy=0.5, validated=1.0)
    write_run(5, SMALL, accuracy=100.0, test_accuracy_high=100.0, validated=99.0)
    assert pick(opened(accuracy=KEY)) == SMALL


# ------------------------------------------------------------------- rankings

RANKED = f"{KEY}-ranked"


@pytest.fixture
def ranking() -> str:
    """A ranking of two measured models and of one that is not."""
    return write_ranking(1, make_row(SMALL, 150), make_row(B0, 140), make_row("resnet18.a1_in1k", 120))


def test_a_ranking_decides_is_named_explained_and_names_what_is_not_measured(ranking):
    app = opened()
    app.selectbox(key="accuracy").set_value(RANKED).run()
    text = text_of(app)
    assert pick(app) == SMALL
    assert "<b>75 %</b> by linear probe on Solar cells (ELPV)" in text
    assert "each model stayed frozen" in text and "fine-tuned on this machine" not in text
    assert any(info.value.startswith("Ranked on Solar cells") and "resnet18" in info.value for info in app.info)
    assert app.query_params["accuracy"] == RANKED
    shown = app.dataframe[0].value.set_index("model")
    assert shown.loc[RESNET50, "place"] == "not ranked on this data set"
    assert "ranking" in shown.loc[SMALL, "ranked by"]


def test_the_accuracy_floor_and_the_report_go_by_the_ranking(ranking):
    app = opened(accuracy=RANKED, min_top1="72")
    assert pick(app) == SMALL
    line = reported_limits(app)
    assert "linear-probe accuracy on Solar cells (ELPV) at least 72 %" in line
    app = opened(accuracy=RANKED, min_top1="90")
    assert "Nothing" in text_of(app)


def test_runs_and_rankings_on_the_same_images_are_two_accuracies(runs, ranking):
    options = opened().selectbox(key="accuracy").options
    assert options[1:3] == [
        "Accuracy: Solar cells (ELPV) · 2 models",
        "Accuracy: Solar cells (ELPV), ranked with frozen features · 3 models",
    ]


def test_the_rank_page_links_to_its_accuracy(ranking):
    ranked = next(run for run in list_rankings() if run.rank_id == ranking).result()
    assert links.to_ranking(ranked) == {"accuracy": RANKED}
    assert pick(opened(**links.to_ranking(ranked))) == SMALL


def test_the_page_and_its_report_go_by_the_metric_that_decided_the_ranking():
    rows = [scored(SMALL, 190, 60.0, 40.0), scored(B0, 150, 74.0, 70.0)]
    write_ranking(2, *rows, metric="balanced-accuracy", positive_class="defective")
    key = f"{RANKED}-balanced-accuracy"
    app = opened(accuracy=key)
    text = text_of(app)
    assert pick(app) == B0
    assert app.selectbox(key="accuracy").options[1:3] == [
        "Balanced accuracy: Solar cells (ELPV), ranked with frozen features · 2 models",
        "Accuracy: Solar cells (ELPV), ranked with frozen features · 2 models",
    ]
    assert "<b>74 %</b> balanced accuracy by linear probe on Solar cells (ELPV)" in text
    assert "Best balanced accuracy within the limits" in text and "Balanced accuracy: mean over the classes" in text
    assert app.segmented_control(key="rule").options == ["Best balanced accuracy", "Cheapest"]
    shown = app.dataframe[0].value.set_index("model")
    assert shown["balanced accuracy (%)"].dropna().to_dict() == {SMALL: 60.0, B0: 74.0}
    assert "Most accurate" not in text and "accuracy (%)" not in shown
    app.segmented_control(key="rule").set_value("cheapest").run()
    assert app.query_params["rule"] == "Cheapest"
    app.selectbox(key="accuracy").set_value(RANKED).run()
    assert app.segmented_control(key="rule").value == "cheapest" and pick(app) == SMALL
    app.selectbox(key="accuracy").set_value(key).run()
    assert "linear-probe balanced accuracy on Solar cells (ELPV) at least 59 %" in reported_limits(app)


def test_a_ranking_of_another_version_is_no_error_of_the_frontier(ranking):
    (jobs_path() / ranking / "ranking.json").write_text('{"format": 99}')
    assert opened().selectbox(key="accuracy").options == ["Accuracy: ImageNet top-1", *HARDER]
