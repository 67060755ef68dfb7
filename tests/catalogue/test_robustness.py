"""Harder test sets: their figures against timm's own, their intervals and their words."""

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import attach_accuracy, read_catalogue
from bakeoff_core.catalogue.robustness import ROBUST_SETS, robust_accuracies
from bakeoff_core.reporting.text.names import Terms
from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS
from bakeoff_core.selection.accuracy_sources import accuracy_table, find_source, list_sources
from bakeoff_core.stats import wilson_interval
from tests.support.places import ROOT

DATA = Path(os.environ.get("BAKEOFF_TEST_DATA") or ROOT.parent / "shared" / "data") / "timm-results"
FILES = {
    "imagenet-v2": "results-imagenetv2-matched-frequency.csv",
    "imagenet-real": "results-imagenet-real.csv",
    "imagenet-r": "results-imagenet-r.csv",
    "imagenet-a": "results-imagenet-a.csv",
    "imagenet-sketch": "results-sketch.csv",
}
BY_KEY = {source.key: source for source in ROBUST_SETS}


@pytest.mark.parametrize("key", FILES)
def test_figures_agree_with_timms_own_to_the_last_digit(key):
    path = DATA / FILES[key]
    if not path.exists():
        pytest.skip(f"timm's table is not at {path}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    with path.open(encoding="utf-8", newline="") as file:
        theirs = {(row["model"], row["img_size"]): row["top1"] for row in csv.DictReader(file)}
    with (ROOT / "bakeoff_core" / "catalogue" / "data" / "robustness.csv").open(encoding="utf-8", newline="") as file:
        ours = {(row["model_name"], row["img_size"]): row[key] for row in csv.DictReader(file)}
    assert len(ours) >= 351
    assert ours == {pair: theirs.get(pair, "") for pair in ours}


@pytest.mark.parametrize(
    ("key", "images"),
    [
        ("imagenet-v2", 10_000),
        ("imagenet-real", 46_837),
        ("imagenet-r", 30_000),
        ("imagenet-a", 7_500),
        ("imagenet-sketch", 50_889),
    ],
)
def test_intervals_are_those_of_each_sets_own_images(key, images):
    source = BY_KEY[key]
    assert source.test_images == images
    table = robust_accuracies(source, read_catalogue())
    low, high = wilson_interval(table["top1"], images)
    assert np.array_equal(table["top1_low"], low) and np.array_equal(table["top1_high"], high)
    assert f"{images:,}" in source.meaning and "arXiv:" in source.meaning


def test_only_linear_probes_have_no_figure_and_the_resnet50_whose_mistakes_imagenet_a_is_made_of():
    published = read_catalogue()
    for source in ROBUST_SETS:
        table = robust_accuracies(source, published)
        without = published.merge(table[["model_name", "img_size"]], how="left", indicator=True)
        without = without[(without["_merge"] == "left_only") & (without["family"] != "DINOv2")]
        assert without["model_name"].tolist() == (["resnet50.tv_in1k"] if source.key == "imagenet-a" else [])
        assert set(published.columns) == set(table.columns)


def test_a_figure_replaces_imagenets_and_keeps_what_belongs_to_the_tag():
    rows = robust_accuracies(BY_KEY["imagenet-a"], read_catalogue()).set_index(["model_name", "img_size"])
    row = rows.loc[("resnet101.tv_in1k", 224)]
    assert row["top1"] < 10  # the set was made of what a ResNet-50 trained alike gets wrong
    assert pd.isna(row["top5"]) and row["recipe"] == "basic" and row["family"] == "ResNet"
    assert "results-imagenet-a.csv" in row["accuracy_source"]


def test_the_users_own_accuracy_on_imagenets_place_leaves_the_harder_sets_alone(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_text("model_name,img_size,top1\nresnet50.tv_in1k,224,99\nmine.v1,224,50\n")
    own, built_in = (robust_accuracies(BY_KEY["imagenet-v2"], read_catalogue(p)) for p in (path, None))
    assert own["top1"].tolist() == built_in["top1"].tolist()


def test_sets_are_offered_beside_imagenet_and_found_by_their_key():
    keys = [source.key for source in list_sources([])]
    assert keys == ["imagenet", *FILES]
    source = find_source("imagenet-sketch", [])
    table = accuracy_table(source, [], read_catalogue())
    joined = attach_accuracy(pd.DataFrame({"model_name": ["resnet50.a1_in1k"], "img_size": [224]}), table)
    assert set(ACCURACY_COLUMNS) <= set(joined.columns)
    assert 0 < joined["top1"][0] < 60


def test_words_name_the_set_and_leave_imagenet_without_a_name():
    source = BY_KEY["imagenet-r"]
    assert Terms(source).column("top1") == "top-1 accuracy on ImageNet-R"
    assert Terms(source).accuracy_unit == "on ImageNet-R"
    assert source.is_published and not source.is_imagenet
    assert "200 of the 1,000 classes" in source.meaning
