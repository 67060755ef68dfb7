"""Folders of images made up for a test."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from bakeoff_core.datasets.registry import ImageDataset, read_dataset


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for at, name in enumerate(names):
        Image.new("RGB", (8, 8), (at * 20 % 256, 100, 50)).save(folder / name)


def fill_classes(root: Path, images: int = 10, classes: tuple[str, ...] = ("cat", "dog")) -> None:
    for name in classes:
        fill(root / name, *(f"{at}.png" for at in range(images)))


def counts(dataset) -> dict[str, int]:
    return {split: len(images) for split, images in dataset.splits().items()}


def split_digest(dataset: ImageDataset) -> str:
    """Digest which image, by name and label, is in which split, whatever is in the files."""
    lines = (
        f"{split} {image.path.relative_to(dataset.root)} {image.label}\n"
        for split, images in dataset.splits().items()
        for image in images
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def make_flowers(root: Path, ids: Sequence[Sequence[int]] = ((1, 2), (3, 4), (5, 6)), labels: int = 6) -> Path:
    """Make up a folder `flowers-102` with a few images in it, classes 1, 2, 1, 2, …"""
    fill(root / "jpg", *(f"image_{number:05d}.jpg" for split in ids for number in split))
    savemat(root / "imagelabels.mat", {"labels": np.arange(labels)[None] % 2 + 1})
    savemat(root / "setid.mat", dict(zip(("trnid", "valid", "tstid"), (np.array([i]) for i in ids), strict=True)))
    return root


def copy_solar_cells(root: Path, each: int) -> Path:
    """Copy so many real solar cells of each class into folders, with a file among them that is no image."""
    dataset = read_dataset("elpv")
    for label, name in enumerate(dataset.classes):
        (root / name).mkdir(parents=True)
        for image in [i for i in dataset.train if i.label == label][:each]:
            shutil.copy(image.path, root / name)
    (root / "defective" / "broken.png").write_bytes(b"\x89PNG and no more")
    return root
