"""Accuracy of ranked models in place of ImageNet's: which ranking counts, and what never shares a column with it."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.errors import BakeoffError
from bakeoff_core.ranking.request import RANKING
from bakeoff_core.ranking.results import ranked_models_stamp, read_ranked_models
from bakeoff_core.schema.metrics import Score
from bakeoff_core.selection.accuracy_sources import accuracy_table, find_source, list_sources, runs_of, source_key
from bakeoff_core.selection.candidates import read_own_results
from bakeoff_core.system.paths import jobs_path
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import IMAGES, make_row, scored
from tests.support.run_folders import CONTENT, write_run

KEY, BOTH = "elpv-1a2b3c4d-ranked", "elpv-1a2b3c4d-ranked-trainval"
RESNET18, RESNET50 = "resnet18.a1_in1k", "resnet50.a1_in1k"


def table(key: str = KEY) -> pd.DataFrame:
    results = read_own_results()
    return accuracy_table(find_source(key, results), results, read_catalogue()).set_index("model_name")


def own_sources() -> dict[str, int]:
    """Keys of the sources on the user's own images, with how many models each has."""
    return {s.key: s.model_count for s in list_sources(read_own_results()) if s.content_key}


def test_each_content_and_each_way_of_learning_is_a_source_of_its_own():
    write_ranking(1, make_row(RESNET18, 150))
    write_ranking(2, make_row(RESNET18, 160), make_row(RESNET50, 170), train_on="train+val")
    write_ranking(3, make_row(RESNET18, 100), content_key="00ff00ff00ff00ff")
    write_run(4, RESNET18, accuracy=85.0)
    assert own_sources() == {"elpv-1a2b3c4d": 1, "elpv-00ff00ff-ranked": 1, BOTH: 2, KEY: 1}
    assert table().loc[RESNET18, "top1"] == 75.0
    assert table(BOTH)["top1"].to_dict() == {RESNET18: 80.0, RESNET50: 85.0}
    assert table("elpv-00ff00ff-ranked").loc[RESNET18, "top1"] == 50.0
    assert table("elpv-1a2b3c4d").loc[RESNET18, "top1"] == 85.0  # fine-tuned


def test_a_source_of_rankings_says_what_its_accuracies_are():
    write_ranking(1, make_row(RESNET18, 150))
    source = find_source(KEY, read_own_results())
    assert source.is_ranked and not source.is_published and source.test_images == IMAGES
    assert source.content_key == CONTENT and source.key == source_key("elpv", CONTENT, "train")
    assert source.title == "Solar cells (ELPV), ranked with frozen features"
    assert "linear probe" in source.meaning and "training images" in source.meaning


def test_of_several_rankings_each_models_newest_result_counts_even_where_an_older_one_tested_better():
    write_ranking(1, make_row(RESNET18, 190), make_row(RESNET50, 120))
    newest = write_ranking(2, make_row(RESNET18, 150))
    found = table()
    assert found["top1"].to_dict() == {RESNET18: 75.0, RESNET50: 60.0}
    assert found.loc[RESNET18, "run_id"] == newest


@pytest.mark.parametrize("state", ["running", "stopped", "failed"])
def test_a_finished_backbone_counts_however_its_ranking_ended(state: str):
    failed = make_row(RESNET50, 0, probe_accuracy=None, error="Its weights are not here.")
    write_ranking(1, make_row(RESNET18, 150), failed, state=state)
    assert table()["top1"].to_dict() == {RESNET18: 75.0}


def test_a_row_has_its_interval_images_origin_family_and_the_recipe_of_the_weights_that_were_frozen():
    rank_id = write_ranking(1, make_row(RESNET18, 150, held_out=71.25), make_row("my.own", 100))
    row = table().loc[RESNET18]
    assert (row["top1_low"], row["top1_high"]) == pytest.approx((68.56, 80.48), abs=0.1)
    assert row["test_images"] == IMAGES and row["img_size"] == 224
    assert row["accuracy_source"] == (
        "Linear probe on frozen features, its strength chosen on the validation images (71.25 % right), "
        f"ranking {rank_id}"
    )
    catalogue = read_catalogue().set_index("model_name").loc[[RESNET18]].iloc[0]
    assert (row["family"], row["recipe"]) == (catalogue["family"], catalogue["recipe"])
    assert pd.isna(table().loc["my.own", "family"])


def test_the_metric_that_decided_is_offered_first_and_the_others_after_it():
    write_ranking(1, make_row(RESNET50, 190))  # of before there were others than accuracy
    rank_id = write_ranking(
        2, scored(RESNET18, 150, 74.0, 70.0), metric="balanced-accuracy", positive_class="defective"
    )
    by = f"{KEY}-balanced-accuracy"
    assert own_sources() == {by: 1, KEY: 2}
    assert list(own_sources()) == [by, KEY]
    source = find_source(by, read_own_results())
    assert (source.metric, source.positive_class) == ("balanced-accuracy", None)
    assert source.title == "Balanced accuracy: Solar cells (ELPV), ranked with frozen features"
    assert source.key == source_key("elpv", CONTENT, "train", "balanced-accuracy")
    found = table(by)
    assert found[["top1", "top1_low", "top1_high"]].to_dict("index") == {
        RESNET18: {"top1": 74.0, "top1_low": 69.0, "top1_high": 79.0}
    }
    assert found.loc[RESNET18, "accuracy_source"].endswith(
        f"its strength chosen on the validation images (74 % balanced accuracy), ranking {rank_id}"
    )
    assert table()["top1"].to_dict() == {RESNET18: 75.0, RESNET50: 95.0}
    with pytest.raises(BakeoffError, match=rf"There are: .*{by} \(Balanced accuracy: Solar cells"):
        find_source(f"{KEY}-macro-f1", read_own_results())


def test_a_result_that_the_metric_decided_goes_before_a_newer_one_that_another_decided():
    write_ranking(1, scored(RESNET18, 150, 74.0, 70.0), metric="balanced-accuracy")
    write_ranking(2, scored(RESNET18, 160, 71.0, 60.0), scored(RESNET50, 170, 66.0, 50.0))
    assert table(f"{KEY}-balanced-accuracy")["top1"].to_dict() == {RESNET18: 74.0, RESNET50: 66.0}
    assert table()["top1"].to_dict() == {RESNET18: 80.0, RESNET50: 85.0}


def test_average_precision_of_one_class_never_shares_a_column_with_that_of_the_other():
    def write(number: int, name: str, value: float, positive_class: str) -> None:
        row = make_row(name, 150, scores={"average-precision": Score(value, value - 5, value + 5)})
        write_ranking(number, row, metric="average-precision", positive_class=positive_class)

    write(1, RESNET50, 90.0, "functional")
    write(2, RESNET18, 60.0, "defective")
    source = find_source(f"{KEY}-average-precision", read_own_results())
    assert source.positive_class == "defective"
    assert source.title.startswith("Average precision of defective: ")
    assert table(source.key)["top1"].to_dict() == {RESNET18: 60.0} and source.model_count == 1


def test_a_ranking_has_no_runs_to_choose_from():
    write_ranking(1, make_row(RESNET18, 150))
    results = read_own_results()
    assert runs_of(find_source(KEY, results), results) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1, "rows": [{"strange": 1}]}'],
)
def test_a_ranking_that_cannot_be_read_is_passed_over_and_hides_no_other(content: bytes):
    write_ranking(1, make_row(RESNET18, 150))
    broken = write_ranking(2, make_row(RESNET18, 160))
    (jobs_path() / broken / RANKING).write_bytes(content)
    assert table()["top1"].to_dict() == {RESNET18: 75.0}


@pytest.mark.parametrize(
    "changes",
    [
        {"probe_accuracy": 175.0},
        {"probe_accuracy": True},
        {"probe_low": "low"},
        {"img_size": 0},
        {"model_name": " "},
        {"strength_chosen_on": "the test"},
    ],
)
def test_results_that_cannot_be_trusted_are_passed_over(changes: dict):
    rank_id = write_ranking(1, make_row(RESNET18, 150))
    path = jobs_path() / rank_id / RANKING
    content = json.loads(path.read_text())
    content["rows"][0] |= changes
    path.write_text(json.dumps(content))
    assert read_ranked_models() == []


def test_the_stamp_changes_with_every_backbone_that_finishes():
    assert ranked_models_stamp() == 0
    rank_id = write_ranking(1, make_row(RESNET18, 150))
    before = ranked_models_stamp()
    assert before == ranked_models_stamp() != 0
    path = jobs_path() / rank_id / RANKING
    os.utime(path, ns=(1, 1))
    assert ranked_models_stamp() != before
