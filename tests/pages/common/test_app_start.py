"""A page that Streamlit runs without the app, and whether it still does that."""

from __future__ import annotations

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from bakeoff_core.system.paths import home
from tests.support.places import ROOT

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    home().mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("page", PAGES)
def test_the_first_link_after_a_start_of_the_server_gets_the_whole_app(page: str) -> None:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).switch_page(f"pages/{page}").run()
    assert not app.exception
    assert app.sidebar.selectbox(key="setting_key").label == "Machine and setting"
    assert app.main.markdown, "the page itself is drawn as well"


def test_streamlit_still_finds_the_folder_of_pages_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None, raising=False)
    PagesManager(str(ROOT / "app.py"))
    assert PagesManager.uses_pages_directory, (
        "This version of Streamlit no longer runs the files in pages/ by itself. Delete "
        "pages/parts/common/app_start.py, its calls in pages/*.py, `is_drawn` in pages/parts/common/sidebar.py, "
        "and this file."
    )


def test_only_one_module_knows_of_it() -> None:
    knowing = [path.name for path in (ROOT / "pages").rglob("*.py") if "PagesManager" in path.read_text()]
    assert knowing == ["app_start.py"]
