"""Published speeds of architectures: what the table holds, and that it is what timm publishes."""

import csv

import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.speeds import SPEEDS_PATH, read_published_speeds
from bakeoff_core.catalogue.timm_names import architecture_of
from tests.support.timm_results import I7, RTX_4090, real_table


def test_one_row_an_architecture_and_size_with_numbers_in_base_units() -> None:
    table = read_published_speeds()
    assert not table.duplicated(["architecture", "img_size"]).any()
    row = table[(table["architecture"] == "resnet50") & (table["img_size"] == 224)].iloc[0]
    assert (row["param_count"], row["macs"], row["activations"]) == (25_560_000, 4.11e9, 11_110_000)
    assert row["cpu_seconds"] == 0.03281
    assert row["gpu_seconds"] == 0.0001965


def test_what_a_table_does_not_tell_is_unknown_and_nothing_is_zero() -> None:
    table = read_published_speeds()
    row = table[table["architecture"] == "bat_resnext26ts"].iloc[0]
    assert row.isna().to_list() == [False, False, False, False, False, True, False]
    assert (table.drop(columns=["architecture"]).fillna(1) > 0).all(axis=None)


def test_whoever_changes_the_table_changes_a_copy() -> None:
    ours = read_published_speeds()
    ours.loc[:, "cpu_seconds"] = -1.0
    assert (read_published_speeds()["cpu_seconds"].dropna() > 0).all()


def test_nine_of_ten_architectures_of_the_catalogue_at_their_size_have_a_speed() -> None:
    catalogue, table = read_catalogue(), read_published_speeds()
    ours = set(zip(catalogue["model_name"].map(architecture_of), catalogue["img_size"], strict=True))
    theirs = set(zip(table["architecture"], table["img_size"], strict=True))
    assert len(ours & theirs) / len(ours) > 0.9


@pytest.mark.parametrize(("name", "column"), [(I7, "cpu_seconds"), (RTX_4090, "gpu_seconds")])
def test_the_speeds_are_those_of_timms_table(name: str, column: str) -> None:
    with real_table(name).open(encoding="utf-8", newline="") as file:
        published = {
            (row["model"], row["infer_img_size"]): float(f"{1 / float(row['infer_samples_per_sec']):.4g}")
            for row in csv.DictReader(file)
            if not row["model"].startswith("test_")
        }
    with SPEEDS_PATH.open(encoding="utf-8", newline="") as file:
        ours = {
            (row["architecture"], row["img_size"]): float(row[column]) for row in csv.DictReader(file) if row[column]
        }
    assert ours == published
