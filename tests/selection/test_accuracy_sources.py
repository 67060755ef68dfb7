"""Accuracy of finished runs in place of ImageNet's: which run counts, and that nothing crosses sizes or data."""

from __future__ import annotations

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import attach_accuracy, read_catalogue
from bakeoff_core.catalogue.robustness import ROBUST_SETS
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.results import finished_runs_stamp, leading_run, read_finished_runs
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.accuracy_sources import (
    accuracy_table,
    find_source,
    key_of_run,
    list_sources,
    runs_of,
    unmeasured,
)
from bakeoff_core.selection.candidates import candidates_of, list_settings
from bakeoff_core.selection.decision import decide
from bakeoff_core.stats import wilson_interval
from bakeoff_core.system.paths import jobs_path
from tests.support.candidate_tables import HOSTILE_NAMES
from tests.support.examples import make_failure, make_profile
from tests.support.run_folders import CONTENT, change, write_run

KEY = "elpv-1a2b3c4d"
RESNET18 = "resnet18.a1_in1k"


def table(chosen: tuple[str, ...] = (), key: str = KEY) -> pd.DataFrame:
    runs = read_finished_runs()
    return accuracy_table(find_source(key, runs), runs, read_catalogue(), chosen)


def leaders(chosen: tuple[str, ...] = ()) -> list[str]:
    return list(table(chosen)["run_id"])


# ---------------------------------------------------------------- sources


def test_without_a_finished_run_accuracy_is_imagenets_or_that_on_a_harder_set():
    assert list_sources(read_finished_runs()) == [IMAGENET, *ROBUST_SETS]
    assert finished_runs_stamp() == 0


def test_each_content_of_each_data_set_is_a_source_the_latest_used_first():
    write_run(1)
    write_run(2, "resnet50.a1_in1k")
    write_run(3, "resnet50.a1_in1k", img_size=160)
    write_run(4, dataset="flowers102", dataset_title="Flowers102", content_key="00ff00ff00ff00ff", test_images=6149)
    assert list_sources(read_finished_runs()) == [
        IMAGENET,
        AccuracySource("flowers102-00ff00ff", "Flowers102", "Flowers102, fine-tuned here", 6149, "00ff00ff00ff00ff", 1),
        AccuracySource(KEY, "Solar cells (ELPV)", "Solar cells (ELPV), fine-tuned here", 656, CONTENT, 3),
        *ROBUST_SETS,
    ]


def test_two_contents_of_one_folder_are_told_apart_by_name():
    for number, content in ((1, "aaaaaaaa00000000"), (2, "bbbbbbbb00000000")):
        write_run(number, dataset="folder", dataset_title="parts", content_key=content)
    names = [source.name for source in list_sources(read_finished_runs())][:3]
    assert names == ["ImageNet", "parts, bbbbbbbb", "parts, aaaaaaaa"]


def test_a_long_name_of_a_folder_is_shortened_to_one_line():
    write_run(1, dataset="folder", dataset_title="two\nlines " + "x" * 300)
    assert list_sources(read_finished_runs())[1].name == "two lines " + "x" * 21 + "…"


def test_an_unknown_source_is_answered_with_those_there_are():
    write_run(1)
    with pytest.raises(BakeoffError) as caught:
        find_source("cifar-00000000", read_finished_runs())
    assert str(caught.value) == (
        "There is no accuracy 'cifar-00000000' here. There are: imagenet (ImageNet top-1, published); "
        "elpv-1a2b3c4d (Solar cells (ELPV), fine-tuned here, 1 model); imagenet-v2 (ImageNet-V2, published); "
        "imagenet-real (ImageNet-ReaL, published); imagenet-r (ImageNet-R, published); "
        "imagenet-a (ImageNet-A, published); imagenet-sketch (ImageNet-Sketch, published)."
    )


def _scores(accuracy: float, balanced: float) -> dict[str, dict[str, float]]:
    return {
        name: {"value": value, "low": value - 3, "high": value + 3}
        for name, value in (("accuracy", accuracy), ("balanced-accuracy", balanced))
    }


def test_runs_are_told_and_led_by_the_metric_that_decided():
    by = {"metric": "balanced-accuracy"}
    write_run(1, accuracy=90.0, validated=89.0)  # of before there were others than accuracy
    write_run(2, accuracy=88.0, spec=by, scores=_scores(88, 60), val_scores={"accuracy": 88, "balanced-accuracy": 61})
    best = write_run(
        3, accuracy=80.0, spec=by, scores=_scores(80, 75), val_scores={"accuracy": 81, "balanced-accuracy": 74.5}
    )
    runs = read_finished_runs()
    assert [source.key for source in list_sources(runs)[1:3]] == [f"{KEY}-balanced-accuracy", KEY]
    (row,) = table(key=f"{KEY}-balanced-accuracy").to_dict("records")
    assert (row["top1"], row["top1_low"], row["top1_high"], row["run_id"]) == (75, 72, 78, best)
    assert row["accuracy_source"] == f"Full fine-tune, validated at 74.5 % balanced accuracy, run {best}"
    assert leaders() != [best]  # by accuracy another one leads
    assert leading_run(runs, metric="balanced-accuracy").run_id == best
    assert [key_of_run(run) for run in runs] == [f"{KEY}-balanced-accuracy", f"{KEY}-balanced-accuracy", KEY]


# ------------------------------------------------------------ which run counts


def test_of_several_runs_the_best_validated_counts_even_where_another_tested_better():
    best = write_run(1, validated=90.0, accuracy=80.0)
    write_run(2, validated=85.0, accuracy=95.0)
    assert leaders() == [best]
    assert table()["top1"].tolist() == [80.0]


def test_equal_validation_or_none_at_all_lets_the_newer_run_count():
    write_run(1, validated=90.0)
    newer = write_run(2, validated=90.0)
    write_run(3, "resnet50.a1_in1k", validated=None, spec={"train_on": "train+val"})
    newest = write_run(4, "resnet50.a1_in1k", validated=None, spec={"train_on": "train+val"})
    assert set(leaders()) == {newer, newest}


def test_a_run_that_was_not_validated_follows_those_that_were():
    validated = write_run(1, validated=60.0)
    write_run(2, validated=None)
    assert leaders() == [validated]


def test_a_run_from_scratch_counts_where_it_is_the_only_one():
    scratch = write_run(1, recipe="scratch", validated=70.0)
    assert leaders() == [scratch]
    better = write_run(2, recipe="linear-probe", validated=88.0)
    assert leaders() == [better]


def test_a_chosen_run_counts_for_its_model_whatever_its_accuracy_and_for_no_other():
    chosen = write_run(1, validated=10.0, accuracy=12.0)
    write_run(2, validated=90.0)
    other = write_run(3, "resnet50.a1_in1k", validated=90.0)
    assert set(leaders((chosen, "no-such-run"))) == {chosen, other}


def test_there_is_no_leader_of_no_runs():
    with pytest.raises(ValueError, match="`runs` must hold at least one"):
        leading_run([])


# ------------------------------------------------------------------ the table


def test_a_row_has_the_tests_accuracy_its_interval_its_images_and_its_origin():
    run_id = write_run(7, recipe="linear-probe", accuracy=86.5, validated=91.25)
    (row,) = table().to_dict("records")
    assert pd.isna(row.pop("top5"))
    assert row == {
        "model_name": RESNET18,
        "img_size": 224,
        "top1": 86.5,
        "top1_low": 84.5,
        "top1_high": 88.5,
        "family": "ResNet",
        "recipe": "modern",
        "accuracy_source": f"Linear probe, validated at 91.25 %, run {run_id}",
        "test_images": 656,
        "run_id": run_id,
    }


def test_published_accuracy_is_the_catalogue_as_it_is():
    published = read_catalogue()
    assert accuracy_table(IMAGENET, read_finished_runs(), published) is published


def test_accuracy_crosses_neither_sizes_nor_data_sets_nor_contents():
    write_run(1, accuracy=81.0)
    write_run(2, accuracy=82.0, img_size=160)
    write_run(3, accuracy=83.0, content_key="ffff000011112222")
    write_run(4, accuracy=84.0, dataset="flowers102", dataset_title="Flowers102")
    profiles = to_frame([make_profile(img_size=size) for size in (160, 192, 224)])
    found = attach_accuracy(profiles, table())
    assert found["top1"].tolist()[0::2] == [82.0, 81.0]
    assert pd.isna(found["top1"].iloc[1]) and pd.isna(found["accuracy_source"].iloc[1])
    assert attach_accuracy(profiles, table(key="flowers102-1a2b3c4d"))["top1"].tolist()[2] == 84.0
    assert len(runs_of(find_source("elpv-ffff0000", read_finished_runs()), read_finished_runs())) == 1


def test_published_accuracy_never_fills_the_gap_of_a_model_without_a_run():
    write_run(1)
    profiles = to_frame([make_profile(), make_profile("resnet50.a1_in1k")])
    found = attach_accuracy(profiles, table())
    assert found["top1"].isna().tolist() == [False, True]


def test_models_with_a_run_but_without_a_row_are_those_still_to_measure():
    write_run(1)
    write_run(2, img_size=160)
    write_run(3, "resnet50.a1_in1k")
    rows = to_frame([make_profile(), make_failure("resnet50.a1_in1k")])
    assert unmeasured(table(), rows) == [CandidateRef(RESNET18, 160)]


def test_two_models_within_the_noise_of_656_images_are_declared_a_tie():
    """86.0 and 84.9 % of 656 images: the intervals overlap, so latency may not be all that speaks for either."""
    for number, (name, share) in enumerate(((RESNET18, 86.0), ("resnet50.a1_in1k", 84.9), ("vgg16.tv_in1k", 60.0))):
        low, high = wilson_interval(share, 656)
        write_run(number, name, accuracy=share, test_accuracy_low=float(low), test_accuracy_high=float(high))
    names = (RESNET18, "resnet50.a1_in1k", "vgg16.tv_in1k")
    profiles = to_frame([make_profile(name) for name in names])
    [measured] = list_settings(profiles)
    rows = candidates_of(profiles, measured.setting, measured.deployment, table())
    tie = decide(rows, Limits()).most_accurate.tie
    assert (tie.measure, [rival.model_name for rival in tie.rivals]) == ("accuracy", ["resnet50.a1_in1k"])


# ---------------------------------------------------------- folders as found


@pytest.mark.parametrize("state", ["running", "failed", "stopped"])
def test_a_run_that_did_not_finish_has_no_accuracy(state):
    write_run(1, state=state)
    assert read_finished_runs() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"test_accuracy": "high"},
        {"test_accuracy": float("nan")},
        {"test_accuracy_high": 101},
        {"img_size": 0},
        {"img_size": True},
        {"content_key": None},
        {"content_key": "../up"},
        {"dataset": "a b"},
        {"model_name": " "},
        {"recipe": "full"},
        {"recipe": {}},
    ],
)
def test_results_that_cannot_be_trusted_are_passed_over(changes):
    change(write_run(1), "results.json", **changes)
    good = write_run(2)
    assert [run.run_id for run in read_finished_runs()] == [good]


@pytest.mark.parametrize("content", ["", "[]", "null", "{", '"text"'])
def test_a_damaged_file_of_results_is_passed_over(content):
    run_id = write_run(1)
    (jobs_path() / run_id / "results.json").write_text(content)
    assert read_finished_runs() == []


def test_a_spec_of_another_version_is_passed_over_and_hides_no_other_run():
    run_id = write_run(1)
    good = write_run(2)
    change(run_id, "spec.json", spec={"model_name": "x", "dataset": "gone", "recipe": "full"})
    assert [run.run_id for run in read_finished_runs()] == [good]


def test_hostile_names_are_kept_as_they_are_for_whoever_shows_them():
    write_run(1, HOSTILE_NAMES[0], dataset_title=HOSTILE_NAMES[2])
    (run,) = read_finished_runs()
    assert (run.model_name, run.dataset_title) == (HOSTILE_NAMES[0], HOSTILE_NAMES[2])


def test_the_stamp_changes_when_a_run_finishes_and_not_before():
    run_id = write_run(1)
    before = finished_runs_stamp()
    assert finished_runs_stamp() == before
    change(run_id, "status.json", message="Finished at last.")
    assert finished_runs_stamp() != before
