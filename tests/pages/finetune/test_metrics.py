"""What decides, and what accuracy hides: the Fine-tune page's form and results, without a browser."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.finetuning.request import CURVE
from bakeoff_core.finetuning.results import read_finished_runs
from bakeoff_core.system.paths import home, jobs_path
from tests.pages.finetune.test_finetune_page import button, choose_folder, opened, photographs
from tests.support.app_pages import text_of
from tests.support.judged_runs import make_old, write_cells_run, write_flowers_run
from tests.support.places import ROOT

HIDDEN = (
    "Accuracy hides a class: it is 80.18 %, 11.21 points above the mean over the classes, 68.97 % (balanced accuracy). "
    "Of defective 38.83 % are found, of functional 99.11 %."
)
UNEQUAL = (
    "The classes are of unequal size: 1,150 images to train on of functional, 523 of defective. Accuracy can be high "
    "while defective is missed. Recommended: let balanced accuracy decide, and give rare classes class weights or "
    "balanced sampling."
)
AGAIN = "Train again with class weights"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    home().mkdir(parents=True, exist_ok=True)


def metrics_of(app: AppTest) -> list[tuple[str, str, str]]:
    return [(metric.label, metric.value, metric.delta) for metric in app.metric]


def tabs_of(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs]


def figures_of(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def validation_of(app: AppTest) -> tuple[str, list[float], list[float]]:
    """The title of the validation's figure, its values, and the steps that are ringed."""
    figure = figures_of(app)[1]
    ringed = [trace["x"][0] for trace in figure["data"] if trace["marker"]["symbol"] == "circle-open"]
    packed = figure["data"][0]["y"]
    values = np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]).tolist()
    return figure["layout"]["title"]["text"], values, ringed


def test_the_form_asks_what_decides_and_does_for_rare_classes_what_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("pages.parts.finetune.start.start_run", asked.append)
    app = opened()
    assert not app.exception
    assert UNEQUAL in text_of(app)
    assert app.selectbox(key="metric").options == [
        *("Accuracy", "Balanced accuracy", "Macro F1", "Average precision"),
    ]
    assert app.selectbox(key="positive-class-functional/defective").value == "defective"
    button(app, "Fine-tune").click().run()
    app.selectbox(key="metric").set_value("average-precision").run()
    assert UNEQUAL in text_of(app)
    app.selectbox(key="balance").set_value("balanced-sampling").run()
    assert UNEQUAL not in text_of(app)
    app.selectbox(key="positive-class-functional/defective").set_value("functional").run()
    app.number_input(key="patience").set_value(3).run()
    button(app, "Fine-tune").click().run()
    app.selectbox(key="train_on").set_value("train+val").run()
    button(app, "Fine-tune").click().run()
    assert app.number_input(key="patience").disabled
    app.switch_page("pages/frontier.py").run()
    app.switch_page("pages/finetune.py").run()
    assert app.selectbox(key="metric").value == "average-precision"
    assert app.selectbox(key="balance").value == "balanced-sampling"
    assert [(spec.metric, spec.positive_class, spec.balance, spec.patience) for spec in asked] == [
        ("accuracy", None, "none", None),
        ("average-precision", "functional", "balanced-sampling", 3),
        ("average-precision", "functional", "balanced-sampling", None),
    ]


def test_of_more_classes_none_matters_and_average_precision_is_not_offered(tmp_path) -> None:
    app = opened()
    app.selectbox(key="metric").set_value("average-precision").run()
    choose_folder(app, photographs(tmp_path / "photos", ("cat", "dog", "owl")))
    assert not app.exception
    assert app.selectbox(key="metric").options == ["Accuracy", "Balanced accuracy", "Macro F1"]
    assert app.selectbox(key="metric").value == "accuracy"
    assert not [box for box in app.selectbox if box.label == "Class that matters"]
    assert "unequal size" not in text_of(app)


def test_what_accuracy_hides_is_said_first_with_all_metrics_and_the_threshold() -> None:
    write_cells_run()
    app = opened()
    assert not app.exception
    text = text_of(app)
    assert "**80.18 %** of 656 test images are classified rightly (95 % interval 76.96 % to 83.05 %)." in text
    assert [warning.value for warning in app.warning] == [HIDDEN]
    assert metrics_of(app) == [
        ("Accuracy · decides", "80.2 %", "95 %: 77 to 83 %"),
        ("Balanced accuracy", "69 %", "95 %: 65.7 to 72.4 %"),
        ("Macro F1", "71.3 %", "95 %: 67.2 to 75.3 %"),
        ("Average precision", "78.4 %", "95 %: 73.1 to 83 %"),
        ("Recall", "38.8 %", "95 %: 32.4 to 45.6 %"),
        ("Precision", "95.2 %", "95 %: 88.4 to 98.1 %"),
        ("Recall at 0.50", "38.8 %", "95 %: 32.4 to 45.6 %"),
        ("Precision at 0.50", "95.2 %", "95 %: 88.4 to 98.1 %"),
    ]
    assert "The weights of the last step were kept, the best by accuracy on the validation images, 81 %." in text
    assert "Average precision, recall and precision are of defective, the class that matters." in text
    assert tabs_of(app) == ["Classes", "Threshold", "Confused pairs", "Predictions", "Take it away"]
    assert "**84 of 656 images would be answered with defective: it finds 80 of 206.**" in text
    assert "A threshold chosen on these test images flatters" in text


def test_the_slider_says_what_a_threshold_comes_to_and_marks_it_on_the_curve() -> None:
    run_id = write_cells_run()
    app = opened()
    app.slider(key=f"threshold-{run_id}").set_value(0.3).run()
    assert not app.exception
    assert "**200 of 656 images would be answered with defective: it finds 150 of 206.**" in text_of(app)
    assert metrics_of(app)[-2:] == [
        ("Recall at 0.30", "72.8 %", "95 %: 66.4 to 78.4 %"),
        ("Precision at 0.30", "75 %", "95 %: 68.6 to 80.5 %"),
    ]
    (point,) = [trace for trace in figures_of(app)[3]["data"] if trace["mode"] == "markers"]
    assert (point["x"][0], point["y"][0]) == (pytest.approx(72.82, abs=0.01), 75.0)
    app.slider(key=f"threshold-{run_id}").set_value(0.95).run()
    assert "**0 of 656 images would be answered with defective: it finds 0 of 206.**" in text_of(app)
    assert metrics_of(app)[-1] == ("Precision at 0.95", "–", "")


def test_a_curve_that_cannot_be_read_is_said_to_be_damaged() -> None:
    run_id = write_cells_run()
    app = opened()
    for damaged in (b"no parquet", pd.DataFrame({"threshold": ["a"]}).to_parquet()):
        (jobs_path() / run_id / CURVE).write_bytes(damaged)
        app.run()
        assert not app.exception
        assert "The curve can't be read any more." in text_of(app)


def test_the_metric_that_decides_stands_first_and_its_curve_is_drawn_with_the_best_step() -> None:
    spec = {"metric": "balanced-accuracy", "balance": "class-weights"}
    write_cells_run(spec=spec, stopped_early=True, curve=False)
    app = opened()
    assert not app.exception
    text = text_of(app)
    assert (
        "**Balanced accuracy: 68.97 %** (95 % interval 65.7 % to 72.38 %), which decides. Accuracy: 80.18 % of 656 "
        "test images are classified rightly (95 % interval 76.96 % to 83.05 %)."
    ) in text
    assert (
        "Images of rare classes weighed more in the loss (class weights). It ended early, after 30 steps. The weights "
        "of step 20 of 30 were kept, the best by balanced accuracy on the validation images, 70.5 %."
    ) in text
    assert [warning.value for warning in app.warning] == [HIDDEN]
    assert AGAIN not in [found.label for found in app.button]  # it has class weights
    assert "Threshold" not in tabs_of(app)  # the curve's file is gone
    assert validation_of(app) == ("Validation balanced accuracy (%)", [60.0, 70.5, 68.0], [20])
    table = app.dataframe[1].value
    assert (table["decides (%)"][0], table["decided by"][0], table["test (%)"][0]) == (
        68.97,
        "balanced accuracy",
        80.18,
    )


def test_a_run_can_be_asked_for_again_with_class_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    write_cells_run(spec={"recipe": "top-layers", "batch_size": 16, "seed": 3, "img_size": 96, "patience": 2})
    asked = []
    monkeypatch.setattr("pages.parts.finetune.start.start_run", asked.append)
    app = opened()
    app.selectbox(key="metric").set_value("macro-f1").run()
    button(app, AGAIN).click().run()
    assert not app.exception
    button(app, "Fine-tune").click().run()
    (run,) = read_finished_runs()
    wanted = replace(run.spec, model_name=run.model_name, balance="class-weights", metric="balanced-accuracy")
    assert asked == [replace(wanted, any_way_up=True)]  # a solar cell has no up and down


def test_a_folder_that_was_trained_on_comes_back_with_its_run(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = photographs(tmp_path / "photos", ("cat", "dog"))
    spec = {"dataset": "folder", "data_dir": str(root), "epochs": 4, "steps": None, "positive_class": "cat"}
    write_cells_run(spec=spec, dataset="folder", classes=["cat", "dog"], positive_class="cat")
    asked = []
    monkeypatch.setattr("pages.parts.finetune.start.start_run", asked.append)
    app = opened()
    button(app, AGAIN).click().run()
    button(app, "Fine-tune").click().run()
    assert not app.exception
    assert [(s.dataset, s.data_dir, s.epochs, s.recipe, s.positive_class, s.balance) for s in asked] == [
        ("folder", str(root), 4, "full", "cat", "class-weights")
    ]


def test_a_run_of_many_classes_without_validation_has_no_threshold_and_no_warning() -> None:
    write_flowers_run()
    app = opened()
    assert not app.exception
    assert not app.warning
    assert [label for label, _, _ in metrics_of(app)] == ["Accuracy · decides", "Balanced accuracy", "Macro F1"]
    assert tabs_of(app) == ["Classes", "Confused pairs", "Predictions", "Take it away"]
    assert "The weights of the last step were kept: no images were held back to validate on." in text_of(app)


def test_a_run_of_before_shows_what_it_showed() -> None:
    make_old(write_cells_run())
    app = opened()
    assert not app.exception
    text = text_of(app)
    assert "**80.18 %** of 656 test images are classified rightly (95 % interval 76.96 % to 83.05 %)." in text
    assert not (app.warning or app.metric or app.slider)
    assert tabs_of(app) == ["Classes", "Confused pairs", "Predictions", "Take it away"]
    assert "were kept" not in text and AGAIN not in [found.label for found in app.button]
    assert validation_of(app) == ("Validation accuracy (%)", [76.0, 80.5, 81.0], [])


def test_names_of_classes_stay_text() -> None:
    hostile = "<script>alert(1)</script>**x**"
    rows = [
        {"name": "a", "images": 450, "accuracy": 99.11, "low": 97.7, "high": 99.7},
        {"name": hostile, "images": 206, "accuracy": 38.83, "low": 32.4, "high": 45.6},
    ]
    spec = {"metric": "average-precision", "positive_class": hostile}
    write_cells_run(spec=spec, positive_class=hostile, by_class=rows, classes=["a", hostile])
    app = opened()
    assert not app.exception
    assert "Average precision of &lt;script&gt;" in text_of(app)
    assert "<script>" not in text_of(app)
    assert "<script>" not in json.dumps(figures_of(app))
