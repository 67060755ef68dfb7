"""What can be seen in a folder: its folders by name and its files, without links and what systems leave behind.

Not covered: which of them are splits, classes and images (`datasets.image_folder`).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff_core.datasets.litter import litter_kind
from bakeoff_core.datasets.records import SkippedFile, composed, expanded, is_there, skipped_file
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import path_text

MOST_FILES = 1_000_000
"""A class with more is refused: it is rather the wrong folder than images to fine-tune on."""

LINK = "is a link; links are not followed, so that no picture counts twice."


@dataclass(frozen=True)
class FolderListing:
    """What can be seen in a folder, links and litter left out."""

    folder: Path
    folders: dict[str, tuple[Path, ...]]
    """By composed name, in natural order (img2 before img10); several where names differ in nothing else."""
    files: list[Path]


@dataclass
class LeftOut:
    """What is left out, as it comes."""

    skipped: list[SkippedFile] = field(default_factory=list)
    litter: Counter[str] = field(default_factory=Counter)
    """Files and folders by kind; see `datasets.litter`."""


def require_folder(root: Path) -> Path:
    """Return a folder's path in full, as the disk writes it; raises `BakeoffError` where there is none."""
    folder = expanded(root)
    if not is_there(folder):
        folder = _as_on_disk(folder)
    if not is_there(folder):
        raise BakeoffError(f"There is no folder {path_text(expanded(root))}.")
    if not folder.is_dir():
        raise BakeoffError(
            f"{path_text(expanded(root))} is a file. Name the folder that holds the images. A zip file is unpacked "
            "first, or brought through the Fine-tune or Rank page, which unpack it."
        )
    return folder


def _as_on_disk(path: Path) -> Path:
    """A path that is not there, with each name as the disk writes it where only the writing of accents differs."""
    found = Path(path.anchor)
    for name in path.parts[1:]:
        if not is_there(found / name):
            try:
                alike = [entry.name for entry in found.iterdir() if composed(entry.name) == composed(name)]
            except (OSError, ValueError):
                return path
            if len(alike) != 1:
                return path
            name = alike[0]
        found /= name
    return found


def look_into(folder: Path, left: LeftOut) -> FolderListing:
    """Look into a folder; links and litter are added to what is left out.

    Raises:
        BakeoffError: It can't be read.
    """
    try:
        with os.scandir(folder) as entries:
            kinds = {entry: litter_kind(entry.name) for entry in entries}
            visible = sorted((e for e, kind in kinds.items() if kind is None), key=_order)
            links = [e.name for e in visible if e.is_symlink()]
            folders = [e.name for e in visible if e.is_dir(follow_symlinks=False)]
    except OSError as err:
        raise BakeoffError(f"The folder {path_text(folder)} can't be read: {err.strerror}.") from err
    left.litter.update(kind for kind in kinds.values() if kind is not None)
    left.skipped += (skipped_file(folder / name, LINK) for name in links)
    others = {*links, *folders}
    by_name: dict[str, tuple[Path, ...]] = {}
    for name in folders:
        by_name[composed(name)] = (*by_name.get(composed(name), ()), folder / name)
    return FolderListing(
        folder,
        folders=by_name,
        files=[folder / e.name for e in visible if e.name not in others],
    )


def _order(entry: os.DirEntry) -> tuple[list[tuple[int, int, str]], str, str]:
    name = composed(entry.name)
    return _natural(name), name, entry.name


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts]


def files_below(folder: Path, left: LeftOut) -> Iterator[Path]:
    """Yield every visible file in a folder and the folders in it; what can't be looked into is left out.

    Raises:
        BakeoffError: There are more than `MOST_FILES`.
    """
    waiting, seen = [folder], 0
    while waiting:
        inner = waiting.pop()
        try:
            listing = look_into(inner, left)
        except BakeoffError as err:
            left.skipped.append(SkippedFile(Path(path_text(inner)), str(err)))
            continue
        yield from listing.files
        waiting += paths_in(listing)
        seen += len(listing.files)
        if seen > MOST_FILES:
            raise BakeoffError(
                f"{path_text(folder)} has more than {MOST_FILES:,} files. Name the folder of one data set."
            )


def paths_in(listing: FolderListing) -> list[Path]:
    """Return the folders in a folder."""
    return [path for paths in listing.folders.values() for path in paths]
