"""Inside a ranking: its test images, the neighbours of one, and its patches; and a look that failed."""

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

from bakeoff_core.features.patches.request import Look
from bakeoff_core.features.patches.store import Looked, PatchMap, write_look
from bakeoff_core.features.store import features_file
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs import manager as jobs_manager
from bakeoff_core.jobs import records as jobs_records
from bakeoff_core.ranking import request as ranking_request
from bakeoff_core.ranking.request import answers_file
from bakeoff_core.system.paths import home, jobs_path
from tests.support.app_pages import text_of
from tests.support.places import ROOT
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import IMAGES, make_row

PAGE = "pages/rank.py"
LITE0 = "tf_efficientnet_lite0.in1k"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    home().mkdir(parents=True, exist_ok=True)


def opened() -> AppTest:
    return AppTest.from_file(ROOT / "app.py", default_timeout=60).run().switch_page(PAGE).run()


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
