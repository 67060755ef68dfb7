"""Search spaces without a catalogue: made up, and timm's tables where they are at hand."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.search.outlook import nothing_measured
from bakeoff_core.search.space import search_space
from tests.support.timm_results import real_table


def made_up(count: int = 60, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A space of families that grow at their own pace, and the true seconds of each row here: twice those published,
    give or take a fifth by family and by row."""
    rng = np.random.default_rng(seed)
    family = rng.integers(0, 6, count)
    macs = np.exp(rng.uniform(np.log(2e8), np.log(4e10), count))
    cpu = macs / 5e10 * np.exp(0.5 * rng.standard_normal(6)[family] + 0.2 * rng.standard_normal(count))
    seconds = 2 * cpu * np.exp(0.2 * rng.standard_normal(6)[family] + 0.2 * rng.standard_normal(count))
    top1 = 60 + 4.5 * np.log(macs / 2e8) + rng.standard_normal(6)[family] + rng.standard_normal(count)
    space = pd.DataFrame(
        {
            "model_name": [f"net{i:03}.a" for i in range(count)],
            "img_size": 224,
            "architecture": [f"net{i:03}" for i in range(count)],
            "family": [f"Family {i}" for i in family],
            "top1": top1.round(3),
            "param_count": (macs / 150).round(),
            "macs": macs.round(),
            "activations": (macs / 300).round(),
            "cpu_seconds": cpu,
            "gpu_seconds": cpu / 150,
            "candidates": 1,
        }
    )
    return space, seconds


def of_table(name: str, prior: str | None = None) -> tuple[pd.DataFrame, np.ndarray]:
    """The catalogue as far as one of timm's tables has it under today's names, and that table's seconds per image; a
    column of the prior that the table itself stands in is emptied. The test is skipped without the table."""
    with real_table(name).open(encoding="utf-8", newline="") as file:
        rows = [
            (row["model"], int(row["infer_img_size"]), float(row["infer_samples_per_sec"]))
            for row in csv.DictReader(file)
        ]
    speeds = {(model, size): 1 / speed for model, size, speed in rows}
    space = search_space(read_catalogue())
    seconds = np.array([speeds.get(key, np.nan) for key in zip(space["architecture"], space["img_size"], strict=True)])
    space = space[~np.isnan(seconds)].reset_index(drop=True)
    if prior is not None:
        space[prior] = np.nan
    return space, seconds[~np.isnan(seconds)]


def measured(space: pd.DataFrame, seconds: np.ndarray, rows: list[int], sd: float = 0.05) -> pd.DataFrame:
    """What is known after measuring some rows: their true seconds, with an error that is said but not made."""
    table = nothing_measured(space)
    table.loc[space.index[rows], "latency_p50_s"] = seconds[rows]
    table.loc[space.index[rows], "latency_sd"] = sd
    return table
