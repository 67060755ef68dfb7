"""A home that the version before the packages (0.1.0) left is opened, answered from, and gone on with.

`tests/data/home-before-packages/` holds the home and what that version answered on it; `tests.data.make_home` shows how
both came about.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.cli.app import main
from tests.support.older_home import FIXTURE, answer_to, comparable, kept_answer, unpack
from tests.support.places import ROOT

LITE0, LITE1 = "tf_efficientnet_lite0", "tf_efficientnet_lite1"
QUESTIONS = sorted(path.stem for path in (FIXTURE / "expected").glob("*.json"))


@pytest.fixture(autouse=True)
def older_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The older version's home, as the one of this test."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    unpack(FIXTURE, home)
    return home


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def jobs_of(home: Path, kind: str, state: str | None = None) -> list[Path]:
    """The folders of the jobs of a kind, the oldest first; only those that a worker ended so, with `state`."""
    folders = sorted(home.glob(f"jobs/*-{kind}-*"))
    return [folder for folder in folders if state in (None, read(folder / "status.json")["state"])]


def told_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command, which waits for the worker that it starts; return what it prints."""
    capsys.readouterr()
    code = main(list(arguments))
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out


# --- the answers ------------------------------------------------------------------------------------------------------


def test_every_kind_of_question_was_asked() -> None:
    asked = {kept_answer(name)["arguments"][0] for name in QUESTIONS}
    assert asked == {
        *("pick", "report", "replay", "runs", "resume", "catalogue", "anatomy", "advise", "export", "import-timm"),
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_the_one_that_the_older_version_gave(question: str, home: Path, tmp_path: Path) -> None:
    expected = kept_answer(question)
    out = tmp_path / "out"
    out.mkdir()
    assert comparable(answer_to(expected["arguments"], home, out)) == comparable(expected)


def test_every_report_of_the_older_version_is_replayed_to_the_same_pick() -> None:
    replays = [kept_answer(name) for name in QUESTIONS if name.startswith("replay-")]
    assert len(replays) == len(list((FIXTURE / "expected").glob("report-*.md")))
    assert {answer["exit_code"] for answer in replays} == {0}


def test_an_export_of_the_older_version_can_be_imported(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "another"))
    assert main(["import", str(home / "profiles.parquet")]) == 0
    out = tmp_path / "out"
    out.mkdir()
    expected = kept_answer("export")
    assert answer_to(expected["arguments"], tmp_path / "another", out)["written"] == expected["written"]


def test_the_published_table_is_still_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = kept_answer("import-again")["arguments"]
    assert main([argument.replace("@FIXTURE@", str(FIXTURE)) for argument in arguments]) == 0
    assert "It was here already, just so." in capsys.readouterr().err


# --- what the pages list ----------------------------------------------------------------------------------------------


def opened(page: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run().switch_page(page).run()
    assert not app.exception
    return app


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def test_the_fine_tune_page_lists_every_run_and_tells_what_the_comparison_said(home: Path) -> None:
    app = opened("pages/finetune.py")
    tables = [found.value for found in app.dataframe]
    (listed,) = (table for table in tables if "started (UTC)" in table)
    (compared,) = (table for table in tables if "run" in table)
    assert listed["state"].tolist() == ["stopped", "done", "done", "done", "done"]
    assert compared["run"].tolist() == ["Linear probe", "Full fine-tune", "From scratch"]
    assert compared["state"].tolist() == ["done"] * 3
    _, told = kept_answer("report-fine-tuned")["written"].split("## What transfer was worth\n\n")
    assert told.splitlines()[0].replace("\\", "") in text_of(app)


def test_the_rank_page_lists_every_ranking_and_looks_inside_with_what_was_kept(home: Path) -> None:
    (finished,) = jobs_of(home, "rank", "done")
    (stopped,) = jobs_of(home, "rank", "stopped")
    looks = jobs_of(home, "look")
    app = opened("pages/rank.py")
    (box,) = [box for box in app.selectbox if box.label == "Ranking"]
    assert box.value == stopped.name and "finished backbones are kept" in text_of(app)
    assert app.dataframe[-1].value["model"].tolist() == [f"{LITE0}.in1k"]
    box.set_value(finished.name).run()
    assert set(app.dataframe[-1].value["model"]) == {f"{LITE0}.in1k", f"{LITE1}.in1k"}
    app.selectbox(key=f"look-model-{finished.name}").set_value(f"{LITE0}.in1k")
    app.segmented_control(key=f"look-kind-{finished.name}").set_value("all").run()
    app.session_state[f"look-chosen-{finished.name}"] = 0
    app.run()
    assert not app.exception and "Of all 30 images, by the cosine" in text_of(app)
    grids = app.segmented_control(key=f"look-grid-{finished.name}-{LITE0}.in1k").options
    assert grids == ["7 × 7, last layer", "14 × 14, a stage earlier"]
    assert jobs_of(home, "look") == looks  # no worker had to look again


# --- what is gone on with ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_the_stopped_run_goes_on_from_its_checkpoint_to_its_end(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder,) = jobs_of(home, "finetune", "stopped")
    kept = read(folder / "checkpoint" / "step.json")["step"]
    for path, name in ((folder / "spec.json", "spec"), (folder / "checkpoint" / "step.json", None)):
        content = read(path)
        (content[name] if name else content)["steps"] = kept + 5  # of the 61 that are left, five show as much
        path.write_text(json.dumps(content))
    before = [line for line in metrics(folder) if line["step"] <= kept]
    found = json.loads(told_by(capsys, "resume", folder.name, "--json"))
    assert found["state"] == "done" and found["steps"] == read(folder / "spec.json")["spec"]["steps"] > kept
    assert metrics(folder)[: len(before)] == before
    losses = [line["step"] for line in metrics(folder) if "loss" in line]
    assert losses == list(range(1, found["steps"] + 1))
    assert 0 <= found["test_accuracy_low"] <= found["test_accuracy"] <= found["test_accuracy_high"] <= 100
    assert (folder / "model" / "model.safetensors").is_file()


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("warm_workers")
def test_the_stopped_ranking_goes_on_to_its_end_with_the_features_that_are_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder,) = jobs_of(home, "rank", "stopped")
    (first,) = read(folder / "ranking.json")["rows"]
    found = json.loads(told_by(capsys, "resume", folder.name, "--json"))
    assert [line["error"] for line in found] == [None, None]
    rows = read(folder / "ranking.json")["rows"]
    assert {name: rows[0][name] for name in first} == first and rows[1]["computed_images"] == 0


@pytest.mark.usefixtures("warm_workers")
def test_ranking_the_same_images_again_runs_none_forward_and_comes_to_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (older,) = jobs_of(home, "rank", "done")
    spec = read(older / "spec.json")["spec"]
    told_by(capsys, "rank", "--dataset", "folder", "--data-dir", spec["data_dir"], "--models", ",".join(spec["models"]))
    was, now = read(older / "ranking.json"), read(jobs_of(home, "rank")[-1] / "ranking.json")
    assert [row["computed_images"] for row in was["rows"]] == [30, 30]
    assert [row["computed_images"] for row in now["rows"]] == [0, 0]
    told = "asked", "model_name", "img_size", "features_key", "probe_accuracy", "knn_accuracy", "strength"
    assert [[row[name] for name in told] for row in now["rows"]] == [
        [row[name] for name in told] for row in was["rows"]
    ]
    assert (now["content_key"], now["test_images"]) == (was["content_key"], was["test_images"])
