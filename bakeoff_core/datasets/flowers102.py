"""Flowers102 as its authors publish it: which files, where they are looked for, and the official splits.

Labels and splits stand in `data/flowers102_split.txt`, made from the published MATLAB files, so that the images alone
are enough. The files lie as torchvision wants them, so a folder of one serves the other; torchvision needs the MATLAB
files too. Not covered: fetching them (`datasets.download.worker`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from bakeoff_core.datasets.records import ImageDataset, LabelledImage, expanded, is_there
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from bakeoff_core.formatting import path_text
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

CLASS_NAMES = Path(__file__).parent / "data" / "flowers102_classes.txt"
"""A name a line, in the order of the labels."""
OFFICIAL_SPLIT = Path(__file__).parent / "data" / "flowers102_split.txt"
"""A line an image, in the published order: split, number of the image, label from 1; comments say how it was made."""
OFFICIAL_NOTE = (
    "The official split: 1,020 images to train on, 1,020 to validate, 6,149 to test. Many papers train on the "
    "first two together; figures from other splits (6,552 / 818 / 819) are not comparable."
)

MOST_LABEL_BYTES = 1_000_000
"""The MATLAB files have 15 kB at most."""


def usual_folders() -> list[Path]:
    """Return the folders that may hold `flowers-102/`: the one that `BAKEOFF_DATA` names, then the state's own."""
    named = os.environ.get("BAKEOFF_DATA")
    return [*([expanded(Path(named))] if named else []), datasets_path()]


def flowers_folder(data_dir: Path | None = None) -> Path:
    """Return where Flowers102 is, or else where it is expected.

    Args:
        data_dir: The folder that holds `flowers-102/`; `None` looks in the usual ones, and takes the first that has
            the images.
    """
    roots = [folder / FOLDER for folder in ([expanded(data_dir)] if data_dir else usual_folders())]
    here = [root for root in roots if is_there(root)]
    return next((root for root in here if has_images(root)), next(iter(here), roots[-1]))


def has_images(root: Path) -> bool:
    """Tell whether the folder of the images is in the folder `flowers-102`."""
    return is_there(root / IMAGES)


def where_to_put(root: Path) -> str:
    """Return the sentence about the images to fetch by hand."""
    return f"Put the folder `{IMAGES}` (from `{ARCHIVE}`) of {BASE_URL} into {path_text(root)}."


def read_flowers(root: Path) -> ImageDataset:
    """Return the index of the images in a folder `flowers-102`.

    Raises:
        DatasetMissingError: Images are not there; says where to put them.
        BakeoffError: There is a MATLAB file that is not the published one, so that its split would be another.
    """
    if not has_images(root):
        raise DatasetMissingError(
            f"Flowers102 is not complete in {path_text(root.parent)}: {IMAGES} not found. {where_to_put(root)}"
        )
    for name in (LABELS, SPLITS):
        _require_published(root / name)
    splits = _official_splits(root / IMAGES)
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
        classes=tuple(CLASS_NAMES.read_text(encoding="utf-8").splitlines()),
        licence="unknown; for research use",
        notes=(OFFICIAL_NOTE,),
        **splits,
    )


def _official_splits(folder: Path) -> dict[str, tuple[LabelledImage, ...]]:
    """The images of each split, in the published order, which keeps the data set's key the same."""
    splits: dict[str, list[LabelledImage]] = {"train": [], "val": [], "test": []}
    for line in OFFICIAL_SPLIT.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            split, number, label = line.split()
            splits[split].append(LabelledImage(folder / f"image_{int(number):05d}.jpg", int(label) - 1))
    return {split: tuple(images) for split, images in splits.items()}


def _require_published(path: Path) -> None:
    """Refuse a MATLAB file of other content: whoever put it there expects another split than the official one."""
    if not is_there(path):
        return
    try:
        is_published = path.is_file() and path.stat().st_size <= MOST_LABEL_BYTES and _md5(path) == MD5S[path.name]
    except OSError as err:
        raise BakeoffError(f"{path_text(path)} can't be read: {err.strerror}.") from err
    if not is_published:
        raise BakeoffError(
            f"`{path.name}` of Flowers102 in {path_text(path.parent)} is damaged, or not the published one (another "
            f"checksum). Download it again from {BASE_URL}, or remove it: the official labels and splits are known "
            "without it. Images with a split of your own are the data set `folder`."
        )


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
