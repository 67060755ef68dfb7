"""Comparisons for real: three runs on small solar cells, killed, stopped, resumed, and with one that fails."""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from bakeoff_core.cli.app import main
from bakeoff_core.datasets import image_opening
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.comparison.records import COMPARED, FULL, PROBE, SCRATCH
from bakeoff_core.finetuning.comparison.request import (
    COMPARISON,
    ComparisonSpec,
    list_comparisons,
    read_comparison,
    start_comparison,
)
from bakeoff_core.finetuning.comparison.worker import draw_by_class
from bakeoff_core.finetuning.request import EXPORT, OPENING, FinetuneSpec
from bakeoff_core.finetuning.results import list_runs, read_run
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_parts, read_job, resume_job, start_job, stop_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.models import pretrained
from bakeoff_core.reporting.documents.json import summarise_comparison
from tests.support.image_folders import copy_solar_cells
from tests.support.processes import living_in_session, wait_until

LITE0 = "tf_efficientnet_lite0"
NO_LINEAR_HEAD = "dla46_c"
"""Its classifier is a convolution, so a linear probe can't be put on it."""
LONG_S = 240


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_solar_cells(tmp_path_factory.mktemp("cells"), 32)


def request(cells: Path, **options: object) -> ComparisonSpec:
    basics = {"model_name": LITE0, "steps": 4, "batch_size": 8, "img_size": 32}
    return ComparisonSpec(dataset="folder", data_dir=str(cells), **{**basics, **options})


def ended(comparison_id: str) -> dict:
    assert wait_until(lambda: not read_job(comparison_id).active, LONG_S), read_job(comparison_id).log()
    return summarise_comparison(read_comparison(comparison_id))


def at_work(comparison_id: str, number: int) -> Job:
    """Wait until the comparison trains its n-th run."""

    def found() -> bool:
        parts = list_parts(comparison_id)
        return len(parts) >= number and any("loss" in metric for metric in parts[number - 1].metrics())

    assert wait_until(found, LONG_S), read_job(comparison_id).log()
    return list_parts(comparison_id)[number - 1]


# --- from the command line, to the end -------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_one_command_trains_all_three_alike_and_says_what_transfer_was_worth(
    cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", LITE0, "--dataset", "folder", "--data-dir", str(cells), "--img-size", "32"]
    code = main(["compare", *arguments, "--steps", "4", "--batch-size", "8", "--json"])
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert code == 0, told.err
    assert found["state"] == "done"
    assert [(run["recipe"], run["steps"], run["owner"]) for run in found["runs"]] == [
        (recipe, 4, found["comparison_id"]) for recipe in COMPARED
    ]
    assert found["transfer_worth_low"] <= found["transfer_worth"] <= found["transfer_worth_high"]
    assert len(found["gaps"]) == 3 and len(found["crossings"]) == 6 and len(found["reaches"]) == 2
    assert found["sentences"] and "Linear probe, 1 of 3: " in told.err and told.err.endswith("Finished.\n")

    result = read_comparison(found["comparison_id"]).result()
    accuracies = {run["recipe"]: run["test_accuracy"] for run in found["runs"]}
    assert result.gap(FULL, SCRATCH).points == pytest.approx(accuracies[FULL] - accuracies[SCRATCH])
    assert result.gap(FULL, SCRATCH).images == read_run(found["runs"][1]["run_id"]).results()["test_images"] == 10
    # 44 images to train on: a sixteenth and an eighth of 22 are one and three of each class.
    assert [point.labels for point in result.labels] == [2, 6, 12, 22, 44]
    assert result.labels[-1].test_accuracy == accuracies[PROBE]
    conditions = result.conditions
    assert (conditions.grey_share, conditions.pretrained_size, conditions.img_size) == (1, 224, 32)
    assert (conditions.train_images, conditions.steps, conditions.epoch_steps) == (44, 4, 5)
    assert set(result.differences()) == {"learning_rate", "layer_decay", "augmentation"}
    assert [part.features_computed for part in result.parts] == [True, None, None]

    listed = {run.run_id: run for run in list_runs()}
    for run in found["runs"]:
        exported = listed[run["run_id"]].job.folder / EXPORT
        assert (exported / "model.safetensors").is_file()
        assert (exported / OPENING).read_bytes() == Path(image_opening.__file__).read_bytes()
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.count(f"(part of {found['comparison_id']})") == 3
    with pytest.raises(BakeoffError, match="is done; only"):
        resume_job(found["comparison_id"])


# --- cut off ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_a_comparison_killed_in_its_second_run_goes_on_there_and_repeats_nothing_before(cells: Path) -> None:
    comparison = start_comparison(request(cells, steps=24))
    second = at_work(comparison.comparison_id, 2)
    first = list_parts(comparison.comparison_id)[0]
    assert (first.state, second.state) == ("done", "running")
    assert read_job(comparison.comparison_id).status["parts"] == [first.job_id, second.job_id]
    with pytest.raises(BakeoffError, match="is running; only"):
        resume_job(second.job_id)
    os.killpg(second.status["pid"], signal.SIGKILL)
    assert wait_until(lambda: read_job(second.job_id).state == "failed")
    assert wait_until(lambda: read_job(comparison.comparison_id).state == "failed")
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}

    resume_job(comparison.comparison_id)
    found = ended(comparison.comparison_id)
    assert found["state"] == "done", read_job(comparison.comparison_id).log()
    assert [run["state"] for run in found["runs"]] == ["done"] * 3
    assert [run["run_id"] for run in found["runs"]][:2] == [first.job_id, second.job_id]
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before
    assert [len(list_parts(comparison.comparison_id)), len(list_runs())] == [3, 3]
    steps = [metric["step"] for metric in read_job(second.job_id).metrics() if "loss" in metric]
    assert steps == list(range(1, 25))


def test_a_stopped_comparison_ends_soon_and_its_run_is_stopped_too(cells: Path) -> None:
    comparison = start_comparison(request(cells, steps=240))
    part = at_work(comparison.comparison_id, 2)
    pid = part.status["pid"]
    stopped = stop_job(comparison.comparison_id)
    assert (stopped.state, stopped.status["message"]) == (
        "stopped",
        "Stopped. Resume goes on where it was; finished runs are kept.",
    )
    assert [job.state for job in list_parts(comparison.comparison_id)] == ["done", "stopped"]
    assert wait_until(lambda: not living_in_session(pid))
    assert [found.comparison_id for found in list_comparisons()] == [comparison.comparison_id]
    assert list_comparisons()[0].result() is None
    assert summarise_comparison(list_comparisons()[0])["transfer_worth"] is None


# --- what fails ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm_workers")
def test_a_run_that_fails_is_named_and_the_others_are_compared(cells: Path, tmp_path: Path) -> None:
    weights = tmp_path / "own.safetensors"
    save_file(pretrained.timm.create_model(NO_LINEAR_HEAD).state_dict(), weights)
    comparison = start_comparison(request(cells, model_name=NO_LINEAR_HEAD, weights_file=str(weights)))
    found = ended(comparison.comparison_id)
    log = read_job(comparison.comparison_id).log()
    assert [run["state"] for run in found["runs"]] == ["failed", "done", "done"], log
    assert found["state"] == "failed"
    assert found["message"] == "Finished, but for what failed: Linear probe. Mend that and resume."
    assert found["transfer_recipe"] == FULL and found["labels"] == ()
    assert any(
        sentence.startswith("Linear probe was left out: A linear probe needs") for sentence in found["sentences"]
    )
    assert json.loads((comparison.job.folder / COMPARISON).read_text())["conditions"]["own_weights"] is True


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model_name": "no_such_net"}, "timm has no model named 'no_such_net'"),
        ({"data_dir": "/no/such/folder"}, "There is no folder /no/such/folder"),
        ({"weights_file": "/no/such.safetensors"}, "can't be read: No such file"),
        ({"positive_class": "broken"}, "The class that matters must be defective or functional. Got 'broken'."),
        ({"model_name": "resnet18.nosuchtag"}, "Did you mean resnet18.a1_in1k"),
    ],
)
def test_what_no_run_could_do_fails_once_and_before_any_run_begins(cells: Path, options: dict, words: str) -> None:
    spec = {"model_name": LITE0, "dataset": "folder", "data_dir": str(cells), "steps": 2, **options}
    found = ended(start_comparison(ComparisonSpec(**spec)).comparison_id)
    assert (found["state"], found["runs"]) == ("failed", [])
    assert words in found["message"]


# --- requests --------------------------------------------------------------------------------------------------------


def test_the_runs_have_the_same_request_but_for_the_recipe() -> None:
    spec = ComparisonSpec(LITE0, "elpv", steps=7, seed=3, learning_rate=0.01)
    assert [spec.run_spec(recipe) for recipe in COMPARED] == [
        FinetuneSpec(LITE0, "elpv", recipe, steps=7, seed=3, learning_rate=0.01) for recipe in COMPARED
    ]
    assert {ComparisonSpec(LITE0, "elpv").run_spec(recipe).epochs for recipe in COMPARED} == {20}
    assert ComparisonSpec(LITE0, "elpv", epochs=3).run_spec(PROBE).epochs == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "`steps` must be"),
        ({"steps": 1, "epochs": 1}, "exclude each other"),
        ({"dataset": "folder"}, "`data_dir` must name the folder"),
        ({"seed": -1}, "`seed` must be"),
    ],
)
def test_an_absurd_request_is_refused_at_once(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ComparisonSpec(**{"model_name": LITE0, "dataset": "elpv", **options})


def test_a_run_is_no_comparison_and_a_comparison_no_run() -> None:
    job = start_job(replace(kinds.COMPARISON, module="tests.workers.sleeper"), {"model_name": LITE0, "dataset": "elpv"})
    with pytest.raises(BakeoffError, match="is no fine-tuning run"):
        read_run(job.job_id)
    other = start_job(replace(kinds.FINETUNE, module="tests.workers.sleeper", exclusive=False), {})
    with pytest.raises(BakeoffError, match="is no comparison"):
        read_comparison(other.job_id)


# --- labels ----------------------------------------------------------------------------------------------------------


def drawn(labels: Sequence[int], share: float, seed: int = 0) -> set[int]:
    return set(draw_by_class(np.array(labels), share, seed).tolist())


def test_a_share_of_each_class_is_drawn_and_one_image_at_least() -> None:
    labels = [0] * 80 + [1] * 16 + [2] * 2
    found = drawn(labels, 1 / 8)
    assert [sum(labels[at] == label for at in found) for label in (0, 1, 2)] == [10, 2, 1]
    assert drawn(labels, 1) == set(range(98))


def test_a_smaller_share_is_part_of_a_larger_one_and_another_seed_draws_others() -> None:
    labels = [0, 1] * 50
    assert drawn(labels, 1 / 8) < drawn(labels, 1 / 4) < drawn(labels, 1 / 2)
    assert drawn(labels, 1 / 4) == drawn(labels, 1 / 4)
    assert drawn(labels, 1 / 4, seed=1) != drawn(labels, 1 / 4)
