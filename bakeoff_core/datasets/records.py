"""A data set as an index: image files with labels and splits, and what was left out.

Not covered: where the files come from (`datasets.flowers102`, `datasets.elpv`, `datasets.image_folder`), and what is in
them (`datasets.images`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import numpy as np

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import counted, name_text, path_text

Item = TypeVar("Item")

SCALING_VERSION = 2
"""Of how pixels of more than 8 bits become 8; what was computed under another one is no longer of the same images."""

MOST_NAMES = 8
"""Names that a sentence for the user lists at most."""


@dataclass(frozen=True)
class LabelledImage:
    """An image file and what it shows."""

    path: Path
    label: int
    """Index into the data set's classes."""
    pixel_kind: str | None = None
    """See `image_opening.pixel_kind`; `None` for 8 bits a channel."""
    has_more_frames: bool = False
    """Whether its file holds further frames or pages, which are not used."""
    value_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict, hash=False)
    """What is black and white in the data set's images of more than 8 bits, by their kind; see `image_opening`."""


@dataclass(frozen=True)
class SkippedFile:
    """A file or folder that is left out."""

    path: Path
    """Where it is, to be shown; bytes that are no Unicode are written as escapes (see `formatting.path_text`)."""
    reason: str
    """A sentence that names it."""


@dataclass(frozen=True)
class CopyPair:
    """An image and another one that it is a copy of."""

    image: str
    """Path in the data set, as for the other one; names that are no Unicode are never images."""
    split: str
    class_name: str
    of: str
    of_split: str
    of_class_name: str
    is_identical: bool
    """Whether the files are the same byte for byte; else they are nearly the same picture."""


@dataclass(frozen=True)
class Copies:
    """How many images of a data set are copies of others, as they were found, whether left out since or not."""

    root: str
    """The data set's folder."""
    test_identical: int
    """Images to test on that are also images to train or validate on, byte for byte."""
    test_alike: int
    """Images to test on that are nearly the same picture as one to train or validate on, the former aside."""
    val_identical: int
    """Images to validate on that are also images to train on, byte for byte."""
    val_alike: int
    """Images to validate on that are nearly the same picture as one to train on, the former aside."""
    within_identical: int
    """Images that are byte for byte another one of the same split: of three the same, two."""
    within_alike: int
    """Images that are nearly the same picture as another one of the same split, the former aside."""
    contradicting: int
    """Images that are byte for byte one of another class, so that one of the labels is wrong."""
    alike_contradicting: int
    """Images to validate or test on that are nearly the same picture as one of another class in an earlier split."""
    left_out: int
    """Images that were left out for any of these."""
    pairs: tuple[CopyPair, ...]
    """The first of them, those that spoil most first."""
    sentences: tuple[str, ...] = ()
    """All of this in words; empty where there are none."""


@dataclass(frozen=True)
class ImageDataset:
    """An index of images."""

    name: str
    """One of `datasets.registry.DATASETS`."""
    title: str
    root: Path
    classes: tuple[str, ...]
    """Names by label."""
    train: tuple[LabelledImage, ...]
    val: tuple[LabelledImage, ...]
    test: tuple[LabelledImage, ...]
    licence: str
    notes: tuple[str, ...]
    """What a reader of results must know: where the splits come from, above all."""
    skipped: tuple[SkippedFile, ...] = ()
    any_way_up: bool = False
    """Whether an image upside down is as likely as it is, so that training may show it so."""
    test_from: str | None = None
    """Which of `TEST_FROM` the test was taken from; `None` where there was no choice."""
    copies: Copies | None = None
    """Which images are copies of others; `None` before they were looked for."""

    def splits(self) -> dict[str, tuple[LabelledImage, ...]]:
        """Return the images by split."""
        return {"train": self.train, "val": self.val, "test": self.test}

    def images(self) -> tuple[LabelledImage, ...]:
        """Return the images of all splits."""
        return self.train + self.val + self.test

    def train_images_by_class(self) -> list[int]:
        """Return how many images to train on each class has, by label."""
        return np.bincount(labels_of(self.train), minlength=len(self.classes)).tolist()

    def value_ranges(self) -> Mapping[str, tuple[float, float]]:
        """Return what is black and white in images of more than 8 bits, by their kind; nothing before it is known."""
        return next((image.value_ranges for image in self.images() if image.value_ranges), {})

    def content_key(self) -> str:
        """Return a short digest of classes, splits, labels and files; other data has another one.

        A file counts by its path in the data set, its size and the time of its last change; one that is gone by its
        path alone. Names count composed, so that a copy on another system has the same key.
        """
        digest = hashlib.sha256(repr(tuple(map(composed, self.classes))).encode())
        for split, images in self.splits().items():
            digest.update(split.encode())
            for image in images:
                name = composed(os.path.relpath(image.path, self.root))
                scaling = f"\0scaling {SCALING_VERSION}" if image.pixel_kind else ""
                digest.update(f"{name}\0{image.label}\0{_state(image.path)}{scaling}\n".encode())
        return digest.hexdigest()[:16]


def composed(name: str) -> str:
    """Return a name with its accents composed (Unicode's NFC), which is how names of different systems are compared.

    A Mac writes "é" as "e" and an accent of its own, most other systems as one character; on the screen they are alike.
    """
    return unicodedata.normalize("NFC", name)


def labels_of(images: Sequence[LabelledImage]) -> np.ndarray:
    """Return the labels of images, shape (n,)."""
    return np.array([image.label for image in images])


def evenly_spaced(items: Sequence[Item], count: int) -> list[Item]:
    """Return so many of the items, or all where there are fewer, from the first to the last at even distances."""
    if len(items) <= count:
        return list(items)
    return [items[at * (len(items) - 1) // max(1, count - 1)] for at in range(count)]


def expanded(path: Path) -> Path:
    """Return a path in full; `~` is a home folder, and stays as it is where nobody has that name."""
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return path.absolute()


def typed_path(text: str) -> str:
    """Return what a person typed or pasted as a path: file managers copy it in quotes, or as a `file:` address."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return unquote(text.removeprefix("file://")) if text.startswith("file:///") else text


def is_there(path: Path) -> bool:
    """Tell whether there is such a file or folder; what can't be looked at is not."""
    try:
        return path.exists()
    except OSError:  # a folder on the way is closed to us, or a name is too long for the system
        return False


def skipped_file(path: Path, what: str) -> SkippedFile:
    """Return the note that a file is left out; `what` goes on after its name."""
    return SkippedFile(Path(path_text(path)), f"{name_text(path.name)} {what}")


def skipped_words(skipped: Sequence[SkippedFile]) -> str:
    """Return what follows a sentence on images that are missing: how many files were skipped, and why the first."""
    return f" Skipped: {len(skipped):,}, the first because {skipped[0].reason}" if skipped else ""


def names_text(names: Iterable[str]) -> str:
    """Return names as a list in a sentence, the first ones only where there are many."""
    names = list(names)
    more = [f"and {len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*map(name_text, names[:MOST_NAMES]), *more])


def require_every_class(
    classes: Sequence[str],
    images: Sequence[LabelledImage],
    skipped: Sequence[SkippedFile],
    least: int = 1,
    where: str = "",
) -> None:
    """Raise `BakeoffError` unless every class has so many images; the words say what was skipped."""
    counts = np.bincount([image.label for image in images], minlength=len(classes))
    left_out = skipped_words(skipped)
    if len(images) < len(classes):
        raise BakeoffError(
            f"There {'is' if len(images) == 1 else 'are'} {counted(len(images), 'usable image')} to train on for "
            f"{len(classes)} classes; too few.{left_out}"
        )
    short = [f"{name_text(name)} ({count})" for name, count in zip(classes, counts, strict=True) if count < least]
    if short:
        reason = f" {where}" if where else ""
        raise BakeoffError(
            f"Every class needs at least {counted(least, 'usable image')}{reason}. Too few in: "
            f"{names_text(short)}.{left_out}"
        )


def _state(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "gone"
    return f"{status.st_size}\0{status.st_mtime_ns}"


TRAIN_ON = ("train", "train+val")
TEST_FROM = ("val", "train")
"""What to test on where a folder has `train` and `val` and no `test`: the images in `val`, or a share of `train`."""
