"""Stamps of files."""

from __future__ import annotations

import os
from pathlib import Path

from bakeoff_core.system.files import FileStamp, stamp_of


def test_a_stamp_changes_with_the_files_time_its_size_and_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a"
    absent = stamp_of(path)
    assert absent == FileStamp(str(path), None, None)
    path.write_text("one")
    os.utime(path, ns=(5, 5))
    first = stamp_of(path)
    assert first == FileStamp(str(path), 5, 3)
    path.write_text("three")
    os.utime(path, ns=(5, 5))
    assert stamp_of(path) == FileStamp(str(path), 5, 5)
    path.rename(tmp_path / "b")
    assert stamp_of(path) == absent
