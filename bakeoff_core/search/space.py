"""What a search chooses among: every architecture at every size that an accuracy is known for, once.

All weights tags of an architecture cost the same at one size, so the most accurate stands for them all. Not covered:
narrowing the choice (the caller gives fewer rows), and what a row would cost here (`search.surrogate`).
"""

from __future__ import annotations

import pandas as pd

from bakeoff_core.catalogue.speeds import read_published_speeds
from bakeoff_core.catalogue.timm_names import architecture_of

SPACE_COLUMNS = (
    "model_name",
    "img_size",
    "architecture",
    "family",
    "top1",
    "param_count",
    "macs",
    "activations",
    "cpu_seconds",
    "gpu_seconds",
    "candidates",
)
"""What `search_space` returns: the catalogue's columns, what was published of costs (`catalogue.speeds`), and how many
tags each row stands for."""


def search_space(accuracies: pd.DataFrame, speeds: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row for each architecture at each image size, the most accurate first.

    Args:
        accuracies: One row a tag and size, as `catalogue.accuracies.read_catalogue` returns it, or the part of it that
            is searched; `top1` in percent may be another source's. Rows without it are left out.
        speeds: As `catalogue.speeds.read_published_speeds` returns it, which is what `None` means.

    Returns:
        `SPACE_COLUMNS` under a new index from 0. Each row is represented by its most accurate tag, of equals by the
        default tag, then by the first name. Unknown numbers are NaN; `param_count` and `macs` that the catalogue
        does not know are those published with the speeds.
    """
    known = accuracies.dropna(subset=["top1"])
    types = {"model_name": "str", "img_size": "int64", "top1": "float64", "param_count": "float64", "macs": "float64"}
    rows = known[[*types, "family", "is_default_tag"]].astype(types)
    rows = rows.assign(
        architecture=rows["model_name"].map(architecture_of).astype("str"),
        is_default_tag=rows["is_default_tag"].fillna(False).astype(bool),
    )
    keys = ["architecture", "img_size"]
    rows["candidates"] = rows.groupby(keys)["model_name"].transform("size").astype("int64")
    best_first = rows.sort_values(["top1", "is_default_tag", "model_name"], ascending=[False, False, True])
    best = best_first.drop_duplicates(keys, ignore_index=True)
    published = read_published_speeds() if speeds is None else speeds
    joined = best.merge(published, how="left", on=keys, suffixes=("", "_published"), validate="one_to_one")
    for column in ("param_count", "macs"):
        joined[column] = joined[column].fillna(joined[f"{column}_published"])
    return joined[list(SPACE_COLUMNS)]
