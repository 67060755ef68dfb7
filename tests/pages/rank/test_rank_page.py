"""The Rank page in its states, without a browser; a real ranking is made in the browser's test."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.jobs.labels import Label, read_label
from bakeoff_core.jobs.manager import jobs_path
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.ranking.records import RankRow
from bakeoff_core.ranking.request import RankSpec
from bakeoff_core.system.paths import home, profiles_path
from tests.support.app_pages import measured_shortlist, text_of
from tests.support.places import ROOT
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row, scored

PAGE = "pages/rank.py"
LITE0 = "tf_efficientnet_lite0.in1k"
HOSTILE = "<script>alert(1)</script>|**x**"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    home().mkdir(parents=True, exist_ok=True)


def opened() -> AppTest:
    return AppTest.from_file(ROOT / "app.py", default_timeout=60).run().switch_page(PAGE).run()


def models(app: AppTest) -> list[str]:
    return app.multiselect(key="rank-models").value


def test_page_of_a_machine_never_measured_offers_what_comes_packaged_and_says_what_it_costs() -> None:
    app = opened()
    assert not app.exception
    assert models(app) == [f"tf_efficientnet_lite{at}.in1k" for at in (0, 1, 2)]
    text = text_of(app)
    assert "for 3 models." in text and "estimated from its MACs" in text
    assert "No ranking has ended yet." in text


def test_measured_models_can_be_chosen_and_those_without_weights_are_left_out_and_counted() -> None:
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = opened()
    assert set(models(app)) == {f"tf_efficientnet_lite{at}.in1k" for at in (0, 1, 2)}
    assert "4 measured models are left out because their weights are not on this machine." in text_of(app)
    app.multiselect(key="rank-models").set_value([LITE0, "resnet50.a1_in1k"]).run()
    assert any("resnet50.a1" in warning.value and "without a result" in warning.value for warning in app.warning)


def test_the_button_starts_what_the_form_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RankSpec] = []
    monkeypatch.setattr("pages.parts.rank.form.start_ranking", asked.append)
    app = opened()
    app.multiselect(key="rank-models").set_value([LITE0]).run()
    app.selectbox(key="rank-train_on").set_value("train+val").run()
    app.number_input(key="rank-limit-2").set_value(500).run()
    next(button for button in app.button if button.label == "Rank").click().run()
    assert asked == [RankSpec((LITE0,), "elpv", train_on="train+val", limit=500)]
    app.selectbox(key="rank-metric").set_value("average-precision").run()
    next(box for box in app.selectbox if box.label == "Class that matters").set_value("functional").run()
    next(button for button in app.button if button.label == "Rank").click().run()
    assert (asked[1].metric, asked[1].positive_class) == ("average-precision", "functional")


def test_a_result_says_who_is_ahead_whether_it_matters_and_lists_all_rows() -> None:
    failed = RankRow("resnet18", "resnet18.a1_in1k", error="Its weights are not here.")
    write_ranking(0, make_row(LITE0, 150), make_row("tf_efficientnet_lite1.in1k", 190, first=5, img_size=240), failed)
    app = opened()
    assert not app.exception
    text = text_of(app)
    assert "Both ways lead to tf" in text.replace("\\", "")
    assert "was not ranked: Its weights are not here." in text.replace("\\", "")
    table = app.dataframe[-1].value
    assert table["model"].tolist() == ["tf_efficientnet_lite1.in1k", LITE0, "resnet18.a1_in1k"]
    assert table["probe (%)"].tolist()[:2] == [95.0, 75.0]


def test_a_ranking_by_another_metric_shows_it_first_and_says_what_accuracy_hides() -> None:
    rows = [scored(LITE0, 170, 60.0, 40.0), scored("tf_efficientnet_lite1.in1k", 150, 74.0, 70.0)]
    write_ranking(0, *rows, metric="balanced-accuracy", positive_class="defective")
    app = opened()
    assert not app.exception
    text = text_of(app).replace("\\", "")
    assert "They have a balanced accuracy of 74 % and 60 % on the test images." in text
    assert "Accuracy hides a class: it is 75 %, 12 points above the mean over the classes, 74 %" in text
    assert "Of defective 70 % are found, of functional 78 %." in text
    table = app.dataframe[-1].value
    assert table.columns.tolist()[:5] == ["#", "model", "balanced accuracy (%)", "95 % interval", "accuracy (%)"]
    assert table["balanced accuracy (%)"].tolist() == [74.0, 60.0] and table["accuracy (%)"].tolist() == [75.0, 85.0]
    assert table["recall (%)"].tolist() == [70.0, 40.0]
    (link,) = [link for link in app.get("page_link") if "frontier" in str(link.proto.page).lower()]
    assert "elpv-1a2b3c4d-ranked-balanced-accuracy" in link.proto.query_string


def test_a_metric_of_one_class_is_offered_for_two_classes_alone_and_the_rarer_one_matters_at_first() -> None:
    def draw(classes: tuple[str, ...]) -> None:
        from pathlib import Path

        from bakeoff_core.datasets.records import ImageDataset, LabelledImage
        from pages.parts.rank import form

        images = tuple(LabelledImage(Path("x.png"), label) for label in (0, 1, 1, *range(2, len(classes))))
        form._deciding(ImageDataset("folder", "Own", Path(), classes, images, (), (), "", ()))

    two = AppTest.from_function(draw, kwargs={"classes": ("rare", "frequent")}).run()
    assert two.selectbox[0].options == ["Accuracy", "Balanced accuracy", "Macro F1", "Average precision"]
    assert two.selectbox[1].value == "rare"
    three = AppTest.from_function(draw, kwargs={"classes": ("a", "b", "c")}).run()
    assert [box.options for box in three.selectbox] == [["Accuracy", "Balanced accuracy", "Macro F1"]]


def test_a_stopped_ranking_shows_what_it_has_and_can_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    resumed: list[str] = []
    monkeypatch.setattr("pages.parts.common.resume.resume_job", resumed.append)
    rank_id = write_ranking(0, make_row(LITE0, 150), state="stopped")
    app = opened()
    assert "finished backbones are kept" in text_of(app)
    assert app.dataframe[-1].value["model"].tolist() == [LITE0]
    app.button(key=f"resume-{rank_id}").click().run()
    assert resumed == [rank_id]


def test_a_failed_ranking_says_why_with_its_log() -> None:
    write_ranking(0, state="failed", message="The disk is full.")
    app = opened()
    assert not app.exception
    assert any("The disk is full." in error.value for error in app.error)
    assert any("Traceback" in code.value for code in app.code)


def test_earlier_rankings_can_be_opened_the_newest_first() -> None:
    old = write_ranking(1, make_row(LITE0, 150))
    write_ranking(2, make_row("tf_efficientnet_lite1.in1k", 150))
    app = opened()
    assert app.dataframe[-1].value["model"].tolist() == ["tf_efficientnet_lite1.in1k"]
    (box,) = [box for box in app.selectbox if box.label == "Ranking"]
    box.set_value(old).run()
    assert app.dataframe[-1].value["model"].tolist() == [LITE0]


def test_the_report_has_a_section_of_a_ranking_with_a_candidate_in_it_and_of_no_other() -> None:
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    write_ranking(2, make_row("someone.else", 150))
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run()
    assert "Ranked on your own images" not in text_of(app.switch_page("pages/report.py").run())
    write_ranking(1, make_row("resnet50.a1_in1k", 150))
    report = text_of(app.run())
    assert "## Ranked on your own images" in report and "75 %" in report and "someone.else" not in report


def test_hostile_names_stay_text() -> None:
    write_ranking(0, make_row(HOSTILE, 150), RankRow(HOSTILE * 2, HOSTILE * 2, error=HOSTILE))
    app = opened()
    assert not app.exception
    assert "<script>" not in text_of(app).replace("\\<script", "")


def test_a_ranking_is_named_noted_and_deleted_where_it_is_shown() -> None:
    rank_id = write_ranking(1, make_row(LITE0, 100))
    older = write_ranking(0, make_row(LITE0, 90))
    app = opened()
    app.text_input(key=f"name-{rank_id}").set_value(HOSTILE)
    app.text_area(key=f"note-{rank_id}").set_value(HOSTILE)
    next(found for found in app.button if found.label == "Save").click().run()
    assert not app.exception
    assert read_label(jobs_path() / rank_id) == Label(HOSTILE, HOSTILE)
    assert app.selectbox(key=f"ranking-{rank_id}").options[0].startswith(f"{HOSTILE} · 2026-01-01")
    assert "<script>" not in text_of(app)
    assert app.button(key=f"delete-{rank_id}-1").disabled
    app.checkbox(key=f"sure-{rank_id}-1").check().run()
    app.button(key=f"delete-{rank_id}-1").click().run()
    assert not app.exception
    assert [path.name for path in jobs_path().iterdir()] == [older]
    assert any("Deleted 1 ranking: " in said.value for said in app.success)
