"""Stamps of files, files that are handed over whole or not at all, and what the system refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bakeoff_core.errors import BakeoffError, NoSpaceError
from bakeoff_core.system.files import FileStamp, hand_over, is_there, replacing, require_folder, stamp_of
from tests.support.disks import fill


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


def test_a_file_is_handed_over_whole(tmp_path: Path) -> None:
    hand_over(tmp_path / "report.md", b"text")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.md": b"text"}


@pytest.mark.parametrize("before", [None, b"earlier"])
def test_on_a_full_disk_what_was_there_stays_and_nothing_new_is_left(before: bytes | None, small_disk: Path) -> None:
    path = small_disk / "report.md"
    if before is not None:
        path.write_bytes(before)
    fill(small_disk)
    with pytest.raises(NoSpaceError) as full:
        hand_over(path, b"text" * 10_000)
    assert str(full.value) == f"{path} could not be written: No space left on device. Free some space."
    assert {path.name for path in small_disk.iterdir()} == {"filler", *(["report.md"] if before else [])}
    assert before is None or path.read_bytes() == before


def test_a_link_is_followed_and_permissions_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "shared.md", tmp_path / "link.md"
    target.write_bytes(b"earlier")
    target.chmod(0o640)
    link.symlink_to(target)
    hand_over(link, b"text")
    assert link.is_symlink() and target.read_bytes() == b"text" and target.stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    hand_over(path, b"text")
    assert os.read(reader, 10) == b"text" and path.is_fifo()
    os.close(reader)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent/report.md", "No such file or directory"),
        ("n" * 300, "File name too long"),
        (".", "Is a directory"),
        ("file/report.md", "Not a directory"),
        ("loop", "Too many levels of symbolic links"),
        ("a\0b", "null"),
    ],
)
def test_where_nothing_can_be_written_is_said(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(BakeoffError, match=f"could not be written: .*{words}"):
        hand_over(tmp_path / name, b"text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 127)
    with replacing(path) as temporary:
        temporary.write_text("text")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_only_what_the_system_refuses_is_an_error(tmp_path: Path) -> None:
    assert is_there(tmp_path) and not is_there(tmp_path / "absent")
    require_folder(tmp_path)
    require_folder(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(BakeoffError, match="file can't be used: Not a directory. Check what stands there"):
        require_folder(tmp_path / "file")
    with pytest.raises(BakeoffError, match="file/x can't be used: Not a directory. Check what stands there"):
        is_there(tmp_path / "file" / "x")
