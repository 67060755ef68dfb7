"""A folder of the user's own as a data set: one folder a class, with or without folders for the splits.

Only headers are read here. What is left out is named: links, files that are no images, images beside the class folders.
Hidden files are passed over in silence. Not covered: the same picture in two files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff_core.datasets.images import is_image, read_header
from bakeoff_core.datasets.records import (
    ImageDataset,
    LabelledImage,
    SkippedFile,
    expanded,
    is_there,
    names_text,
    require_every_class,
    skipped_file,
)
from bakeoff_core.datasets.splits import SPLIT_SEED, TEST_SHARE, VAL_SHARE, split_by_class
from bakeoff_core.errors import BakeoffError, ImageFileError
from bakeoff_core.formatting import name_text, path_text

SPLIT_NAMES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
"""What the folder of a split may be called, in any case."""

MOST_FILES = 1_000_000
"""A class with more is refused: it is rather the wrong folder than images to fine-tune on."""

LINK = "is a link; links are not followed, so that no picture counts twice."
BESIDE = "lies beside the class folders, so its class is not known."
NO_SPLIT = "is none of the splits; what is in it is left out."


def read_folder(root: Path) -> ImageDataset:
    """Return the index of a folder of classes, or of one whose `train`, `val` and `test` hold such folders.

    Splits that are not there are drawn from the training images. A folder called `train` is a split only if it has
    class folders in it.

    Raises:
        BakeoffError: It can't be used: no such folder, fewer than two classes, a class without enough images, or it
            can be read in two ways.
    """
    skipped: list[SkippedFile] = []
    notes: list[str] = []
    listing = _listing(_require_folder(root), skipped)
    root = listing.folder
    named = _splits_in(listing, skipped)
    if named is None:
        classes = _class_names(listing)
        _note_beside(listing, skipped)
        notes += _split_names_as_classes(classes)
        images = _images_of(classes, listing.folders, skipped)
        require_every_class(classes, images, skipped, least=3, where="so that each split gets one")
        rest, test = split_by_class(images, TEST_SHARE)
        train, val = split_by_class(rest, VAL_SHARE / (1 - TEST_SHARE))
        notes.insert(
            0,
            f"The folder has no splits of its own; {len(train)} images to train on, {len(val)} to validate and "
            f"{len(test)} to test were drawn from each class with the seed {SPLIT_SEED}.",
        )
    else:
        classes = _class_names(named["train"])
        parts = {split: _images_of_split(part, classes, skipped) for split, part in named.items()}
        train = parts["train"]
        notes.append("The splits are the folder's own.")
        if "test" not in parts:
            require_every_class(classes, train, skipped, least=2, where="so that the test gets one")
            train, parts["test"] = split_by_class(train, TEST_SHARE)
            notes.append(f"It has no images to test on; {len(parts['test'])} were taken from those to train on.")
        if "val" not in parts:
            require_every_class(classes, train, skipped, least=2, where="so that the validation gets one")
            train, parts["val"] = split_by_class(train, VAL_SHARE)
            notes.append(f"It has no images to validate on; {len(parts['val'])} were taken from those to train on.")
        require_every_class(classes, train, skipped)
        val, test = parts["val"], parts["test"]
        if not test:
            raise BakeoffError(f"There are no usable images in {path_text(named['test'].folder)}.")
        untested = [name for label, name in enumerate(classes) if label not in {image.label for image in test}]
        if untested:
            notes.append(f"There are no images to test on of: {names_text(untested)}.")
    return ImageDataset(
        name="folder",
        title=name_text(root.name) or str(root),
        root=root,
        classes=classes,
        train=tuple(train),
        val=tuple(val),
        test=tuple(test),
        licence="your own images",
        notes=tuple(notes),
        skipped=tuple(skipped),
    )


# --- what is in a folder ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Listing:
    """What can be seen in a folder, links left out."""

    folder: Path
    folders: dict[str, Path]
    """By name, in natural order (img2 before img10)."""
    files: list[Path]


def _require_folder(root: Path) -> Path:
    folder = expanded(root)
    if not is_there(folder) or not folder.is_dir():
        raise BakeoffError(f"There is no folder {path_text(folder)}.")
    return folder


def _listing(folder: Path, skipped: list[SkippedFile]) -> _Listing:
    """Look into a folder; links are added to `skipped`."""
    try:
        with os.scandir(folder) as entries:
            visible = sorted(
                (e for e in entries if not e.name.startswith(".")), key=lambda e: (_natural(e.name), e.name)
            )
            links = [e.name for e in visible if e.is_symlink()]
            folders = [e.name for e in visible if e.is_dir(follow_symlinks=False)]
    except OSError as err:
        raise BakeoffError(f"The folder {path_text(folder)} can't be read: {err.strerror}.") from err
    skipped += (skipped_file(folder / name, LINK) for name in links)
    others = {*links, *folders}
    return _Listing(
        folder,
        folders={name: folder / name for name in folders},
        files=[folder / e.name for e in visible if e.name not in others],
    )


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts]


def _files_below(folder: Path, skipped: list[SkippedFile]) -> Iterator[Path]:
    """Every visible file in a folder and the folders in it; what can't be looked into is added to `skipped`."""
    waiting, seen = [folder], 0
    while waiting:
        inner = waiting.pop()
        try:
            listing = _listing(inner, skipped)
        except BakeoffError as err:
            skipped.append(SkippedFile(Path(path_text(inner)), str(err)))
            continue
        yield from listing.files
        waiting += listing.folders.values()
        seen += len(listing.files)
        if seen > MOST_FILES:
            raise BakeoffError(
                f"{path_text(folder)} has more than {MOST_FILES:,} files. Name the folder of one data set."
            )


def _note_beside(listing: _Listing, skipped: list[SkippedFile]) -> None:
    """Add the images that lie beside class folders to `skipped`; other files are at home there."""
    skipped += (skipped_file(path, BESIDE) for path in listing.files if is_image(path))


# --- splits or classes -----------------------------------------------------------------------------------------------


def _splits_in(listing: _Listing, skipped: list[SkippedFile]) -> dict[str, _Listing] | None:
    """The folders that are splits, by split; `None` where the folders are classes."""
    named = {split: folder for split, names in SPLIT_NAMES.items() if (folder := _first(listing.folders, names))}
    others = [folder for folder in listing.folders.values() if folder not in named.values()]
    inside = {split: _listing(folder, []) for split, folder in named.items()}
    has_classes = [split for split, part in inside.items() if part.folders]
    if "train" not in has_classes:
        if others or not named:
            return None
        raise BakeoffError(
            f"{path_text(listing.folder)} has folders for splits ({names_text(f.name for f in named.values())}), and "
            "no class folders to train on. Put the images of each class into a folder of its own, such as "
            f"train/cat; if {'it is a class' if len(named) == 1 else 'they are classes'}, choose other names."
        )
    shared = {name for split in has_classes if split != "train" for name in inside[split].folders}
    inhabited = [folder.name for folder in others if any(map(is_image, _files_below(folder, [])))]
    if inhabited and not shared & inside["train"].folders.keys():
        raise BakeoffError(
            f"{path_text(listing.folder)} can be read in two ways: `{named['train'].name}` may hold the images to "
            f"train on, or be a class like {names_text(inhabited)}. Rename the class, or move the folders that are no "
            "split elsewhere."
        )
    _note_beside(listing, skipped)
    skipped += (skipped_file(folder, NO_SPLIT) for folder in others)
    return {split: _listing(folder, skipped) for split, folder in named.items()}


def _first(folders: dict[str, Path], names: Sequence[str]) -> Path | None:
    """The folder with the first of the names that there is, in any case."""
    by_name = {name.casefold(): folder for name, folder in reversed(folders.items())}
    return next((by_name[name] for name in names if name in by_name), None)


def _split_names_as_classes(classes: Sequence[str]) -> list[str]:
    """The note that folders called as splits are taken for classes."""
    known = {name for names in SPLIT_NAMES.values() for name in names}
    found = [name for name in classes if name.casefold() in known]
    return [f"Taken for a class and not for a split, by what is in and beside it: {names_text(found)}."] * bool(found)


def _class_names(listing: _Listing) -> tuple[str, ...]:
    folder, names = path_text(listing.folder), tuple(listing.folders)
    if not names:
        name = name_text(listing.folder.name)
        raise BakeoffError(
            f"{folder} has no folders in it. Put the images of each class into a folder of its own, named as the "
            f"class: {name}/cat/1.jpg, {name}/dog/7.jpg."
        )
    if len(names) == 1:
        raise BakeoffError(f"{folder} has only one class, {name_text(names[0])!r}; a classifier needs two or more.")
    unreadable = [name for name in names if not _is_unicode(name)]
    if unreadable:
        raise BakeoffError(f"Class names must be Unicode. Rename these folders: {names_text(unreadable)}.")
    return names


def _is_unicode(name: str) -> bool:
    """Tell whether a name is text; on most disks it may be any bytes, which JSON and tables can't hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- images ----------------------------------------------------------------------------------------------------------


def _images_of_split(listing: _Listing, classes: tuple[str, ...], skipped: list[SkippedFile]) -> list[LabelledImage]:
    unknown = [name for name in listing.folders if name not in classes]
    if unknown:
        raise BakeoffError(
            f"{path_text(listing.folder)} has classes that there are no images to train on: {names_text(unknown)}."
        )
    _note_beside(listing, skipped)
    return _images_of(classes, listing.folders, skipped)


def _images_of(classes: Sequence[str], folders: dict[str, Path], skipped: list[SkippedFile]) -> list[LabelledImage]:
    """The images of each class, by their headers; what is none is added to `skipped`."""
    found: list[LabelledImage] = []
    for label, name in enumerate(classes):
        if name not in folders:
            continue
        for path in sorted(_files_below(folders[name], skipped)):
            if not _is_unicode(str(path)):
                skipped.append(skipped_file(path, "has a name, or lies in a folder with one, that is no Unicode."))
            else:
                try:
                    header = read_header(path)
                except ImageFileError as err:
                    skipped.append(SkippedFile(path, str(err)))
                else:
                    found.append(LabelledImage(path, label, header.pixel_kind, header.has_more_frames))
    return found
