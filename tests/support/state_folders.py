"""State folders that can't be used, also by root: made by what stands there, not by permissions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def a_file(folder: Path) -> Path:
    path = folder / "state"
    path.write_text("")
    return path


def under_a_file(folder: Path) -> Path:
    return a_file(folder) / "home"


def a_loop_of_links(folder: Path) -> Path:
    path = folder / "loop"
    path.symlink_to(path)
    return path


def too_long_a_name(folder: Path) -> Path:
    return folder / ("n" * 300)


def jobs_that_are_a_file(folder: Path) -> Path:
    (folder / "jobs").write_text("")
    return folder


UNUSABLE: dict[Callable[[Path], Path], str] = {
    a_file: "Not a directory",
    under_a_file: "Not a directory",
    a_loop_of_links: "Too many levels of symbolic links",
    too_long_a_name: "File name too long",
    jobs_that_are_a_file: "Not a directory",
}
"""What makes each in an empty folder, and why it can't be used."""
