"""Labelled images to train on: Flowers102, the solar cells of ELPV, and folders of the user's own.

An image is always a file on disk; a data set is an index of files with labels and splits, so nothing is ever loaded
whole. Loads no torch: pages use it as well. Not covered: opening the files (`image_files`).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bakeoff_core.errors import BakeoffError, DatasetMissingError
from bakeoff_core.home import datasets_path
from bakeoff_core.image_files import SUFFIXES, ImageFileError, find_damaged, require_image

DATASETS = ("flowers102", "elpv", "folder")

SPLIT_SEED = 2026
"""Fixes every split that is made here."""
VAL_SHARE, TEST_SHARE = 0.15, 0.15
"""Shares of a folder that has no splits of its own."""

FLOWERS_SPLITS = {"train": ("trnid", 1020), "val": ("valid", 1020), "test": ("tstid", 6149)}
ELPV_TEST_IMAGES = 656
"""Of 2,624, as published; which ones was not."""
DEFECTIVE_FROM = 0.5
SPLIT_NAMES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}


@dataclass(frozen=True)
class LabelledImage:
    """An image file and what it shows."""

    path: Path
    label: int
    """Index into the data set's classes."""


@dataclass(frozen=True)
class SkippedFile:
    """A file that is left out."""

    path: Path
    reason: str


@dataclass(frozen=True)
class ImageDataset:
    """An index of images."""

    name: str
    """One of `DATASETS`."""
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

    def splits(self) -> dict[str, tuple[LabelledImage, ...]]:
        """Return the images by split."""
        return {"train": self.train, "val": self.val, "test": self.test}

    def content_key(self) -> str:
        """Return a short digest of classes, splits, labels and files; other data has another one.

        A file counts by its path in the data set, its size and the time of its last change.
        """
        digest = hashlib.sha256(repr(self.classes).encode())
        for split, images in self.splits().items():
            digest.update(split.encode())
            for image in images:
                status = image.path.stat()
                name = os.path.relpath(image.path, self.root)
                digest.update(f"{name}\0{image.label}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]


def read_dataset(name: str, data_dir: Path | None = None) -> ImageDataset:
    """Return the index of a data set.

    Args:
        name: One of `DATASETS`.
        data_dir: For `flowers102` the folder that holds `flowers-102/`, as torchvision's root; for `folder` the
            folder of classes. `None` looks in `BAKEOFF_DATA` and in the state's own folder.

    Raises:
        DatasetMissingError: Its files are not here; says which, and where to put them.
        BakeoffError: A folder can't be used: too few classes or images.
        ValueError: `name` is unknown, or `folder` came without a folder.
    """
    if name == "flowers102":
        return _read_flowers(data_dir)
    if name == "elpv":
        return _read_elpv()
    if name != "folder":
        raise ValueError(f"`name` must be one of {', '.join(DATASETS)}. Got {name!r}.")
    if data_dir is None:
        raise ValueError("`data_dir` must name the folder of images for the data set `folder`.")
    return _read_folder(data_dir.expanduser().absolute())


def available_datasets() -> tuple[str, ...]:
    """Return the data sets whose files are here, those of the user's own folders left out."""
    found = ["elpv"] if _elpv_folder() else []
    if any((folder / "flowers-102" / "setid.mat").is_file() for folder in _usual_folders()):
        found.insert(0, "flowers102")
    return tuple(found)


def without_damaged(dataset: ImageDataset, progress: Callable[[int], None] = lambda done: None) -> ImageDataset:
    """Decode every image and leave out those that can't be; they are named in `skipped`.

    Raises:
        BakeoffError: So much is damaged that a class has nothing left to train on.
    """
    images = [image for split in dataset.splits().values() for image in split]
    damaged = find_damaged((image.path for image in images), progress)
    if not damaged:
        return dataset
    kept = {
        split: tuple(image for image in images if image.path not in damaged)
        for split, images in dataset.splits().items()
    }
    _require_every_class(dataset.classes, kept["train"])
    skipped = tuple(SkippedFile(path, reason) for path, reason in damaged.items())
    return replace(dataset, **kept, skipped=dataset.skipped + skipped)


# --- Flowers102 ------------------------------------------------------------------------------------------------------


def _usual_folders() -> list[Path]:
    named = os.environ.get("BAKEOFF_DATA")
    return [*([Path(named).expanduser()] if named else []), datasets_path()]


def _read_flowers(data_dir: Path | None) -> ImageDataset:
    from scipy.io import loadmat  # here: it takes a moment that other data sets do not need

    folders = [data_dir] if data_dir else _usual_folders()
    root = next((f / "flowers-102" for f in folders if (f / "flowers-102").is_dir()), folders[-1] / "flowers-102")
    needed = [root / "imagelabels.mat", root / "setid.mat", root / "jpg"]
    missing = [path.name for path in needed if not path.exists()]
    if missing:
        raise DatasetMissingError(
            f"Flowers102 is not complete in {root.parent}: {', '.join(missing)} not found. Put `imagelabels.mat`, "
            f"`setid.mat` and the folder `jpg` (from `102flowers.tgz`) of "
            f"https://www.robots.ox.ac.uk/~vgg/data/flowers/102/ into {root}.",
            available=tuple(name for name in available_datasets() if name != "flowers102"),
        )
    try:
        labels = loadmat(root / "imagelabels.mat")["labels"].ravel()
        ids = loadmat(root / "setid.mat")
        splits = {
            split: tuple(
                LabelledImage(root / "jpg" / f"image_{number:05d}.jpg", int(labels[number - 1]) - 1)
                for number in map(int, ids[key].ravel())
            )
            for split, (key, _) in FLOWERS_SPLITS.items()
        }
    except (ValueError, KeyError, IndexError, OSError, TypeError) as err:
        raise BakeoffError(f"The label files of Flowers102 in {root} are damaged; download them again.") from err
    absent = sum(not image.path.is_file() for images in splits.values() for image in images)
    if absent:
        raise DatasetMissingError(
            f"{absent} of the {sum(map(len, splits.values())):,} images of Flowers102 are missing in {root / 'jpg'}. "
            "Unpack `102flowers.tgz` there again.",
            available=tuple(name for name in available_datasets() if name != "flowers102"),
        )
    classes = (Path(__file__).with_name("flowers102_classes.txt")).read_text(encoding="utf-8").split("\n")[:-1]
    return ImageDataset(
        name="flowers102",
        title="Flowers102",
        root=root,
        classes=tuple(classes),
        licence="unknown; for research use",
        notes=(
            "The official split: 1,020 images to train on, 1,020 to validate, 6,149 to test. Many papers train on the "
            "first two together; figures from other splits (6,552 / 818 / 819) are not comparable.",
        ),
        **splits,
    )


# --- ELPV ------------------------------------------------------------------------------------------------------------


def _elpv_folder() -> Path | None:
    spec = importlib.util.find_spec("elpv_dataset")
    folder = Path(spec.submodule_search_locations[0]) / "data" if spec and spec.submodule_search_locations else None
    return folder if folder and (folder / "labels.csv").is_file() else None


def _read_elpv() -> ImageDataset:
    root = _elpv_folder()
    if root is None:
        raise DatasetMissingError(
            "The solar cells come with the package `elpv-dataset`, which is not installed. "
            "Install it with `pip install elpv-dataset`.",
            available=tuple(name for name in available_datasets() if name != "elpv"),
        )
    rows = [line.split() for line in (root / "labels.csv").read_text(encoding="utf-8").splitlines() if line.strip()]
    images = [LabelledImage(root / name, int(float(probability) >= DEFECTIVE_FROM)) for name, probability, _ in rows]
    strata = [(image.label, kind) for image, (_, _, kind) in zip(images, rows, strict=True)]
    rest, test = _stratified(images, strata, ELPV_TEST_IMAGES)
    stratum_of = dict(zip((image.path for image in images), strata, strict=True))
    train, val = _stratified(rest, [stratum_of[image.path] for image in rest], round(VAL_SHARE * len(rest)))
    return ImageDataset(
        name="elpv",
        title="Solar cells (ELPV)",
        root=root,
        classes=("functional", "defective"),
        train=tuple(train),
        val=tuple(val),
        test=tuple(test),
        licence="CC BY-NC-SA 4.0",
        notes=(
            f"{len(images):,} electroluminescence pictures of solar cells (Deitsch et al. 2019, arXiv 1807.02894); "
            f"defective at a probability of {DEFECTIVE_FROM} and over.",
            f"Of the published split only the sizes are known ({len(rest):,} and {len(test)} images). This one has the "
            f"same sizes, stratified by class and cell type with the seed {SPLIT_SEED}; the {len(val)} images to "
            "validate on are taken from the first part.",
        ),
    )


# --- a folder --------------------------------------------------------------------------------------------------------


def _read_folder(root: Path) -> ImageDataset:
    if not root.is_dir():
        raise BakeoffError(f"There is no folder {root}.")
    subfolders = _folders_in(root)
    named = {
        split: next((subfolders[n] for n in names if n in subfolders), None) for split, names in SPLIT_NAMES.items()
    }
    skipped: list[SkippedFile] = []
    if named["train"] is None:
        classes = _class_names(root, subfolders)
        images = _images_of(classes, subfolders, skipped)
        _require_every_class(classes, images, least=3, where="so that each split gets one")
        rest, test = _split_by_class(images, TEST_SHARE)
        train, val = _split_by_class(rest, VAL_SHARE / (1 - TEST_SHARE))
        notes = [
            f"The folder has no splits of its own; {len(train)} images to train on, {len(val)} to validate and "
            f"{len(test)} to test were drawn from each class with the seed {SPLIT_SEED}."
        ]
    else:
        classes = _class_names(named["train"], _folders_in(named["train"]))
        parts = {
            split: _images_of(classes, _known_folders(folder, classes), skipped)
            for split, folder in named.items()
            if folder is not None
        }
        train, notes = parts["train"], ["The splits are the folder's own."]
        if "test" not in parts:
            _require_every_class(classes, train, least=2, where="so that the test gets one")
            train, parts["test"] = _split_by_class(train, TEST_SHARE)
            notes.append(f"It has no images to test on; {len(parts['test'])} were taken from those to train on.")
        if "val" not in parts:
            _require_every_class(classes, train, least=2, where="so that the validation gets one")
            train, parts["val"] = _split_by_class(train, VAL_SHARE)
            notes.append(f"It has no images to validate on; {len(parts['val'])} were taken from those to train on.")
        _require_every_class(classes, train)
        val, test = parts["val"], parts["test"]
        if not test:
            raise BakeoffError(f"There are no usable images in {named['test']}.")
    return ImageDataset(
        name="folder",
        title=root.name,
        root=root,
        classes=classes,
        train=tuple(train),
        val=tuple(val),
        test=tuple(test),
        licence="your own images",
        notes=tuple(notes),
        skipped=tuple(skipped),
    )


def _folders_in(folder: Path) -> dict[str, Path]:
    """The visible folders in a folder, by name, in natural order (img2 before img10)."""
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)]
    except OSError as err:
        raise BakeoffError(f"The folder {folder} can't be read: {err.strerror}.") from err
    return {name: folder / name for name in sorted(names, key=_natural)}


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts]


def _class_names(root: Path, folders: dict[str, Path]) -> tuple[str, ...]:
    if not folders:
        raise BakeoffError(
            f"{root} has no folders in it. Put the images of each class into a folder of its own, named as the class: "
            f"{root.name}/cat/1.jpg, {root.name}/dog/7.jpg."
        )
    if len(folders) == 1:
        raise BakeoffError(f"{root} has only one class, {next(iter(folders))!r}; a classifier needs two or more.")
    return tuple(folders)


def _known_folders(folder: Path, classes: tuple[str, ...]) -> dict[str, Path]:
    found = _folders_in(folder)
    unknown = [name for name in found if name not in classes]
    if unknown:
        raise BakeoffError(f"{folder} has classes that there are no images to train on: {', '.join(unknown)}.")
    return found


def _images_of(classes: Sequence[str], folders: dict[str, Path], skipped: list[SkippedFile]) -> list[LabelledImage]:
    """The images of each class, by their headers; what is none is added to `skipped`."""
    found: list[LabelledImage] = []
    for label, name in enumerate(classes):
        if name not in folders:
            continue
        for path in _files_below(folders[name]):
            try:
                if path.suffix.lower() not in SUFFIXES:
                    raise ImageFileError(f"{path.name} has no image's ending.")
                require_image(path)
            except ImageFileError as err:
                skipped.append(SkippedFile(path, str(err)))
            else:
                found.append(LabelledImage(path, label))
    return found


def _files_below(folder: Path) -> list[Path]:
    """Every visible file in a folder and the folders in it, sorted; links are not followed out of it."""
    found: list[Path] = []
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in files if not name.startswith(".")]
    inside = folder.resolve()
    return sorted(path for path in found if not path.is_symlink() or path.resolve().is_relative_to(inside))


def _require_every_class(
    classes: Sequence[str], images: Sequence[LabelledImage], least: int = 1, where: str = ""
) -> None:
    """Raise unless every class has so many images."""
    counts = np.bincount([image.label for image in images], minlength=len(classes))
    if len(images) < len(classes):
        raise BakeoffError(f"There are {len(images)} usable images to train on for {len(classes)} classes; too few.")
    short = [f"{name} ({count})" for name, count in zip(classes, counts, strict=True) if count < least]
    if short:
        reason = f" {where}" if where else ""
        raise BakeoffError(
            f"Every class needs at least {least} usable image{'s' if least > 1 else ''}{reason}. Too few in: "
            f"{', '.join(short)}."
        )


# --- splitting -------------------------------------------------------------------------------------------------------


def _split_by_class(images: Sequence[LabelledImage], share: float) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Take a share of each class, at least one image and never all of them."""
    by_class: dict[int, list[LabelledImage]] = {}
    for image in images:
        by_class.setdefault(image.label, []).append(image)
    taken: set[Path] = set()
    for label, mine in sorted(by_class.items()):
        count = min(len(mine) - 1, max(1, round(share * len(mine))))
        taken |= {image.path for image in _drawn(mine, count, label)}
    return [i for i in images if i.path not in taken], [i for i in images if i.path in taken]


def _stratified(
    images: Sequence[LabelledImage], strata: Sequence[tuple], count: int
) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Take exactly `count` images, from each stratum in proportion (largest remainders)."""
    groups: dict[tuple, list[LabelledImage]] = {}
    for image, stratum in zip(images, strata, strict=True):
        groups.setdefault(stratum, []).append(image)
    quotas = {stratum: count * len(mine) / len(images) for stratum, mine in groups.items()}
    sizes = {stratum: int(quota) for stratum, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda stratum: (sizes[stratum] - quotas[stratum], stratum))
    for stratum in by_remainder[: count - sum(sizes.values())]:
        sizes[stratum] += 1
    taken = {image.path for stratum, mine in groups.items() for image in _drawn(mine, sizes[stratum], stratum)}
    return [i for i in images if i.path not in taken], [i for i in images if i.path in taken]


def _drawn(images: Iterable[LabelledImage], count: int, salt: object) -> list[LabelledImage]:
    """Draw so many images; the same ones on every machine."""
    return random.Random(f"{SPLIT_SEED} {salt}").sample(list(images), count)
