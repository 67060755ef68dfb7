"""The same picture more than once in a data set: how often, what that spoils, and leaving it out.

A copy of a training image in the test is no test. Two files of the same bytes and different labels can't both be right;
two that are only nearly the same may be: a scratch may be what tells the classes apart. Not covered: finding them
(`datasets.fingerprints`), and when that is done (`datasets.registry.without_damaged`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bakeoff_core.datasets.fingerprints import MOST_PICTURES, Groups
from bakeoff_core.datasets.records import Copies, CopyPair, ImageDataset, LabelledImage, require_every_class
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import counted

MOST_PAIRS = 12
"""Pairs that are named; all are counted."""


@dataclass(frozen=True)
class _Copy:
    """An image and another one that it is a copy of."""

    image: LabelledImage
    split: str
    of: LabelledImage
    of_split: str
    is_identical: bool

    @property
    def agrees(self) -> bool:
        """Whether both bear the same label."""
        return self.image.label == self.of.label

    @property
    def leaks(self) -> bool:
        """Whether they are in different splits."""
        return self.split != self.of_split


def with_copies(dataset: ImageDataset, groups: Groups, *, leave_out: bool) -> ImageDataset:
    """Say of a data set which of its images are copies of others, and leave those out that spoil it if asked to.

    Left out are images to validate and to test on that are copies of images of an earlier split (of train, val, test),
    unless they are only nearly the same and bear another label; and every image that has the bytes of one of another
    label.

    Args:
        dataset: The images.
        groups: Which belong together; files that are not in the data set are passed over.
        leave_out: Whether to leave them out.

    Raises:
        BakeoffError: Too little is left.
    """
    found = list(_copies(dataset, groups))
    contradicted = _contradicted(dataset, groups)
    spoilt = {copy.image.path for copy in found if copy.leaks and (copy.is_identical or copy.agrees)} | contradicted
    left_out = spoilt if leave_out else set()
    copies = _counts(dataset, found, len(contradicted), len(left_out))
    copies = replace(copies, sentences=tuple(_sentences(dataset, copies)))
    dataset = replace(dataset, copies=copies, notes=(*dataset.notes, *copies.sentences))
    if not left_out:
        return dataset
    kept = {
        split: tuple(image for image in images if image.path not in left_out)
        for split, images in dataset.splits().items()
    }
    require_every_class(dataset.classes, kept["train"], (), where="once those whose copies contradict are left out")
    if not kept["test"]:
        raise BakeoffError(
            "Every image to test on is a copy of one to train or validate on, or of one of another class, so nothing "
            "is left to test on. Bring other images to test on, or keep the copies."
        )
    return replace(dataset, **kept)


def _places(dataset: ImageDataset) -> dict[Path, tuple[str, LabelledImage]]:
    """Each file with its split, in the order of train, val and test."""
    return {image.path: (split, image) for split, images in dataset.splits().items() for image in images}


def _grouped(dataset: ImageDataset, groups: Sequence[Sequence[Path]]) -> Iterator[list[tuple[str, LabelledImage]]]:
    """The members of each group that are in the data set, in the order of train, val and test."""
    places = _places(dataset)
    order = {path: at for at, path in enumerate(places)}
    for group in groups:
        yield [places[path] for path in sorted((path for path in group if path in order), key=order.__getitem__)]


def _copies(dataset: ImageDataset, groups: Groups) -> Iterator[_Copy]:
    """For each image the earlier one that it is most clearly a copy of, one at most, those between splits first.

    The same bytes are clearer than nearly the same picture, an earlier split than the image's own, and among images of
    one split the same label than another.
    """
    best: dict[Path, tuple[tuple, _Copy]] = {}
    for is_identical, of_kind in ((True, groups.identical), (False, groups.alike)):
        for members in _grouped(dataset, of_kind):
            firsts: dict[tuple[str, int], LabelledImage] = {}  # of thousands alike, one of each kind is enough
            for split, image in members:
                for (of_split, _), of in firsts.items():
                    copy = _Copy(image, split, of, of_split, is_identical)
                    rank = (copy.leaks, copy.is_identical, copy.agrees)
                    if image.path not in best or rank > best[image.path][0]:
                        best[image.path] = rank, copy
                firsts.setdefault((split, image.label), image)
    places = list(_places(dataset))
    return (best[path][1] for path in places if path in best)


def _contradicted(dataset: ImageDataset, groups: Groups) -> set[Path]:
    """The images that have the bytes of one of another label."""
    return {
        image.path
        for members in _grouped(dataset, groups.identical)
        if len({image.label for _, image in members}) > 1
        for _, image in members
    }


def _counts(dataset: ImageDataset, found: Sequence[_Copy], contradicting: int, left_out: int) -> Copies:
    def count(is_identical: bool, split: str | None) -> int:
        return sum(c.is_identical == is_identical and (c.split if c.leaks else None) == split for c in found)

    def name(image: LabelledImage) -> str:
        return os.path.relpath(image.path, dataset.root)

    # A test that leaks says most, then labels that contradict.
    ordered = sorted(found, key=lambda c: (not c.leaks, c.split != "test", c.agrees, not c.is_identical))
    return Copies(
        root=str(dataset.root),
        test_identical=count(True, "test"),
        test_alike=count(False, "test"),
        val_identical=count(True, "val"),
        val_alike=count(False, "val"),
        within_identical=count(True, None),
        within_alike=count(False, None),
        contradicting=contradicting,
        alike_contradicting=sum(c.leaks and not c.is_identical and not c.agrees for c in found),
        left_out=left_out,
        pairs=tuple(
            CopyPair(
                image=name(copy.image),
                split=copy.split,
                class_name=dataset.classes[copy.image.label],
                of=name(copy.of),
                of_split=copy.of_split,
                of_class_name=dataset.classes[copy.of.label],
                is_identical=copy.is_identical,
            )
            for copy in ordered[:MOST_PAIRS]
        ),
    )


def _sentences(dataset: ImageDataset, copies: Copies) -> list[str]:
    """What there is to say of the copies in a data set, what spoils most first; nothing where there are none."""
    notes = []
    for split, purpose, earlier, identical, alike in (
        ("test", "test", "train or validate", copies.test_identical, copies.test_alike),
        ("val", "validate", "train", copies.val_identical, copies.val_alike),
    ):
        if identical or alike:
            total = counted(len(dataset.splits()[split]), "image")
            notes.append(
                f"Of the {total} to {purpose} on, {_number(identical, alike)} also among those to {earlier} on "
                f"({_kinds(identical, alike)})"
                + ("." if copies.left_out else ": accuracy on these says little of new images.")
            )
    if copies.within_identical or copies.within_alike:
        identical, alike = copies.within_identical, copies.within_alike
        notes.append(
            f"{_number(identical, alike).capitalize()} there more than once within train, val or test "
            f"({_kinds(identical, alike)})."
        )
    if copies.contradicting:
        verb = "has" if copies.contradicting == 1 else "have"
        notes.append(
            f"{counted(copies.contradicting, 'image')} {verb} the same bytes as one of another class: one of the two "
            "labels is wrong."
        )
    if copies.alike_contradicting:
        one = copies.alike_contradicting == 1
        notes.append(
            f"{counted(copies.alike_contradicting, 'image')} {'is' if one else 'are'} nearly the same as one of "
            "another class; a small difference may be what tells them apart, or a label is wrong."
        )
    if copies.left_out:
        notes.append(
            f"{counted(copies.left_out, 'image')} {'was' if copies.left_out == 1 else 'were'} left out as "
            f"{'a copy' if copies.left_out == 1 else 'copies'}, or for labels that contradict each other."
        )
    total = sum(map(len, dataset.splits().values()))
    if total > MOST_PICTURES:
        notes.append(f"Nearly identical images were looked for among the first {MOST_PICTURES:,} only.")
    return notes


def _number(identical: int, alike: int) -> str:
    return f"{identical + alike:,} {'is' if identical + alike == 1 else 'are'}"


def _kinds(identical: int, alike: int) -> str:
    """How images are copies: `"3 byte for byte, 1 nearly the same"`."""
    kinds = [f"{identical:,} byte for byte"] * bool(identical) + [f"{alike:,} nearly the same"] * bool(alike)
    return ", ".join(kinds)
