"""Flowers102 as its authors publish it: which files, where they are looked for, and the official splits.

The files lie as torchvision wants them, so a folder of one serves the other. Not covered: fetching them
(`datasets.download.worker`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from bakeoff_core.datasets.images import path_text
from bakeoff_core.datasets.index import ImageDataset, LabelledImage, expanded, is_there
from bakeoff_core.datasets.mat_files import read_vectors
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from bakeoff_core.system.paths import datasets_path

FOLDER = "flowers-102"
BASE_URL = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
ARCHIVE, LABELS, SPLITS, IMAGES = "102flowers.tgz", "imagelabels.mat", "setid.mat", "jpg"
MD5S = {
    LABELS: "e0620be6f572b9609742df49c70aed4d",
    SPLITS: "a5357ecc9cb78c4bef273ce3793fc85c",
    ARCHIVE: "52808999861908f626f3c1f4e79d11fa",
}
"""Checksums of the published files, as in torchvision 0.28 (`torchvision/datasets/flowers102.py`)."""
IMAGE_COUNT = 8189
SPLIT_KEYS = {"train": "trnid", "val": "valid", "test": "tstid"}

MOST_LABEL_BYTES = 1_000_000
"""The label files have 15 kB at most."""


def usual_folders() -> list[Path]:
    """Return the folders that may hold `flowers-102/`: the one that `BAKEOFF_DATA` names, then the state's own."""
    named = os.environ.get("BAKEOFF_DATA")
    return [*([expanded(Path(named))] if named else []), datasets_path()]


def flowers_folder(data_dir: Path | None = None) -> Path:
    """Return where Flowers102 is, or else where it is expected.

    Args:
        data_dir: The folder that holds `flowers-102/`; `None` looks in the usual ones, and takes the first that is
            complete.
    """
    roots = [folder / FOLDER for folder in ([expanded(data_dir)] if data_dir else usual_folders())]
    here = [root for root in roots if is_there(root)]
    return next((root for root in here if not missing_files(root)), next(iter(here), roots[-1]))


def missing_files(root: Path) -> list[str]:
    """Return the names of what is not in the folder `flowers-102`; the images count as one."""
    return [name for name in (LABELS, SPLITS, IMAGES) if not is_there(root / name)]


def where_to_put(root: Path) -> str:
    """Return the sentence about the files to fetch by hand."""
    return (
        f"Put `{LABELS}`, `{SPLITS}` and the folder `{IMAGES}` (from `{ARCHIVE}`) of {BASE_URL} into {path_text(root)}."
    )


def read_flowers(root: Path) -> ImageDataset:
    """Return the index of the images in a folder `flowers-102`.

    Raises:
        DatasetMissingError: Files are not there; says which, and where to put them.
        BakeoffError: The label files are damaged.
    """
    missing = missing_files(root)
    if missing:
        raise DatasetMissingError(
            f"Flowers102 is not complete in {path_text(root.parent)}: {', '.join(missing)} not found. "
            f"{where_to_put(root)}"
        )
    labels = _read_numbers(root / LABELS, "labels")["labels"]
    numbers = _read_numbers(root / SPLITS, *SPLIT_KEYS.values())
    if not all(1 <= number <= len(labels) for key in SPLIT_KEYS.values() for number in numbers[key]):
        raise _damaged(root / SPLITS)
    classes = (Path(__file__).parent / "data" / "flowers102_classes.txt").read_text(encoding="utf-8").split("\n")[:-1]
    if not all(1 <= label <= len(classes) for label in labels):
        raise _damaged(root / LABELS)
    splits = {
        split: tuple(
            LabelledImage(root / IMAGES / f"image_{number:05d}.jpg", labels[number - 1] - 1) for number in numbers[key]
        )
        for split, key in SPLIT_KEYS.items()
    }
    absent = sum(not is_there(image.path) for images in splits.values() for image in images)
    if absent:
        raise DatasetMissingError(
            f"{absent} of the {sum(map(len, splits.values())):,} images of Flowers102 are missing in {root / IMAGES}. "
            f"Unpack `{ARCHIVE}` there again."
        )
    return ImageDataset(
        name="flowers102",
        title="Flowers102",
        root=root,
        classes=tuple(classes),
        licence="unknown; for research use",
        notes=(_split_note(root),),
        **splits,
    )


def _split_note(root: Path) -> str:
    if any(_md5(root / name) != MD5S[name] for name in (LABELS, SPLITS)):
        return (
            "The label files are not the published ones (other checksums), so the split is not the official one, and "
            "figures are not comparable with others."
        )
    return (
        "The official split: 1,020 images to train on, 1,020 to validate, 6,149 to test. Many papers train on the "
        "first two together; figures from other splits (6,552 / 818 / 819) are not comparable."
    )


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _read_numbers(path: Path, *keys: str) -> dict[str, list[int]]:
    """Return rows of whole numbers from a label file."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_LABEL_BYTES:
            raise ValueError("no label file is as large")
        vectors = read_vectors(path.read_bytes())
        return {key: [int(number) for number in vectors[key]] for key in keys}
    except OSError as err:
        raise BakeoffError(f"{path_text(path)} can't be read: {err.strerror}.") from err
    except (ValueError, KeyError, OverflowError) as err:
        raise _damaged(path) from err


def _damaged(path: Path) -> BakeoffError:
    return BakeoffError(f"`{path.name}` of Flowers102 in {path.parent} is damaged; download it again from {BASE_URL}.")
