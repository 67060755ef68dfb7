"""The solar cells of ELPV, which the package `elpv-dataset` brings along: images that need no network."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bakeoff_core.datasets.records import ImageDataset, LabelledImage
from bakeoff_core.datasets.splits import SPLIT_SEED, VAL_SHARE, stratified
from bakeoff_core.errors import DatasetMissingError

TEST_IMAGES = 656
"""Of 2,624, as published; which ones was not."""
DEFECTIVE_FROM = 0.5


def elpv_folder() -> Path | None:
    """Return the folder of the installed package's images; `None` where it is not installed."""
    spec = importlib.util.find_spec("elpv_dataset")
    folder = Path(spec.submodule_search_locations[0]) / "data" if spec and spec.submodule_search_locations else None
    return folder if folder and (folder / "labels.csv").is_file() else None


def read_elpv() -> ImageDataset:
    """Return the solar cells, stratified by class and cell type into splits of the published sizes.

    Raises:
        DatasetMissingError: The package is not installed.
    """
    root = elpv_folder()
    if root is None:
        raise DatasetMissingError(
            "The solar cells come with the package `elpv-dataset`, which is not installed. "
            "Install it with `pip install elpv-dataset`."
        )
    rows = [line.split() for line in (root / "labels.csv").read_text(encoding="utf-8").splitlines() if line.strip()]
    images = [LabelledImage(root / name, int(float(probability) >= DEFECTIVE_FROM)) for name, probability, _ in rows]
    strata = [(image.label, kind) for image, (_, _, kind) in zip(images, rows, strict=True)]
    rest, test = stratified(images, strata, TEST_IMAGES)
    stratum_of = dict(zip((image.path for image in images), strata, strict=True))
    train, val = stratified(rest, [stratum_of[image.path] for image in rest], round(VAL_SHARE * len(rest)))
    return ImageDataset(
        name="elpv",
        title="Solar cells (ELPV)",
        root=root,
        classes=("functional", "defective"),
        train=tuple(train),
        val=tuple(val),
        test=tuple(test),
        licence="CC BY-NC-SA 4.0",
        any_way_up=True,  # a cell has no top
        notes=(
            f"{len(images):,} electroluminescence pictures of solar cells (Deitsch et al. 2019, arXiv 1807.02894); "
            f"defective at a probability of {DEFECTIVE_FROM} and over.",
            f"Of the published split only the sizes are known ({len(rest):,} and {len(test)} images). This one has the "
            f"same sizes, stratified by class and cell type with the seed {SPLIT_SEED}; the {len(val)} images to "
            "validate on are taken from the first part.",
        ),
    )
