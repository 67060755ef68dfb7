"""Labelled images to train on: Flowers102, the solar cells of ELPV, and folders of the user's own, in one interface.

An image is always a file on disk; a data set is an index of files with labels and splits, so nothing is ever loaded
whole. Loads no torch: pages use it as well. Not covered: opening the files (`datasets.images`), what there is to say of
a data set (`datasets.summary`), fetching one (`datasets.download.worker`).
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

from bakeoff_core.datasets.copies import with_copies
from bakeoff_core.datasets.elpv import elpv_folder, read_elpv
from bakeoff_core.datasets.fingerprints import Fingerprints, Groups
from bakeoff_core.datasets.flowers102 import flowers_folder, has_images, read_flowers
from bakeoff_core.datasets.image_folder import read_folder
from bakeoff_core.datasets.images import ValueExtremes, find_damaged
from bakeoff_core.datasets.records import TEST_FROM, Copies, ImageDataset, SkippedFile, composed, require_every_class
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from bakeoff_core.schema.parsing import Whole, parse_record
from bakeoff_core.system.files import FileStamp, read_json, stamp_of, write_json
from bakeoff_core.system.paths import checks_path


@dataclass(frozen=True)
class KnownDataset:
    """A data set that can be asked for by name."""

    title: str
    """What it is called in a list to choose from."""
    phrase: str
    """What it is called within a sentence."""
    read: Callable[[Path | None, str], ImageDataset]
    """Makes its index of the user's folder, `None` where none was named, and one of `datasets.records.TEST_FROM`."""
    is_here: Callable[[], bool]
    """Tells whether its files are here where the user names no folder."""
    is_packaged: bool = False
    """Whether it comes with the product, so that no folder can be named."""


def _read_own(data_dir: Path | None, test_from: str) -> ImageDataset:
    if data_dir is None:
        raise ValueError("`data_dir` must name the folder of images for the data set `folder`.")
    return read_folder(data_dir, test_from)


DATASETS = {
    "flowers102": KnownDataset(
        "Flowers102",
        "Flowers102",
        lambda data_dir, test_from: read_flowers(flowers_folder(data_dir)),
        lambda: has_images(flowers_folder()),
    ),
    "elpv": KnownDataset(
        "Solar cells",
        "the solar cells of ELPV",
        lambda data_dir, test_from: read_elpv(),
        lambda: elpv_folder() is not None,
        is_packaged=True,
    ),
    "folder": KnownDataset("Your own folder", "any folder of your own", _read_own, lambda: False),
}
"""Every data set by its name; a new one gets an entry here, and nowhere else."""

CHECK_VERSION = 2
"""Of the files that keep the outcome of a check; one of before copies were looked for is made anew."""

PIXEL_KINDS = {"I;16": "16 bits", "I": "32-bit integers", "F": "floating-point numbers"}
"""How images of more than 8 bits are spoken of, by `image_opening.pixel_kind`."""


def read_dataset(name: str, data_dir: Path | None = None, test_from: str = TEST_FROM[0]) -> ImageDataset:
    """Return the index of a data set.

    Args:
        name: One of `DATASETS`.
        data_dir: For `flowers102` the folder that holds `flowers-102/`, as torchvision's root; for `folder`
            the folder of classes. `None` looks in `BAKEOFF_DATA` and in the state's own folder.
        test_from: What to test on where a folder has `train` and `val` and no `test`; one of
            `datasets.records.TEST_FROM`.

    Raises:
        DatasetMissingError: Its files are not here; says which, where to put them, and what is here instead.
        BakeoffError: A folder can't be used: too few classes or images.
        ValueError: `name` is unknown, or `folder` came without a folder.
    """
    if name not in DATASETS:
        raise ValueError(f"`name` must be one of {', '.join(DATASETS)}. Got {name!r}.")
    try:
        return _with_frames_told(DATASETS[name].read(data_dir, test_from))
    except DatasetMissingError as err:
        raise missing(name, str(err)) from err


def available_datasets() -> tuple[str, ...]:
    """Return the data sets whose files are here, those of the user's own folders left out."""
    return tuple(name for name, known in DATASETS.items() if known.is_here())


def missing(name: str, why: str) -> DatasetMissingError:
    """Return the error that a data set can't be had, which offers what is here instead.

    Args:
        name: One of `DATASETS`.
        why: Sentences on what is missing and how to mend it.
    """
    available = tuple(other for other in available_datasets() if other != name)
    here = "".join(f"{DATASETS[other].phrase} (`{other}`), and " for other in available)
    own = f"{DATASETS['folder'].phrase} (`folder`)"
    return DatasetMissingError(f"{why} Available without it: {here}{own}.", available)


def is_checked(dataset: ImageDataset) -> bool:
    """Tell whether `without_damaged` has looked at the same content before, so that it need not decode it again."""
    return _read_check(dataset) is not None


def kept_ranges(dataset: ImageDataset) -> dict[str, tuple[float, float]]:
    """Return what `without_damaged` has found black and white in images of more than 8 bits; nothing before."""
    known = _read_check(dataset)
    return known.seen.ranges() if known else {}


def check_stamp(content_key: str) -> FileStamp:
    """Return what changes when `known_copies` may have found more of the images with a content key."""
    return stamp_of(checks_path() / f"{content_key}.json")


def known_copies(dataset: ImageDataset) -> Copies | None:
    """Return which images are copies of others, as `without_damaged` found it before; `None` before it did."""
    check = _read_check(dataset)
    return with_copies(dataset, check.groups, leave_out=False).copies if check else None


def without_damaged(
    dataset: ImageDataset,
    progress: Callable[[int], None] = lambda done: None,
    *,
    leave_out_copies: bool = False,
) -> ImageDataset:
    """Decode every image, leave out those that can't be, and say which are copies of others.

    Those left out are named in `skipped`. What is black and white in images of more than 8 bits is decided here, by all
    of them, and told in the notes. The outcome is kept by the data set's content: a second time only the damaged ones
    are tried again, in case it was the disk that failed and not the file.

    Args:
        dataset: What to check.
        progress: Told the number of images done, each time.
        leave_out_copies: Whether to leave out copies that spoil the data set; see `datasets.copies.with_copies`.

    Raises:
        BakeoffError: So much is damaged, or a copy, that a class has nothing left to train on, or that no image is left
            to test on.
    """
    images = [image.path for image in dataset.images()]
    known = _read_check(dataset)
    if known is None:
        seen, fingerprints = ValueExtremes(), Fingerprints()
        damaged = find_damaged(images, progress, seen, fingerprints.add)
        known = _Check({_name_in(dataset, path) for path in damaged}, seen, fingerprints.groups())
        _keep_check(dataset, known)
    else:
        again = (path for path in images if _name_in(dataset, path) in known.damaged)
        damaged = find_damaged(again, lambda done: None, known.seen)
        progress(len(images))
    if damaged:
        dataset = _without(dataset, damaged)
    dataset = with_copies(dataset, known.groups, leave_out=leave_out_copies)
    return _with_ranges(dataset, known.seen) if known.seen.by_kind else dataset


def _without(dataset: ImageDataset, damaged: Mapping[Path, str]) -> ImageDataset:
    kept = {
        split: tuple(image for image in images if image.path not in damaged)
        for split, images in dataset.splits().items()
    }
    skipped = dataset.skipped + tuple(SkippedFile(path, reason) for path, reason in damaged.items())
    require_every_class(dataset.classes, kept["train"], skipped)
    if not kept["test"]:
        raise BakeoffError(f"Every image to test on is damaged, the first because {next(iter(damaged.values()))}")
    return replace(dataset, **kept, skipped=skipped)


# --- what is said of the images ---------------------------------------------------------------------------------------


def _with_frames_told(dataset: ImageDataset) -> ImageDataset:
    """The data set with a note on images of which only the first frame is used."""
    images = dataset.images()
    count = sum(image.has_more_frames for image in images)
    if not count:
        return dataset
    hold, them = ("holds", "them") if count == 1 else ("hold", "each")
    note = f"{count:,} of the {len(images):,} images {hold} several frames or pages; only the first of {them} is used."
    return replace(dataset, notes=(*dataset.notes, note))


def _with_ranges(dataset: ImageDataset, seen: ValueExtremes) -> ImageDataset:
    """The data set with what is black and white in its images of more than 8 bits, and a note on each kind of them."""
    counts = Counter(image.pixel_kind for image in dataset.images())
    ranges = {kind: ends for kind, ends in seen.ranges().items() if counts[kind]}
    notes = []
    for kind, (black, white) in ranges.items():
        low, high = (f"{value:,.6g}" for value in seen.by_kind[kind])
        notes.append(
            f"{counts[kind]:,} grey image{'s have' if counts[kind] > 1 else ' has'} pixels of {PIXEL_KINDS[kind]}, "
            f"from {low} to {high} in all of the data set: {black:,.6g} is taken for black and {white:,.6g} for white."
        )
    splits = {
        split: tuple(replace(image, value_ranges=ranges) if image.pixel_kind else image for image in images)
        for split, images in dataset.splits().items()
    }
    return replace(dataset, **splits, notes=(*dataset.notes, *notes))


# --- what a check found, kept ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Check:
    """What opening every image of a data set has shown."""

    damaged: set[str]
    """By path in the data set."""
    seen: ValueExtremes
    """Of images of more than 8 bits."""
    groups: Groups
    """Copies of each other."""


def _name_in(dataset: ImageDataset, path: Path) -> str:
    """A file's name in a data set, as the data set's key has it."""
    return composed(os.path.relpath(path, dataset.root))


def _check_file(dataset: ImageDataset) -> Path:
    return checks_path() / f"{dataset.content_key()}.json"


def _read_check(dataset: ImageDataset) -> _Check | None:
    """What a check that was kept found; `None` where there is none to trust."""
    content = read_json(_check_file(dataset))
    if (content.get("version"), content.get("pillow")) != (CHECK_VERSION, _pillow()):
        return None
    paths = [image.path for image in dataset.images()]
    try:
        kept = parse_record(_KeptCheck, content)
        groups = (tuple(tuple(paths[at] for at in group) for group in kind) for kind in (kept.identical, kept.alike))
        return _Check(set(kept.damaged), ValueExtremes(kept.extremes), Groups(*groups))
    except (ValueError, IndexError):
        return None


@dataclass(frozen=True)
class _KeptCheck:
    """A check's file; groups by the places of their images in train, val and test, one after the other."""

    damaged: tuple[str, ...]
    identical: tuple[tuple[Whole, ...], ...]
    alike: tuple[tuple[Whole, ...], ...]
    extremes: dict[str, tuple[float, float]] = field(default_factory=dict)


def _keep_check(dataset: ImageDataset, check: _Check) -> None:
    """Keep a check's outcome; where it can't be written, the next run checks once more."""
    places = {image.path: at for at, image in enumerate(i for split in dataset.splits().values() for i in split)}
    kinds = {"identical": check.groups.identical, "alike": check.groups.alike}
    groups = {kind: [[places[path] for path in group] for group in found] for kind, found in kinds.items()}
    file = _check_file(dataset)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {"damaged": sorted(check.damaged), "extremes": check.seen.by_kind, **groups}
        write_json(file, {"version": CHECK_VERSION, "pillow": _pillow(), **content})


def _pillow() -> str:
    """Another version may decode what this one can't, and the other way round."""
    return metadata.version("pillow")
