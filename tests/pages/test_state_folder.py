"""Every page with a state folder that can't be used: one sentence that says what to do, and no traceback."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.system.paths import home
from tests.support.places import ROOT
from tests.support.state_folders import UNUSABLE, a_loop_of_links, jobs_that_are_a_file

PAGES = [f"pages/{name}.py" for name in ("frontier", "measure", "finetune", "rank", "checklist", "explore", "report")]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.chdir(ROOT)
    return AppTest.from_file(ROOT / "app.py", default_timeout=30)


@pytest.mark.parametrize("make", [a_loop_of_links, jobs_that_are_a_file])
def test_a_state_folder_that_is_none_is_said_in_place_of_every_page(make, app, tmp_path, monkeypatch):
    folder = tmp_path / "other"
    folder.mkdir()
    monkeypatch.setenv("BAKEOFF_HOME", str(make(folder)))
    app.run()
    for page in PAGES:
        app.switch_page(page).run()
        assert not app.exception and len(app.error) == 1
        assert f"can't be used: {UNUSABLE[make]}. Check what stands there" in app.error[0].value
        assert not app.button and not app.selectbox


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("profiles.parquet", "loop"),
        ("profiles.parquet", "folder"),
        ("published.parquet", "folder"),
        ("accuracy.csv", "folder"),
    ],
)
def test_what_stands_in_a_files_place_ends_no_page(name, kind, app):
    path = home() / name
    path.parent.mkdir(parents=True)
    if kind == "loop":
        path.symlink_to(path)
    else:
        path.mkdir()
    app.run()
    said = [element.value for element in (*app.error, *app.warning)]
    for page in PAGES:
        app.switch_page(page).run()
        assert not app.exception, (page, app.exception)
        said += [element.value for element in (*app.error, *app.warning)]
    assert any(name.split(".")[0] in text and ("directory" in text or "symbolic" in text) for text in said)


def test_a_slip_in_the_own_accuracies_is_said_beside_the_page(app):
    home().mkdir(parents=True)
    (home() / "accuracy.csv").write_text("model_name,img_size,top1\nresnet50.a1_in1,224,80\n")
    app.run()
    assert not app.exception
    [notice] = [element.value for element in app.warning]
    assert "no known or measured model is called. Did you mean resnet50" in notice
