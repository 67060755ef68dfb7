"""A folder of the user's own as a data set: one folder a class, with or without folders for the splits.

Only headers are read here. What is left out is named: links, files that are no images, images beside the class folders.
What systems leave behind, hidden files included, is counted (`datasets.litter`). Not covered: the same picture in two
files (`datasets.copies`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bakeoff_core.datasets.images import is_image, read_header
from bakeoff_core.datasets.listing import FolderListing, LeftOut, files_below, look_into, paths_in, require_folder
from bakeoff_core.datasets.litter import litter_note
from bakeoff_core.datasets.records import (
    TEST_FROM,
    ImageDataset,
    LabelledImage,
    SkippedFile,
    composed,
    names_text,
    require_every_class,
    skipped_file,
    skipped_words,
)
from bakeoff_core.datasets.splits import SPLIT_SEED, TEST_SHARE, VAL_SHARE, split_by_class
from bakeoff_core.errors import BakeoffError, ImageFileError
from bakeoff_core.formatting import counted, name_text, path_text

SPLIT_NAMES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
"""What the folder of a split may be called, in any case."""

BESIDE = "lies beside the class folders, so its class is not known."
NO_SPLIT = "is none of the splits; what is in it is left out."


def read_folder(root: Path, test_from: str = TEST_FROM[0]) -> ImageDataset:
    """Return the index of a folder of classes, or of one whose `train`, `val` and `test` hold such folders.

    Splits that are not there are drawn from the training images. A folder called `train` is a split only if it has
    class folders in it. Names are compared composed, as Unicode's NFC has them: a Mac writes the same ones decomposed.

    Args:
        root: The folder.
        test_from: What to test on where there are `train` and `val`, and no `test`: one of
            `datasets.records.TEST_FROM`.

    Raises:
        BakeoffError: It can't be used: no such folder, fewer than two classes, a class without enough images, or it
            can be read in two ways.
    """
    left = LeftOut()
    listing = look_into(require_folder(root), left)
    root = listing.folder
    named = _splits_in(listing, left)
    found = _undivided(listing, left) if named is None else _divided(named, test_from, left)
    splits = {split: tuple(images) for split, images in found.splits.items()}
    return ImageDataset(
        name="folder",
        title=composed(name_text(root.name)) or str(root),
        root=root,
        classes=found.classes,
        licence="your own images",
        notes=(*found.notes, *litter_note(left.litter)),
        skipped=tuple(left.skipped),
        test_from=found.test_from,
        **splits,
    )


# --- the splits ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """What a folder holds."""

    classes: tuple[str, ...]
    splits: dict[str, list[LabelledImage]]
    notes: list[str]
    test_from: str | None = None
    """As in `ImageDataset`."""


def _undivided(listing: FolderListing, left: LeftOut) -> _Found:
    """A folder of classes; every split is drawn."""
    classes = _class_names(listing, left)
    _note_beside(listing, left)
    hint = _folders_within(listing)
    images, notes = _images_of(classes, listing, left), [*_names_notes(listing), *hint]
    require_every_class(classes, images, left.skipped, least=3, where="so that each split gets one")
    rest, test = split_by_class(images, TEST_SHARE)
    train, val = split_by_class(rest, VAL_SHARE / (1 - TEST_SHARE))
    drawn = (
        f"The folder has no splits of its own: its {len(images):,} images were divided class by class with the seed "
        f"{SPLIT_SEED}, in all {len(train):,} to train on, {len(val):,} to validate and {len(test):,} to test."
    )
    splits = {"train": train, "val": val, "test": test}
    return _Found(classes, splits, [drawn, *notes, *_split_names_as_classes(classes)])


def _divided(named: dict[str, FolderListing], test_from: str, left: LeftOut) -> _Found:
    """A folder of splits; those that are not there are drawn from the training images."""
    classes, notes, choice = _class_names(named["train"], left), ["The splits are the folder's own."], None
    parts: dict[str, list[LabelledImage]] = {}
    for split, listing in named.items():
        if split == "test" and not listing.folders:
            _note_beside(listing, left)
            notes.append(f"`{listing.folder.name}` has no class folders, so it is not known what its images show.")
            continue
        parts[split] = _images_of_split(listing, classes, left, notes)
    train = parts["train"]
    if "test" not in parts and parts.get("val"):
        choice = test_from
    if choice == "val":
        parts["test"] = parts.pop("val")
    elif "test" not in parts:
        require_every_class(classes, train, left.skipped, least=2, where="so that the test gets one")
        train, parts["test"] = split_by_class(train, TEST_SHARE)
        notes.append(f"It has no images to test on; {counted(len(parts['test']), 'image')} of `train` were taken.")
    if "val" not in parts:
        require_every_class(classes, train, left.skipped, least=2, where="so that the validation gets one")
        train, parts["val"] = split_by_class(train, VAL_SHARE)
        count = counted(len(parts["val"]), "image")
        notes.append(
            f"It has no `test`, so `{named['val'].folder.name}` is the test, as in others' figures on it: "
            f"{counted(len(parts['test']), 'image')}. For choices, {count} of `train` were held back from training."
            if choice == "val"
            else f"It has no images to validate on; {count} of `train` were taken."
        )
    require_every_class(classes, train, left.skipped)
    if not parts["test"]:
        raise BakeoffError(f"There are no usable images in {path_text(named['test'].folder)}.")
    tested = {image.label for image in parts["test"]}
    untested = [name for label, name in enumerate(classes) if label not in tested]
    if untested:
        notes.append(f"There are no images to test on of: {names_text(untested)}.")
    return _Found(classes, {"train": train, "val": parts["val"], "test": parts["test"]}, notes, choice)


# --- images by name --------------------------------------------------------------------------------------------------


def _note_beside(listing: FolderListing, left: LeftOut) -> None:
    """Name the images that lie beside class folders as left out; other files are at home there."""
    left.skipped += (skipped_file(path, BESIDE) for path in listing.files if is_image(path))


# --- splits or classes -----------------------------------------------------------------------------------------------


def _splits_in(listing: FolderListing, left: LeftOut) -> dict[str, FolderListing] | None:
    """The folders that are splits, by split; `None` where the folders are classes."""
    named = {split: folder for split, names in SPLIT_NAMES.items() if (folder := _first(listing.folders, names))}
    others = [folder for folder in paths_in(listing) if folder not in named.values()]
    inside = {split: look_into(folder, LeftOut()) for split, folder in named.items()}
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
    inhabited = [folder.name for folder in others if any(map(is_image, files_below(folder, LeftOut())))]
    if inhabited and not shared & inside["train"].folders.keys():
        raise BakeoffError(
            f"{path_text(listing.folder)} can be read in two ways: `{named['train'].name}` may hold the images to "
            f"train on, or be a class like {names_text(inhabited)}. Rename the class, or move the folders that are no "
            "split elsewhere."
        )
    _note_beside(listing, left)
    left.skipped += (skipped_file(folder, NO_SPLIT) for folder in others)
    return {split: look_into(folder, left) for split, folder in named.items()}


def _first(folders: dict[str, tuple[Path, ...]], names: Sequence[str]) -> Path | None:
    """The folder with the first of the names that there is, in any case."""
    by_name = {name.casefold(): paths[0] for name, paths in reversed(folders.items())}
    return next((by_name[name] for name in names if name in by_name), None)


def _split_names_as_classes(classes: Sequence[str]) -> list[str]:
    """The note that folders called as splits are taken for classes."""
    known = {name for names in SPLIT_NAMES.values() for name in names}
    found = [name for name in classes if name.casefold() in known]
    return [f"Taken for a class and not for a split, by what is in and beside it: {names_text(found)}."] * bool(found)


def _folders_within(listing: FolderListing) -> list[str]:
    """The note that folders taken for classes hold no images, but folders of the same names, as folds and sites do.

    Raises:
        BakeoffError: By their names they are splits that are called otherwise than `SPLIT_NAMES` has it: a network
            would learn to tell the images to train on from those to test on.
    """
    inside = {path.name: look_into(path, LeftOut()) for path in paths_in(listing)}
    inside = {name: part for name, part in inside.items() if part.folders and not any(map(is_image, part.files))}
    meant = {name: split for name in inside if (split := _split_meant(name))}
    if len(set(meant.values())) > 1:
        names = names_text(meant)
        raise BakeoffError(
            f"{path_text(listing.folder)} can be read in two ways: by their names, {names} are splits; by where they "
            f"are, classes. If they are splits, call them train, val and test. If they are classes, put their images "
            "right into them."
        )
    shared = set.intersection(*(set(part.folders) for part in inside.values())) if inside else set()
    if len(inside) < len(paths_in(listing)) or len(shared) < 2:
        return []
    return [
        f"The classes {names_text(inside)} hold folders of the same names: {names_text(sorted(shared))}. If these are "
        "the classes, put each of them beside the others, with all of its images."
    ]


def _split_meant(name: str) -> str | None:
    """The split that one word of a folder's name stands for, as in "training_set", "seg_test" or "ValImages"."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    return next((split for split, names in SPLIT_NAMES.items() for word in words if word.casefold() in names), None)


def _class_names(listing: FolderListing, left: LeftOut) -> tuple[str, ...]:
    folder, names = path_text(listing.folder), tuple(listing.folders)
    besides = skipped_words(left.skipped) + "".join(f" {note}" for note in litter_note(left.litter))
    if not names:
        name = name_text(listing.folder.name)
        raise BakeoffError(
            f"{folder} has no folders in it. Put the images of each class into a folder of its own, named as the "
            f"class: {name}/cat/1.jpg, {name}/dog/7.jpg.{besides}"
        )
    if len(names) == 1:
        [*within] = look_into(listing.folders[names[0]][0], LeftOut()).folders
        deeper = (
            f" It has folders of its own ({names_text(within)}): if these are what you mean, name "
            f"{path_text(listing.folders[names[0]][0])}."
        ) * bool(within)
        raise BakeoffError(
            f"{folder} has only one class, {name_text(names[0])!r}; a classifier needs two or more.{deeper}{besides}"
        )
    unreadable = [name for name in names if not _is_unicode(name)]
    if unreadable:
        raise BakeoffError(f"Class names must be Unicode. Rename these folders: {names_text(unreadable)}.")
    return names


def _names_notes(listing: FolderListing) -> list[str]:
    """The note that folders were taken together, since their names differ in nothing that can be seen."""
    twice = [name for name, paths in listing.folders.items() if len(paths) > 1]
    if not twice:
        return []
    return [f"Folders of the same name, its accents written in different ways, are one class: {names_text(twice)}."]


def _is_unicode(name: str) -> bool:
    """Tell whether a name is text; on most disks it may be any bytes, which JSON and tables can't hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- images ----------------------------------------------------------------------------------------------------------


def _images_of_split(
    listing: FolderListing, classes: tuple[str, ...], left: LeftOut, notes: list[str]
) -> list[LabelledImage]:
    """The images of a split whose folders are classes to train on; what a reader must know is added to `notes`."""
    by_letters: dict[str, list[str]] = {}
    for name in classes:
        by_letters.setdefault(name.casefold(), []).append(name)
    folders: dict[str, tuple[Path, ...]] = {}
    unknown, other_case = [], []
    for name, paths in listing.folders.items():
        alike = [name] if name in classes else by_letters.get(name.casefold(), [])
        if len(alike) != 1:
            unknown.append(name)
            continue
        other_case += [f"{listing.folder.name}/{name}"] * (alike[0] != name)
        folders[alike[0]] = (*folders.get(alike[0], ()), *paths)
    if unknown:
        raise BakeoffError(
            f"{path_text(listing.folder)} has classes that there are no images to train on: {names_text(unknown)}."
        )
    if other_case:
        notes.append(f"Taken for the class of the same name in other letters: {names_text(other_case)}.")
    notes += (note for note in _names_notes(listing) if note not in notes)
    _note_beside(listing, left)
    return _images_of(classes, replace(listing, folders=folders), left)


def _images_of(classes: Sequence[str], listing: FolderListing, left: LeftOut) -> list[LabelledImage]:
    """The images of each class, by their headers; what is none is left out."""
    found: list[LabelledImage] = []
    for label, name in enumerate(classes):
        inside = [path for folder in listing.folders.get(name, ()) for path in files_below(folder, left)]
        for path in sorted(inside, key=lambda path: ([composed(part) for part in path.parts], path)):
            if not _is_unicode(str(path)):
                left.skipped.append(skipped_file(path, "has a name, or lies in a folder with one, that is no Unicode."))
            else:
                try:
                    header = read_header(path)
                except ImageFileError as err:
                    left.skipped.append(SkippedFile(path, str(err)))
                else:
                    found.append(LabelledImage(path, label, header.pixel_kind, header.has_more_frames))
    return found
