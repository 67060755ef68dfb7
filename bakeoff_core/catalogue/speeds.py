"""What is published of an architecture's cost: its size, and how long one CPU and one GPU took for an image.

`speeds.csv` holds facts of two tables that timm publishes in `results/` of its repository
(github.com/huggingface/pytorch-image-models, Apache-2.0): `CPU_MACHINE` is
`benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv`, `GPU_MACHINE` is
`benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv`; `python -m benchmarks.speeds_table` makes it (docs/search.md).
They help a search to guess what a model would cost here before it is measured. A guess is no measurement: nothing that
decides reads them. Not covered: tables that a user imports (`catalogue.published`).
"""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd

CPU_MACHINE = "Intel Core i7-12700H"
"""One image at a time in float32, compiled by PyTorch 2.4: `cpu_seconds`."""
GPU_MACHINE = "NVIDIA RTX 4090"
"""Hundreds of images at a time in mixed precision, PyTorch 2.4: `gpu_seconds`, one over its images a second."""

SPEEDS_PATH = Path(__file__).parent / "data" / "speeds.csv"
"""Where the table lies."""

_COLUMN_TYPES = {
    "architecture": "str",
    "img_size": "int64",
    "param_count": "float64",
    "macs": "float64",
    "activations": "float64",
    "cpu_seconds": "float64",
    "gpu_seconds": "float64",
}


def read_published_speeds() -> pd.DataFrame:
    """Return one row for each architecture at each image size (height and width in pixels) that was published.

    Returns:
        `architecture`, `img_size`, `param_count`, `macs` (multiply-accumulates of an image), `activations` (outputs of
        all convolutions and linear layers for an image), `cpu_seconds` and `gpu_seconds` per image; NaN where a table
        does not tell. Counts are as rounded by the tables: the catalogue's own are exact.
    """
    return _table().copy()


@functools.cache
def _table() -> pd.DataFrame:
    return pd.read_csv(SPEEDS_PATH, dtype=_COLUMN_TYPES, keep_default_na=False, na_values=[""])
