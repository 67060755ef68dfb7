"""The Rank page in its states, without a browser; a real ranking is made in the browser's test."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from bakeoff_core.features.patches.store import Look, Looked, PatchMap, write_look
from bakeoff_core.features.store import features_file
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs import manager as jobs_manager
from bakeoff_core.jobs import records as jobs_records
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.ranking import request as ranking_request
from bakeoff_core.ranking.records import RankRow
from bakeoff_core.ranking.request import RankSpec, answers_file
from bakeoff_core.system.paths import home, jobs_path, profiles_path
from tests.pages.test_pages import ROOT, measured_shortlist, text_of
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import IMAGES, make_row

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


def test_a_stopped_ranking_shows_what_it_has_and_can_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    resumed: list[str] = []
    monkeypatch.setattr("pages.parts.rank.history.resume_job", resumed.append)
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


# --- look inside -----------------------------------------------------------------------------------------------------

KEY = "0123456789abcdef"


def write_insides(rank_id: str, folder: Path, *, wrong: int = 50) -> list[Path]:
    """Images, answers and features of a ranking of one backbone, as its worker leaves them; returns the test images.

    The first `wrong` test images are answered wrongly, the surer the later; image n is most like image n + 1.
    """
    folder.mkdir()
    paths = [folder / f"{at}.png" for at in range(IMAGES + 2)]
    for at, path in enumerate(paths):
        Image.new("RGB", (8, 8), (at, 0, 0)).save(path)
    split = ["train", "val", *["test"] * IMAGES]
    table = pd.DataFrame({"split": split, "path": list(map(str, paths)), "label": 1})
    table.to_parquet(jobs_path() / rank_id / ranking_request.IMAGES)
    right = [at >= wrong for at in range(IMAGES)]
    answers = {
        "image": [path.name for path in paths[2:]],
        "label": 1,
        "predicted": [int(hit) for hit in right],
        "probability": np.linspace(0.5, 0.9, IMAGES),
        "predicted_by_neighbours": 1,
    }
    pd.DataFrame(answers).to_parquet(jobs_path() / rank_id / answers_file(0))
    angles = np.linspace(0, 1, IMAGES + 2) ** 2
    rows = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    features_file(KEY, "train").parent.mkdir(parents=True)
    for name, part in (("train", rows[:1]), ("val", rows[1:2]), ("test", rows[2:])):
        np.save(features_file(KEY, name), part)
    return paths[2:]


def look_at(path: Path) -> None:
    """What a worker would keep of an image."""
    random = np.random.default_rng(0)
    maps = (PatchMap("last", random.standard_normal((7, 7, 4))), PatchMap("stage 4 of 5", random.random((14, 14, 4))))
    write_look(Look(LITE0, KEY, str(path)), Looked(np.zeros((16, 16, 3), np.uint8), maps))


def told(app: AppTest) -> str:
    return text_of(app).replace("\\", "")


def test_inside_a_ranking_are_its_misclassified_images_and_an_images_neighbours_and_patches(tmp_path: Path) -> None:
    rank_id = write_ranking(0, make_row(LITE0, 150, features_key=KEY))
    paths = write_insides(rank_id, tmp_path / "images")
    app = opened()
    assert not app.exception and "Click a picture" in told(app)
    kinds = app.segmented_control(key=f"look-kind-{rank_id}")
    assert kinds.options == ["Misclassified (50)", "Right (150)", "All (200)"]
    assert "Page, 1 to 5" in [number.label for number in app.number_input]
    look_at(paths[7])
    app.session_state[f"look-chosen-{rank_id}"] = 7
    app.run()
    assert not app.exception
    assert "**9.png** is defective. The probe says functional (51%), its 20 nearest training images vote for" in told(
        app
    )
    assert "Of all 202 images, by the cosine" in told(app)
    assert app.segmented_control(key=f"look-grid-{rank_id}-{LITE0}").options == [
        *("7 × 7, last layer", "14 × 14, a stage earlier"),
    ]


def test_an_image_that_stands_in_training_as_well_is_pointed_out(tmp_path: Path) -> None:
    rank_id = write_ranking(0, make_row(LITE0, 150, features_key=KEY))
    paths = write_insides(rank_id, tmp_path / "images")
    look_at(paths[0])
    look_at(paths[150])
    app = opened()
    app.session_state[f"look-chosen-{rank_id}"] = 0  # its features are all but those of the training image
    app.run()
    assert any("most likely the same picture" in warning.value for warning in app.warning)
    app.session_state[f"look-chosen-{rank_id}"] = 150
    app.run()
    assert not any("most likely the same picture" in warning.value for warning in app.warning)


def test_a_ranking_of_before_images_were_noted_says_how_to_look_inside() -> None:
    write_ranking(0, make_row(LITE0, 150))
    app = opened()
    assert not app.exception and "Rank again to look inside" in told(app)


@pytest.mark.parametrize("lost", ["answers", "features"])
def test_what_is_gone_is_said_and_not_an_error(lost: str, tmp_path: Path) -> None:
    rank_id = write_ranking(0, make_row(LITE0, 150, features_key=KEY))
    write_insides(rank_id, tmp_path / "images")
    if lost == "answers":
        (jobs_path() / rank_id / answers_file(0)).write_bytes(b"no parquet")
    else:
        features_file(KEY, "test").unlink()
    app = opened()
    app.session_state[f"look-chosen-{rank_id}"] = 3
    app.run()
    assert not app.exception and "Rank again" in told(app)


def test_a_look_that_failed_says_why_and_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rank_id = write_ranking(0, make_row(LITE0, 150, features_key=KEY))
    write_insides(rank_id, tmp_path / "images")
    folder = jobs_path() / "20260101-130000-look-abcdef"
    begun: list[Look] = []

    def fail(look: Look) -> jobs_records.Job:
        begun.append(look)
        folder.mkdir(exist_ok=True)
        content = {
            "format": 1,
            "kind": kinds.PATCHES.key,
            "module": kinds.PATCHES.module,
            "exclusive": False,
            "spec": asdict(look),
        }
        (folder / "spec.json").write_text(json.dumps(content))
        (folder / "status.json").write_text(
            json.dumps({"format": 1, "state": "failed", "message": "It is <b>broken</b>."})
        )
        (folder / "lock").touch()
        return jobs_manager.read_job(folder.name)

    monkeypatch.setattr("pages.parts.rank.patches_job.start_look", fail)
    app = opened()
    app.session_state[f"look-chosen-{rank_id}"] = 3
    app.run()
    app.run()
    assert any("broken" in error.value and "<b>" not in error.value for error in app.error)
    assert len(begun) == 1
    app.button(key=f"look-again-{folder.name}").click().run()
    assert len(begun) == 2 and not app.exception
    shutil.rmtree(folder)  # as later looks do
    app.run()
    assert not app.exception and any("gone again" in error.value for error in app.error)
