"""What the Explore page draws: families, pre-training, whose accuracy counts, and trends."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.published_store import import_tables, read_published_frame
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.selection.candidates import candidates_of, list_settings
from bakeoff_core.selection.landscape import (
    IN1K,
    IN22K,
    NO_FAMILY,
    PRETRAINING_DATA,
    UNKNOWN_DATA,
    WEB,
    catalogue_points,
    families_in,
    group_name,
    measured_points,
    published_points,
    trend_of,
    usual_families,
)
from tests.support.examples import make_profile
from tests.support.timm_results import ACCURACIES, NAMES, SPEEDS, SPEEDS_OF_2022, TRAINING_SPEEDS, write


def points_of(folder: Path, accuracies: str = ACCURACIES, speeds: str = SPEEDS, part: str = "inference"):
    path = folder / "published.parquet"
    results = write(folder, "results.csv", accuracies)
    import_tables(path, results, write(folder, "benchmark.csv", speeds), NAMES, "box")
    return published_points(read_published_frame(path), "box", part, read_catalogue())


def test_families_and_pre_training_are_the_catalogues(tmp_path):
    points = points_of(tmp_path).set_index("model_name")
    assert points.loc["resnet50.a1_in1k", ["family", "pretraining", "group"]].tolist() == ["ResNet", IN1K, "ResNet"]
    convnext = points.loc["convnext_base.fb_in22k_ft_in1k"]
    assert (convnext["pretraining"], convnext["group"]) == (IN22K, "ConvNeXt · 22k")
    assert points.loc["eva_giant_patch14_560.m30m_ft_in22k_in1k", "pretraining"] == WEB


def test_every_tag_of_the_catalogue_has_a_family_and_a_known_kind_of_pre_training():
    points = catalogue_points(read_catalogue())
    assert len(points) == len(read_catalogue().dropna(subset=["top1", "macs"]))
    assert NO_FAMILY not in set(points["family"])
    assert set(points["pretraining"]) == set(PRETRAINING_DATA) - {UNKNOWN_DATA}
    assert points["seconds_per_image"].isna().all() and points["macs"].gt(0).all()


def test_a_model_that_nobody_knows_has_no_family_and_unknown_pre_training(tmp_path):
    results = "model,img_size,top1\nmy_net.v1,224,70.5\nresnet50.mine,224,71.0\n"
    speeds = "model,infer_img_size,infer_samples_per_sec\nmy_net,224,10\nresnet50,224,10\n"
    points = points_of(tmp_path, results, speeds).set_index("model_name")
    assert points.loc["my_net.v1", ["family", "pretraining"]].tolist() == [NO_FAMILY, UNKNOWN_DATA]
    assert points.loc["resnet50.mine", ["family", "pretraining"]].tolist() == ["ResNet", UNKNOWN_DATA]
    assert families_in(points) == ["ResNet"]


def test_the_catalogues_accuracy_counts_and_the_tables_is_kept_beside_it(tmp_path):
    points = points_of(tmp_path, ACCURACIES.replace("80.382", "79.9"))
    row = points[points["model_name"] == "resnet50.a1_in1k"].iloc[0]
    assert (row["top1"], row["table_top1"]) == (80.382, 79.9)


def test_a_table_that_agrees_with_the_catalogue_changes_no_accuracy(tmp_path):
    points = points_of(tmp_path)
    assert points["top1"].tolist() == points["table_top1"].tolist()


def test_an_accuracy_that_only_the_table_has_counts(tmp_path):
    points = points_of(
        tmp_path, "model,img_size,top1\nmy_net.v1,224,70.5\n", SPEEDS.replace("resnet50,224", "my_net,224")
    )
    assert points["top1"].tolist() == [70.5]


def test_macs_that_a_table_lacks_are_the_catalogues_at_the_same_size(tmp_path):
    points = points_of(tmp_path, speeds=SPEEDS_OF_2022)
    assert set(points["macs"]) == {4_111_512_576}


def test_macs_that_timms_counter_leaves_out_of_a_table_are_the_catalogues(tmp_path):
    accuracies = "model,img_size,top1\nsequencer2d_s.in1k,224,82.336\nmy_net.v1,224,70.5\n"
    header = SPEEDS.splitlines()[0]
    lines = (f"{name},224,1000.0,256.0,256,27.65,4.96,9.76" for name in ("sequencer2d_s", "my_net"))
    points = points_of(tmp_path, accuracies, "\n".join([header, *lines])).set_index("model_name")["macs"]
    assert points.to_dict() == {"sequencer2d_s.in1k": 8_356_125_696, "my_net.v1": 4_960_000_000}


def test_a_part_of_a_machine_holds_no_other_parts_speeds(tmp_path):
    path = tmp_path / "published.parquet"
    results = write(tmp_path, "results.csv", ACCURACIES)
    import_tables(path, results, write(tmp_path, "i.csv", SPEEDS), NAMES, "box")
    import_tables(path, results, write(tmp_path, "t.csv", TRAINING_SPEEDS), NAMES, "box")
    rows = read_published_frame(path)
    inference = published_points(rows, "box", "inference", read_catalogue())
    training = published_points(rows, "box", "training", read_catalogue())
    assert inference.set_index("model_name")["seconds_per_image"]["resnet50.a1_in1k"] == 1 / 2500
    assert training.set_index("model_name")["seconds_per_image"]["resnet50.a1_in1k"] == 1 / 800
    assert published_points(rows, "other", "inference", read_catalogue()).empty


def test_measured_models_stand_with_seconds_for_each_image_of_a_batch():
    rows = [
        make_profile("resnet18.a1_in1k", latency_p50_s=0.08, batch_size=4, rounds=()),
        make_profile("resnet50.a1_in1k", latency_p50_s=None, batch_size=4, error="failed", rounds=()),
        make_profile("nobody.knows", latency_p50_s=0.1, batch_size=4, rounds=()),
    ]
    frame = to_frame(rows)
    [measured] = list_settings(frame)
    points = measured_points(
        candidates_of(frame, measured.setting, measured.deployment, read_catalogue()), read_catalogue()
    )
    assert points["model_name"].tolist() == ["resnet18.a1_in1k"]
    assert points["seconds_per_image"].tolist() == [0.02]


def test_the_usual_families_come_first_and_the_largest_follow():
    points = catalogue_points(read_catalogue())
    assert usual_families(points)[:3] == ["ResNet", "VGG", "EfficientNetV2"]
    few = points[points["family"].isin(["XCiT", "VGG", "CaiT"])]
    assert usual_families(few) == ["VGG", "XCiT", "CaiT"]
    assert families_in(few) == ["XCiT", "CaiT", "VGG"]


def test_a_trend_is_the_least_squares_line_over_the_logarithm():
    cost = np.array([0.001, 0.01, 0.1, 1.0])
    accuracy = np.array([60.0, 71.0, 79.0, 90.0])
    trend = trend_of(cost, accuracy)
    assert trend.points_per_tenfold == pytest.approx(9.8)
    assert trend.start == (0.001, pytest.approx(60.3)) and trend.end == (1.0, pytest.approx(89.7))


@pytest.mark.parametrize(("cost", "accuracy"), [([], []), ([1, 2], [3, 4]), ([2, 2, 2], [1, 2, 3])])
def test_too_few_points_or_one_cost_give_no_trend(cost, accuracy):
    assert trend_of(np.array(cost, float), np.array(accuracy, float)) is None


def test_a_group_is_named_after_its_family_and_what_more_it_has_seen():
    assert group_name("ConvNeXt", IN1K) == "ConvNeXt"
    assert group_name("ConvNeXt", WEB) == "ConvNeXt · web"


def test_no_points_have_no_families():
    assert families_in(catalogue_points(read_catalogue()).head(0)) == []
    assert usual_families(pd.DataFrame({"family": []})) == []
