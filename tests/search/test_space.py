"""What a search chooses among: one row an architecture and size."""

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.search.space import SPACE_COLUMNS, search_space

NO_SPEEDS = pd.DataFrame(
    {
        name: []
        for name in ("architecture", "img_size", "param_count", "macs", "activations", "cpu_seconds", "gpu_seconds")
    }
).astype({"architecture": "str", "img_size": "int64"})


def accuracies(*rows: tuple[str, int, float, bool]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["model_name", "img_size", "top1", "is_default_tag"])
    return table.assign(
        family="Nets",
        **{
            "param_count": pd.array([1000] * len(rows), "Int64"),
            "macs": pd.array([None] * len(rows), "Int64"),
        },
    )


def test_the_most_accurate_tag_stands_for_all_of_its_architecture_at_a_size() -> None:
    space = search_space(
        accuracies(("net.a", 224, 70.0, True), ("net.b", 224, 75.0, False), ("net.a", 288, 72.0, True))
    )
    assert list(space.columns) == list(SPACE_COLUMNS)
    assert space[["model_name", "img_size", "top1", "candidates"]].to_numpy().tolist() == [
        ["net.b", 224, 75.0, 2],
        ["net.a", 288, 72.0, 1],
    ]


def test_of_equally_accurate_tags_the_default_stands_for_all() -> None:
    space = search_space(
        accuracies(("net.a", 224, 70.0, False), ("net.b", 224, 70.0, True), ("net.c", 224, 70.0, False))
    )
    assert space["model_name"].to_list() == ["net.b"]


def test_a_tag_without_an_accuracy_is_left_out_and_not_counted() -> None:
    space = search_space(
        accuracies(("net.a", 224, 70.0, True), ("net.b", 224, np.nan, False), ("old.a", 224, np.nan, True))
    )
    assert space[["model_name", "candidates"]].to_numpy().tolist() == [["net.a", 1]]


def test_what_the_catalogue_does_not_know_is_taken_from_what_is_published_and_else_unknown() -> None:
    speeds = NO_SPEEDS.reindex(range(1)).assign(
        architecture="net",
        img_size=224,
        param_count=9.0,
        macs=5e9,
        activations=2e6,
        cpu_seconds=0.01,
        gpu_seconds=np.nan,
    )
    space = search_space(accuracies(("net.a", 224, 70.0, True), ("mine.v1", 320, 60.0, True)), speeds)
    known, own = space.iloc[0], space.iloc[1]
    assert (known["param_count"], known["macs"], known["activations"], known["cpu_seconds"]) == (1000, 5e9, 2e6, 0.01)
    assert own[["macs", "activations", "cpu_seconds", "gpu_seconds"]].isna().all()


def test_without_rows_the_space_is_empty() -> None:
    assert search_space(accuracies(), NO_SPEEDS).shape == (0, len(SPACE_COLUMNS))


def test_the_catalogue_is_a_space_that_stands_for_all_of_its_tags_and_sizes() -> None:
    catalogue = read_catalogue()
    space = search_space(catalogue)
    assert space["candidates"].sum() == len(catalogue)
    pairs = set(zip(catalogue["model_name"].map(architecture_of), catalogue["img_size"], strict=True))
    assert len(space) == len(pairs)
    assert space["top1"].is_monotonic_decreasing
    assert space[["param_count", "macs"]].notna().all(axis=None)
