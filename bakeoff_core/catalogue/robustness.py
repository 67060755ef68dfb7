"""Accuracy on harder test sets than ImageNet's own: further accuracies to choose by, for the same weights.

The figures are timm's evaluations of the catalogue's tags at the catalogue's sizes, top-1 in percent, and stand in
`robustness.csv`. Not covered: ImageNet's own validation images (`catalogue.accuracies`), and the user's images
(`selection.accuracy_sources`).
"""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd

from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.stats import wilson_interval

_PATH = Path(__file__).parent / "data" / "robustness.csv"

ROBUST_SETS = (
    AccuracySource(
        "imagenet-v2",
        "ImageNet-V2",
        "ImageNet-V2, published",
        10_000,
        meaning="10,000 new photographs, collected as ImageNet's validation images were (Recht et al. 2019, "
        "arXiv:1902.10811). Every model does worse here, because they are slightly harder; the order hardly changes.",
    ),
    AccuracySource(
        "imagenet-real",
        "ImageNet-ReaL",
        "ImageNet-ReaL, published",
        46_837,
        meaning="ImageNet's validation images with corrected labels, several where several things are shown; 46,837 of "
        "50,000 kept any (Beyer et al. 2020, arXiv:2006.07159).",
    ),
    AccuracySource(
        "imagenet-r",
        "ImageNet-R",
        "ImageNet-R, published",
        30_000,
        meaning="30,000 paintings, toys, cartoons and other renditions of 200 of the 1,000 classes (Hendrycks et al. "
        "2021, arXiv:2006.16241). With 200 classes to choose from, it is not comparable with top-1 over 1,000.",
    ),
    AccuracySource(
        "imagenet-a",
        "ImageNet-A",
        "ImageNet-A, published",
        7_500,
        meaning="7,500 photographs of 200 of the 1,000 classes, chosen because a ResNet-50 got them wrong (Hendrycks "
        "et al. 2021, arXiv:1907.07174): most ResNets do badly here by construction.",
    ),
    AccuracySource(
        "imagenet-sketch",
        "ImageNet-Sketch",
        "ImageNet-Sketch, published",
        50_889,
        meaning="50,889 black and white drawings of the 1,000 classes (Wang et al. 2019, arXiv:1905.13549): shapes "
        "without colour and texture.",
    ),
)
"""The sets, from the most like ImageNet to the least."""

_TIMM_FILES = {
    "imagenet-v2": "results-imagenetv2-matched-frequency.csv",
    "imagenet-real": "results-imagenet-real.csv",
    "imagenet-r": "results-imagenet-r.csv",
    "imagenet-a": "results-imagenet-a.csv",
    "imagenet-sketch": "results-sketch.csv",
}
"""Where in timm's repository each set's figures were published."""


def robust_accuracies(source: AccuracySource, published: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies on one set, for `catalogue.accuracies.attach_accuracy`: one row a tag and size.

    Args:
        source: One of `ROBUST_SETS`.
        published: As `catalogue.accuracies.read_catalogue` returns it: family and recipe of each tag; a row without a
            figure on the set is left out.

    Returns:
        The rows of `published` with `top1`, `top1_low`, `top1_high`, `test_images` and `accuracy_source` of the set;
        `top5` is unknown.
    """
    keys = ["model_name", "img_size"]
    figures = _figures()[[*keys, source.key]].rename(columns={source.key: "top1"}).dropna()
    replaced = ["top1", "top1_low", "top1_high", "top5", "test_images", "accuracy_source"]
    table = published.drop(columns=replaced).merge(figures, on=keys, validate="one_to_one")
    images = pd.Series(source.test_images, index=table.index, dtype="Int64")
    low, high = wilson_interval(table["top1"], images)
    origin = f"timm {_TIMM_FILES[source.key]} (github.com/huggingface/pytorch-image-models)"
    unknown = pd.Series(float("nan"), index=table.index)
    return table.assign(top1_low=low, top1_high=high, top5=unknown, test_images=images, accuracy_source=origin)


@functools.cache
def _figures() -> pd.DataFrame:
    """Read `robustness.csv`; callers must not change the table, it is shared."""
    return pd.read_csv(_PATH, dtype={"model_name": "str", "img_size": "int64"})
