"""Folders of images made up for a test."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from bakeoff_core.datasets.records import ImageDataset
from bakeoff_core.datasets.registry import read_dataset


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


MADE_UP_MATLAB_FILES = {"imagelabels.mat": b"labels" * 80, "setid.mat": b"splits" * 80}
"""In place of the published ones, whose content nobody reads."""
MADE_UP_SPLIT = "# split, number, label\ntrain 1 1\ntrain 2 2\nval 3 1\nval 4 2\ntest 5 1\ntest 6 2\n"


def make_flowers(root: Path) -> Path:
    """Make up a folder `flowers-102` of the six images in `MADE_UP_SPLIT`."""
    fill(root / "jpg", *(f"image_{number:05d}.jpg" for number in range(1, 7)))
    for name, content in MADE_UP_MATLAB_FILES.items():
        (root / name).write_bytes(content)
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


def picture(seed: int, size: tuple[int, int] = (200, 150)) -> Image.Image:
    """A picture like no other of another seed: blobs of colour, as soft as a photograph."""
    grain = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(grain).resize(size, Image.Resampling.BICUBIC)
