"""Paths on the server's disk: its own user names any, people elsewhere only what a setting allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.errors import BakeoffError
from pages.parts.common import server_paths
from tests.support.app_pages import opened, text_of
from tests.support.image_folders import fill_classes
from tests.support.places import ROOT

FINETUNE = "pages/finetune.py"


def listen_at(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.get_option", lambda name: address if name == "server.address" else None)


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.8.0.1", "::1", "LOCALHOST"])
def test_a_server_for_this_machine_alone_takes_any_path(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listen_at(address, monkeypatch)
    assert server_paths.are_offered()
    server_paths.require_allowed(Path("/anywhere"))


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.5", "box.local", "localhost.evil.example"])
def test_a_server_for_others_takes_no_path(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    listen_at(address, monkeypatch)
    assert not server_paths.are_offered()
    with pytest.raises(BakeoffError, match="Set BAKEOFF_IMAGE_ROOT to a folder whose images may be used, or upload"):
        server_paths.require_allowed(Path("/etc"))


@pytest.mark.parametrize("address", ["localhost", "0.0.0.0"])
def test_with_a_root_only_what_lies_below_it_is_taken(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "images"
    (root / "cats").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    listen_at(address, monkeypatch)
    monkeypatch.setenv("BAKEOFF_IMAGE_ROOT", str(root))
    assert server_paths.are_offered()
    server_paths.require_allowed(root / "cats")
    for outside in (tmp_path, root / ".." / "other", root / "out" / "home", tmp_path / "images-other"):
        with pytest.raises(BakeoffError, match="must lie below"):
            server_paths.require_allowed(outside)


def test_pages_of_a_server_for_others_offer_uploads_and_no_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(server_paths, "is_local", lambda: False)
    app = opened(FINETUNE)
    app.session_state["dataset"] = "folder"
    app.run()
    assert not app.exception
    assert "Folder" not in [field.label for field in app.text_input]
    app.session_state["dataset"] = "flowers102"
    app.run()
    assert not app.exception and "Folder" not in [field.label for field in app.text_input]


def test_a_folder_outside_the_root_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fill_classes(tmp_path / "outside")
    (tmp_path / "root").mkdir()
    monkeypatch.setenv("BAKEOFF_IMAGE_ROOT", str(tmp_path / "root"))
    app = opened(FINETUNE)
    app.session_state["dataset"] = "folder"
    app.session_state["folder-folder"] = str(tmp_path / "outside")
    app.run()
    assert not app.exception
    assert any("must lie below" in error.value for error in app.error)
    assert "2 classes" not in text_of(app)
