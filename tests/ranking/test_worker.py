"""Rankings for real, on solar cells: from the command line, killed, stopped, resumed, with models that fail."""

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bakeoff_core.cli.app import main
from bakeoff_core.datasets.metrics.classes import accuracy
from bakeoff_core.datasets.records import ImageDataset, LabelledImage
from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.features.logme import log_maximum_evidence
from bakeoff_core.features.store import read_features
from bakeoff_core.finetuning.request import FinetuneSpec, start_run
from bakeoff_core.finetuning.results import read_run
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import read_job, resume_job, start_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.records import unpack_right
from bakeoff_core.ranking.request import (
    RANKING,
    RankSpec,
    answers_file,
    find_in,
    list_rankings,
    read_ranking,
    start_ranking,
    summarise_ranking,
)
from bakeoff_core.ranking.scoring import Deciding
from bakeoff_core.ranking.worker import deciding_on, hopeless_rows
from bakeoff_core.reporting.text.ranking import how_measured
from bakeoff_core.system.paths import features_path, timm_models_path
from tests.support.image_folders import copy_solar_cells, picture
from tests.support.processes import living_in_session, wait_until
from tests.support.rankings import make_ranking, make_row

LITE0, LITE1 = "tf_efficientnet_lite0", "tf_efficientnet_lite1"
LONG_S = 240


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_solar_cells(tmp_path_factory.mktemp("cells"), 40)


def request(cells: Path, *models: str, **options: object) -> RankSpec:
    return RankSpec(models or (LITE0, LITE1), "folder", data_dir=str(cells), **options)


def ended(rank_id: str) -> Job:
    assert wait_until(lambda: not read_job(rank_id).active, LONG_S), read_job(rank_id).log()
    return read_job(rank_id)


# --- from the command line, to the end -------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_one_command_ranks_what_can_be_and_names_what_cannot(cells: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--dataset", "folder", "--data-dir", str(cells), "--models", f"{LITE0},resnet18,no_such_net"]
    code = main(["rank", *arguments, "--json"])
    told = capsys.readouterr()
    first, unreachable, unknown = json.loads(told.out)
    assert code == 1, told.err  # not everything that was asked for was done
    assert set(first) == {
        *("model_name", "probe_accuracy", "probe_low", "probe_high", "knn_accuracy", "images_per_second", "error"),
        *("metric", "positive_class", "scores", "held_out_scores", "accuracy_over_balanced"),
    }
    assert (first["metric"], first["positive_class"]) == ("accuracy", "functional")  # of two as frequent, the second
    assert first["scores"]["accuracy"] == {
        "value": first["probe_accuracy"],
        "low": first["probe_low"],
        "high": first["probe_high"],
    }
    assert {"balanced-accuracy", "macro-f1", "average-precision", "recall"} <= set(first["scores"])
    assert (first["model_name"], first["error"]) == (f"{LITE0}.in1k", None)
    assert 0 <= first["probe_low"] <= first["probe_accuracy"] <= first["probe_high"] <= 100
    assert first["probe_accuracy"] > 50 and first["images_per_second"] > 0
    assert unreachable["model_name"] == "resnet18.a1_in1k" and unreachable["probe_accuracy"] is None
    assert "run `hf download timm/resnet18.a1_in1k model.safetensors`" in unreachable["error"]
    assert "timm has no model named 'no_such_net'" in unknown["error"]
    assert "Skipped 1: broken.png" in told.err
    assert "Ranked 1 of 3; without a result: resnet18.a1_in1k, no_such_net." in told.err

    (run,) = list_rankings()
    ranking = run.result()
    assert ranking.skipped_images == 1 and ranking.test_images == 12
    row = ranking.rows[0]
    answers = pd.read_parquet(run.job.folder / answers_file(0))
    right = answers["predicted"] == answers["label"]
    assert unpack_right(row.right, ranking.test_images).tolist() == right.tolist()
    assert accuracy(answers["label"], answers["predicted_by_neighbours"])["accuracy"] == row.knn_accuracy
    assert (row.img_size, row.channels, row.head_param_count) == (224, 1280, 2562)
    assert (row.strength_chosen_on, row.computed_images) == ("validation", 80)
    assert row.runtime.startswith("OpenVINO") and row.runtime in how_measured(ranking)
    images = run.images()
    test = images[images["split"] == "test"]
    assert [Path(path).name for path in test["path"]] == [Path(name).name for name in answers["image"]]
    assert test["label"].tolist() == answers["label"].tolist() == run.answers(LITE0)["label"].tolist()
    kept = {split: read_features(row.features_key, split) for split in ("train", "val", "test")}
    assert {split: len(rows) for split, rows in kept.items()} == images.groupby("split").size().to_dict()
    learned = images.loc[images["split"] == "train", "label"].to_numpy()
    assert row.logme == pytest.approx(log_maximum_evidence(np.asarray(kept["train"]), learned))

    by = ["--metric", "balanced-accuracy", "--positive-class", "defective"]
    assert main(["rank", *arguments[:-1], LITE0, "--train-on", "train+val", *by]) == 0
    told = capsys.readouterr()
    row = list_rankings()[0].result().rows[0]
    assert set(row.held_out_scores) >= {"accuracy", "balanced-accuracy", "average-precision"}
    answers = list_rankings()[0].answers(LITE0)
    defective = answers["label"] == 0
    assert row.score("recall").value == pytest.approx(100 * answers.loc[defective, "predicted"].eq(0).mean())
    assert told.out.startswith("model") and f"{LITE0}.in1k" in told.out
    assert "its strength chosen by cross-validation on these" in told.out
    assert "balanced accuracy (95 % interval)" in told.out and "a balanced accuracy of" in told.out


# --- features are computed once --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_a_second_ranking_a_probe_and_a_ranking_after_a_probe_use_what_is_kept(cells: Path) -> None:
    first = start_ranking(request(cells, LITE0))
    assert ended(first.rank_id).state == "done", first.job.log()
    (key,) = [path.name for path in features_path().iterdir()]
    before = {split: read_features(key, split).copy() for split in ("train", "val", "test")}
    stamps = {path.name: path.stat().st_mtime_ns for path in (features_path() / key).glob("*.npy")}
    assert sorted(stamps) == ["test.npy", "train.npy", "val.npy"]

    second = start_ranking(request(cells, LITE0, train_on="train+val"))
    assert ended(second.rank_id).state == "done"
    row = read_ranking(second.rank_id).result().rows[0]
    assert row.computed_images == 0
    assert row.images_per_second == read_ranking(first.rank_id).result().rows[0].images_per_second

    probe = start_run(FinetuneSpec(LITE0, "folder", "linear-probe", data_dir=str(cells), steps=20))
    assert ended(probe.run_id).state == "done", probe.job.log()
    assert read_run(probe.run_id).results()["features_key"] == key
    now = {path.name: path.stat().st_mtime_ns for path in (features_path() / key).glob("*.npy")}
    assert {name: now[name] for name in stamps} == stamps  # it only added the mirror images
    assert sorted(set(now) - set(stamps)) == ["train-mirrored.npy", "val-mirrored.npy"]

    shutil.rmtree(features_path())
    probe = start_run(FinetuneSpec(LITE0, "folder", "linear-probe", data_dir=str(cells), steps=20))
    assert ended(probe.run_id).state == "done"
    third = start_ranking(request(cells, LITE0))
    assert ended(third.rank_id).state == "done"
    assert read_ranking(third.rank_id).result().rows[0].computed_images == 0
    assert all(np.allclose(before[split], read_features(key, split), atol=1e-4) for split in before)


# --- cut off ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_a_ranking_killed_in_its_second_backbone_repeats_nothing_of_the_first(
    cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = start_ranking(request(cells, LITE0, LITE1, metric="average-precision", positive_class="defective"))

    def in_second() -> bool:
        ranking = read_ranking(run.rank_id).result()
        return ranking is not None and len(ranking.ranked()) == 1

    assert wait_until(in_second, LONG_S), read_job(run.rank_id).log()
    with pytest.raises(BusyError):
        start_run(FinetuneSpec(LITE0, "folder", "linear-probe", data_dir=str(cells), steps=5))
    os.killpg(read_job(run.rank_id).status["pid"], signal.SIGKILL)
    assert wait_until(lambda: read_job(run.rank_id).state == "failed")
    first = read_ranking(run.rank_id).result().rows[0]
    stamps = {p: p.stat().st_mtime_ns for p in [*features_path().glob("*/*.npy"), run.job.folder / answers_file(0)]}

    assert main(["resume", run.rank_id, "--json"]) == 0, read_job(run.rank_id).log()
    assert [line["model_name"] for line in json.loads(capsys.readouterr().out)] == [f"{LITE0}.in1k", f"{LITE1}.in1k"]
    rows = read_ranking(run.rank_id).result().rows
    assert rows[0] == first and rows[1].model_name == f"{LITE1}.in1k" and rows[1].is_ranked
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert read_job(run.rank_id).status["seconds"] > first.seconds

    ranking = read_ranking(run.rank_id).result()
    assert (ranking.metric, ranking.positive_class, ranking.positive_share) == ("average-precision", "defective", 50)
    pick = find_in(ranking).own_pick
    (other,) = [row for row in rows if row != pick]
    (gap,) = ranking.gaps.values()
    assert set(ranking.gaps) == {other.model_name}
    assert gap.points == pytest.approx(ranking.value(other) - ranking.value(pick))
    assert gap.low <= gap.points <= gap.high
    assert pick.held_out("average-precision") == max(row.held_out_scores["average-precision"] for row in rows)


def test_a_stopped_ranking_ends_within_five_seconds_and_leaves_no_process(cells: Path) -> None:
    run = start_ranking(RankSpec((LITE0,), "elpv", limit=600))
    assert wait_until(lambda: "computing features" in read_job(run.rank_id).status.get("message", ""), LONG_S)
    status = read_job(run.rank_id).status
    began = time.monotonic()
    assert main(["stop", run.rank_id]) == 0
    assert time.monotonic() - began < 5
    stopped = read_job(run.rank_id)
    assert (stopped.state, stopped.status["message"]) == (
        "stopped",
        "Stopped. Resume goes on where it was; finished backbones are kept.",
    )
    assert wait_until(lambda: not living_in_session(status["pid"]))
    assert status["total"] == 600
    (line,) = summarise_ranking(read_ranking(run.rank_id))
    assert line["error"] == stopped.status["message"] and line["probe_accuracy"] is None


@pytest.mark.usefixtures("warm_workers")
def test_a_ranking_whose_images_changed_is_not_gone_on_with(cells: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(cells, own)
    run = start_ranking(request(own, LITE0, LITE1))
    assert wait_until(lambda: (run.job.folder / RANKING).exists(), LONG_S), read_job(run.rank_id).log()
    assert stop_job(run.rank_id).state == "stopped"
    next((own / "defective").glob("cell*.png")).unlink()
    resume_job(run.rank_id)
    found = ended(run.rank_id)
    assert (found.state, found.status["message"]) == (
        "failed",
        "The images have changed since this ranking began. Start a new one.",
    )


# --- what fails ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_a_ranking_of_nothing_that_is_here_fails_and_says_why_of_each(cells: Path) -> None:
    run = start_ranking(request(cells, "resnet18", "no_such_net"))
    found = ended(run.rank_id)
    assert found.state == "failed"
    assert found.status["message"].startswith("None of the models could be ranked. resnet18.a1_in1k: The weights of")
    assert [bool(line["error"]) for line in summarise_ranking(read_ranking(run.rank_id))] == [True, True]


@pytest.mark.usefixtures("warm_workers")
def test_an_image_that_goes_away_while_it_is_needed_fails_the_ranking_in_words(tmp_path: Path) -> None:
    for name, grey in (("dark", 20), ("light", 220)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for at in range(60):
            Image.new("RGB", (64, 64), (grey, at, at)).save(tmp_path / "own" / name / f"{at}.png")
    spec = RankSpec((LITE0,), "folder", data_dir=str(tmp_path / "own"))
    run = start_ranking(spec)
    assert wait_until(lambda: (run.job.folder / RANKING).exists(), LONG_S)
    for image in (tmp_path / "own" / "dark").iterdir():
        image.unlink()
    found = ended(run.rank_id)
    assert found.state == "failed" and "An image can't be read any more" in found.status["message"], found.log()


def test_an_unknown_tag_where_nothing_was_measured_yet_leaves_the_others_alone() -> None:
    assert not timm_models_path().exists()
    asked = (LITE0, "resnet18.nosuchtag", "ResNet18", "timm/tf_efficientnet_lite1.in1k", "tf_efficientnet_lite2 ")
    rows = {row.asked: row.error for row in hopeless_rows(asked)}
    assert rows == {
        "resnet18.nosuchtag": "timm has no model named 'resnet18.nosuchtag'. "
        "Did you mean resnet18.a1_in1k or resnet18.a2_in1k or resnet18.a3_in1k?",
        "ResNet18": "timm has no model named 'ResNet18'. "
        "Did you mean resnet18.a1_in1k or resnet18.a2_in1k or resnet18.a3_in1k?",
    }
    assert timm_models_path().exists()


@pytest.mark.usefixtures("warm_workers")
def test_a_ranking_says_which_images_are_copies_and_ranks_without_them_on_demand(tmp_path: Path) -> None:
    for at, (split, name) in enumerate((s, c) for s in ("train", "val", "test") for c in ("cat", "dog")):
        (tmp_path / split / name).mkdir(parents=True)
        for number in range(3):
            picture(10 * at + number).save(tmp_path / split / name / f"{number}.png")
    shutil.copy(tmp_path / "train" / "cat" / "0.png", tmp_path / "test" / "cat" / "copy.png")
    told, without = [
        read_ranking(ended(start_ranking(request(tmp_path, LITE0, leave_out_copies=leave_out)).rank_id).job_id).result()
        for leave_out in (False, True)
    ]
    assert (told.test_images, without.test_images) == (7, 6)
    assert (told.copies.test_identical, told.copies.left_out, without.copies.left_out) == (1, 0, 1)
    assert told.copies.pairs[0].of == "train/cat/0.png"
    assert told.content_key != without.content_key


def test_a_metric_that_does_not_fit_the_images_is_refused_before_a_backbone_is_loaded(cells: Path) -> None:
    def images(*labels: int) -> tuple[LabelledImage, ...]:
        return tuple(LabelledImage(Path(f"{at}.png"), label) for at, label in enumerate(labels))

    def dataset(classes: str, *splits: tuple[LabelledImage, ...]) -> ImageDataset:
        return ImageDataset("folder", "Own", Path(), tuple(classes), *splits, licence="", notes=())

    three = dataset("abc", images(0, 1, 2), images(0), images(1, 2))
    spec = request(cells, metric="average-precision")
    with pytest.raises(BakeoffError, match="is of one class against one other, and these images have 3 classes"):
        deciding_on(spec, three)
    with pytest.raises(BakeoffError, match="Only of two classes"):
        deciding_on(request(cells, positive_class="a"), three)
    two = dataset("ab", images(0, 0, 1), images(0), images(0, 1))
    with pytest.raises(BakeoffError, match="Average precision needs validation images of b, the class that matters"):
        deciding_on(spec, two)
    assert deciding_on(replace(spec, train_on="train+val"), two) == Deciding("average-precision", 1)
    assert deciding_on(replace(spec, positive_class="a"), replace(two, test=images(0))).positive == 0
    assert deciding_on(request(cells), three) == Deciding("accuracy", None)


def test_models_without_anything_to_rank_are_told_apart() -> None:
    asked = (LITE0, f"{LITE0}.in1k", "resnet18", "coatnet_0_224", "no_such_net")
    errors = {row.asked: row.error for row in hopeless_rows(asked)}
    assert LITE0 not in errors
    assert errors[f"{LITE0}.in1k"] == f"Named twice: {LITE0} means the same weights."
    assert "copy the folder `models--timm--resnet18.a1_in1k`" in errors["resnet18"]
    assert errors["coatnet_0_224"].startswith("timm has no pretrained weights for coatnet_0_224")
    assert "timm has no model named" in errors["no_such_net"]


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ()}, "`models` must name 1 to 200"),
        ({"data_dir": "/images/\udcff"}, "`data_dir` must be Unicode"),
        ({"models": tuple(f"m{at}" for at in range(201))}, "Got 201"),
        ({"dataset": "cifar"}, "`dataset` must be one of"),
        ({"dataset": "folder"}, "`data_dir` must name the folder"),
        ({"train_on": "test"}, "`train_on` must be one of"),
        ({"limit": 0}, "`limit` must be"),
        ({"seed": -1}, "`seed` must be"),
        ({"device": "tpu"}, "`device` must be one of"),
        ({"metric": "recall"}, "`metric` must be one of"),
    ],
)
def test_an_absurd_request_is_refused_at_once(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RankSpec(**{"models": (LITE0,), "dataset": "elpv", **options})


def test_a_model_named_twice_is_ranked_once() -> None:
    assert RankSpec((LITE0, f" {LITE0} ", "", LITE1), "elpv").models == (LITE0, LITE1)


def test_a_ranking_is_no_run_and_a_run_no_ranking() -> None:
    job = start_job(replace(kinds.RANKING, module="tests.workers.sleeper"), {"models": [LITE0], "dataset": "elpv"})
    with pytest.raises(BakeoffError, match="is no fine-tuning run"):
        read_run(job.job_id)
    assert [run.spec.models for run in list_rankings()] == [(LITE0,)]
    stop_job(job.job_id)
    other = start_job(replace(kinds.FINETUNE, module="tests.workers.sleeper", exclusive=False), {})
    with pytest.raises(BakeoffError, match="is no ranking"):
        read_ranking(other.job_id)


# --- beside what is published ----------------------------------------------------------------------------------------


def test_a_backbone_whose_pretraining_overlaps_the_data_set_has_a_note() -> None:
    rows = [make_row("vit_small_patch14_dinov2.lvd142m", 190, img_size=518), make_row(f"{LITE0}.in1k", 180)]
    (overlap,) = find_in(make_ranking(rows, dataset="flowers102")).overlaps
    assert overlap.model_name == "vit_small_patch14_dinov2.lvd142m"
    assert "Flowers102" in overlap.note and "arXiv:2304.07193" in overlap.source
    assert find_in(make_ranking(rows)).overlaps == ()


def test_published_accuracies_are_those_of_the_tag_at_the_size_that_was_used() -> None:
    rows = [make_row(f"{LITE0}.in1k", 180), make_row("vit_small_patch14_dinov2.lvd142m", 190, img_size=518)]
    findings = find_in(make_ranking(rows))
    assert findings.published == ((f"{LITE0}.in1k", pytest.approx(74.8, abs=0.1)),)
