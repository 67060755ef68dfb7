"""Published machines without a browser: nothing imported, imported by path, refused, removed, damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.catalogue.published_store import import_tables, read_published
from bakeoff_core.catalogue.timm_names import write_timm_models
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import jobs_path
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.files import write_json
from bakeoff_core.system.paths import home, profiles_path, published_path, timm_models_path
from pages.parts.explore import views
from tests.support.app_pages import measured_shortlist
from tests.support.places import ROOT
from tests.support.timm_results import ACCURACIES, NAMES, SPEEDS, TRAINING_SPEEDS, write

HOSTILE = "<script>alert(1)</script>|**x**"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder, timm's names, and no worker that takes models apart."""
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)
    write_timm_models(timm_models_path(), NAMES)
    monkeypatch.setattr("pages.parts.explore.anatomy_job.start_dissecting", lambda wanted: None)


def opened(view: str = views.LANDSCAPE) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.run()
    app.query_params["view"] = view
    app.switch_page("pages/explore.py").run()
    assert not app.exception
    return app


def turn_to(app: AppTest, view: str) -> AppTest:
    """Open another of the page's views."""
    app.query_params.clear()
    app.session_state["view"] = view
    app.run()
    assert not app.exception
    return app


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info, app.success)
    return "\n".join(element.value for kind in kinds for element in kind)


def imported(folder: Path, machine: str = "box", speeds: str = SPEEDS) -> None:
    tables = write(folder, "results.csv", ACCURACIES), write(folder, "benchmark.csv", speeds)
    import_tables(published_path(), *tables, NAMES, machine)


def by_path(app: AppTest, results: Path | str, speeds: Path | str, machine: str | None = None) -> AppTest:
    """Fill in the form and press its button."""
    app.session_state["published_by"] = "Path"
    app.run()
    app.text_input[0].set_value(str(results))
    app.text_input[1].set_value(str(speeds)).run()
    if machine is not None:
        app.text_input[2].set_value(machine).run()
    [button] = [button for button in app.button if button.label == "Import"]
    button.click().run()
    assert not app.exception
    return app


def test_with_nothing_measured_or_imported_the_catalogue_is_shown_and_the_way_on_is_told():
    app = opened()
    assert app.selectbox(key="explore_origin").options == ["Nobody's: MACs from the catalogue"]
    assert "ResNet" in app.multiselect(key="explore_families").value
    assert "They say what has to be computed, not how long that takes" in text_of(app)
    assert "Once this machine is measured, or a published one imported" in text_of(turn_to(app, views.WHY_MEASURE))
    assert [tab.label for tab in app.tabs] == list(views.VIEWS)


def test_tables_are_imported_by_path_counted_and_shown(tmp_path):
    tables = write(tmp_path, "results.csv", ACCURACIES), write(tmp_path, "my box.csv", SPEEDS)
    app = by_path(opened(views.PUBLISHED), *tables)
    assert {row.machine for row in read_published(published_path())} == {"my box"}
    text = text_of(app)
    assert "my box: Added. *Models and speed* shows it." in text
    assert "3 of 6 pairs of architecture and image size have an accuracy in the table and join" in text
    alone = app.dataframe[0].value
    assert "resnet50 @ 320" in list(alone["model and size (px)"])
    text = text_of(turn_to(app, views.LANDSCAPE))
    assert "throughput, not the wait for one image" in text and "51 to 256 images at a time" in text
    assert app.selectbox(key="explore_origin").value == "my box, inference"
    assert not profiles_path().exists()


@pytest.mark.parametrize(
    ("results", "speeds", "machine", "words"),
    [
        (SPEEDS, SPEEDS, "box", "a table of accuracies must have the columns"),
        (ACCURACIES, ACCURACIES, "box", "a table of speeds must have the columns"),
        (ACCURACIES, "", "box", "Got an empty file"),
        (ACCURACIES, SPEEDS, "x" * 81, "1 to 80 printable characters"),
    ],
)
def test_what_can_not_be_imported_is_refused_in_words(tmp_path, results, speeds, machine, words):
    app = by_path(opened(views.PUBLISHED), write(tmp_path, "r.csv", results), write(tmp_path, "s.csv", speeds), machine)
    assert words in text_of(app).replace("\\", "")
    assert not published_path().exists()


def test_a_path_that_leads_nowhere_is_refused(tmp_path):
    app = by_path(opened(views.PUBLISHED), tmp_path / "absent.csv", tmp_path / "absent.csv")
    assert "must be a file that can be read" in text_of(app)


def test_a_name_that_is_taken_is_refused_until_replacing_is_chosen(tmp_path):
    imported(tmp_path)
    tables = tmp_path / "results.csv", write(tmp_path, "other.csv", SPEEDS.replace("1000.0", "1234.0"))
    app = by_path(opened(views.PUBLISHED), *tables, "box")
    assert "another table of inference of a machine called 'box'" in text_of(app)
    app.checkbox(key="published_replace").check().run()
    [button] = [button for button in app.button if button.label == "Import"]
    button.click().run()
    assert "Replaced the table that was here." in text_of(app)


def test_inference_and_training_of_one_machine_are_two_choices(tmp_path):
    imported(tmp_path)
    imported(tmp_path, speeds=TRAINING_SPEEDS)
    app = opened()
    choice = app.selectbox(key="explore_origin")
    assert choice.options[:2] == ["box, inference", "box, training"]
    choice.set_value("box, training").run()
    assert not app.exception
    assert "a training step with 128 to 256 images at a time" in text_of(app)
    assert turn_to(app, views.WHY_MEASURE).selectbox(key="why_origin").options == ["box"]


def test_a_machine_can_be_removed(tmp_path):
    imported(tmp_path)
    app = opened(views.PUBLISHED)
    app.button(key="remove box inference").click().run()
    assert not app.exception
    assert read_published(published_path()) == ()
    turn_to(app, views.LANDSCAPE)
    assert app.selectbox(key="explore_origin").options == ["Nobody's: MACs from the catalogue"]


def test_this_machine_is_judged_first_and_too_few_models_are_said_to_be_too_few(tmp_path):
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    imported(tmp_path)
    app = opened(views.WHY_MEASURE)
    options = app.selectbox(key="why_origin").options
    assert len(options) == 2 and options[1] == "box" and "This machine" in options[0]
    text = text_of(app)
    assert "too few for these shares to mean much" in text
    assert "Choosing by parameters finds" in text and "on the frontier of this machine" in text
    turn_to(app, views.LANDSCAPE)
    assert app.selectbox(key="explore_origin").options[:2] == ["box, inference", options[0]]


def test_a_filter_of_families_is_kept_when_another_machine_is_shown(tmp_path):
    imported(tmp_path, "one")
    imported(tmp_path, "two")
    app = opened()
    app.multiselect(key="explore_families").set_value(["ConvNeXt"]).run()
    app.selectbox(key="explore_origin").set_value("two, inference").run()
    assert not app.exception
    assert app.multiselect(key="explore_families").value == ["ConvNeXt"]
    app.toggle(key="explore_only").set_value(True).run()
    assert not app.exception


def test_choices_of_a_view_are_kept_while_another_one_is_open(tmp_path):
    imported(tmp_path, "one")
    imported(tmp_path, "two")
    app = opened()
    app.multiselect(key="explore_families").set_value(["ConvNeXt"]).run()
    app.selectbox(key="explore_origin").set_value("two, inference").run()
    turn_to(app, views.PUBLISHED)
    assert "explore_origin" not in [box.key for box in app.selectbox]
    turn_to(app, views.LANDSCAPE)
    assert app.selectbox(key="explore_origin").value == "two, inference"
    assert app.multiselect(key="explore_families").value == ["ConvNeXt"]


def test_a_view_that_is_none_in_a_link_opens_the_first():
    assert opened("<b>moon").selectbox(key="explore_origin").options == ["Nobody's: MACs from the catalogue"]


def test_a_hostile_machine_name_stays_text(tmp_path):
    imported(tmp_path, HOSTILE)
    app = opened()
    for view in views.VIEWS:
        assert "<script>" not in text_of(turn_to(app, view))
        assert not any("<script>" in expander.label for expander in app.expander)


def test_a_damaged_file_is_told_and_everything_else_is_shown():
    published_path().write_bytes(b"PAR1 rubbish")
    app = opened()
    assert "Move it away and import the tables again" in text_of(app)
    assert app.selectbox(key="explore_origin").options == ["Nobody's: MACs from the catalogue"]


def test_a_table_of_which_nothing_joined_is_shown_empty(tmp_path):
    imported(tmp_path, speeds="model,infer_img_size,infer_samples_per_sec\nnobody,224,10\n")
    app = opened(views.PUBLISHED)
    assert "0 of 1 pair of" in text_of(app)
    assert "No model has a speed" in text_of(turn_to(app, views.WHY_MEASURE))


def test_names_that_were_listed_for_an_earlier_version_are_listed_again(monkeypatch):
    timm_models_path().unlink()
    folder = jobs_path() / "20260101-120000-names-abcdef"
    folder.mkdir(parents=True)
    write_json(
        folder / "spec.json",
        {"format": 1, "kind": kinds.NAMES.key, "module": kinds.NAMES.module, "spec": {}},
    )
    write_json(folder / "status.json", {"format": 1, "state": "done"})
    asked = []
    monkeypatch.setattr("pages.parts.common.timm_names_job.start_listing", lambda: asked.append("names"))
    app = opened(views.PUBLISHED)
    assert asked == ["names"]
    assert "timm's names, which tables of other years need, are not read yet." in text_of(app)
