"""Fine-tuning for real: solar cells at a small size, every recipe, killed, stopped and resumed."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest
import torch
from safetensors.torch import save_file

from bakeoff_core.datasets.image_folder import read_folder
from bakeoff_core.datasets.metrics.scores import CURVE_COLUMNS
from bakeoff_core.datasets.registry import is_checked
from bakeoff_core.errors import BakeoffError
from bakeoff_core.features.extract import weights_digest
from bakeoff_core.features.store import read_features
from bakeoff_core.finetuning.dry_run.request import last_dry_run, read_estimate, start_dry_run
from bakeoff_core.finetuning.linear_probe import require_linear_head
from bakeoff_core.finetuning.optimization import train_layers
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import CURVE, EXPORT, PREDICTIONS, SPLITS, FinetuneSpec, Run, start_run
from bakeoff_core.finetuning.results import list_runs, read_run, summarise_run
from bakeoff_core.jobs import kinds, manager
from bakeoff_core.jobs.manager import jobs_path, read_job, resume_job, start_job, stop_job
from bakeoff_core.models.pretrained import create_for_transfer
from bakeoff_core.models.sizes import skeleton
from tests.support.image_folders import copy_solar_cells, fill_classes
from tests.support.places import ROOT
from tests.support.processes import living_in_session, wait_until
from tests.support.warm_workers import WarmLauncher, WarmServer

LITE0 = "tf_efficientnet_lite0"
LONG_S = 240


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_solar_cells(tmp_path_factory.mktemp("cells"), 60)


def request(cells: Path, recipe: str, **options: object) -> FinetuneSpec:
    basics = {"steps": 6, "batch_size": 16, "img_size": 64}
    basics |= {"model_name": LITE0, "data_dir": str(cells)}
    return FinetuneSpec(dataset="folder", recipe=recipe, **{**basics, **options})


def ended(run_id: str) -> dict:
    assert wait_until(lambda: not read_job(run_id).active, LONG_S), read_job(run_id).log()
    return summarise_run(read_run(run_id))


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_gets_to_a_tested_model(cells: Path, recipe: str) -> None:
    run = start_run(request(cells, recipe))
    found = ended(run.run_id)
    assert found["state"] == "done", run.job.log()
    assert (found["steps"], found["model_name"]) == (6, "tf_efficientnet_lite0.in1k")
    assert 0 <= found["test_accuracy_low"] <= found["test_accuracy"] <= found["test_accuracy_high"] <= 100
    assert found["train_loss_first"] > 0 and found["val_accuracy"] is not None
    results = read_run(run.run_id).results()
    assert results["skipped_images"] == 1
    assert sum(c["images"] for c in results["by_class"]) == results["test_images"]
    assert not (run.job.folder / "checkpoint").exists()
    validated = {m["step"]: m["val_scores"] for m in run.job.metrics() if "val_scores" in m}
    best = max(validated, key=lambda step: (validated[step]["accuracy"], step))
    assert (results["best_step"], results["val_scores"]) == (best, validated[best])
    assert found["val_accuracy"] == validated[best]["accuracy"]
    assert results["scores"]["accuracy"]["value"] == found["test_accuracy"]
    assert {"balanced-accuracy", "macro-f1", "average-precision", "recall"} <= set(found["scores"])
    assert (results["positive_class"], results["stopped_early"], results["balance"]) == ("functional", False, "none")


@pytest.mark.usefixtures("warm_workers")
def test_a_probe_ends_early_and_keeps_the_head_of_its_best_validation(cells: Path) -> None:
    chosen = {"metric": "balanced-accuracy", "positive_class": "defective", "balance": "class-weights"}
    run = start_run(request(cells, "linear-probe", steps=100, patience=2, **chosen))
    found = ended(run.run_id)
    assert found["state"] == "done", run.job.log()
    assert found["stopped_early"] and found["best_step"] < found["steps"] < 100
    values = {m["step"]: m["val_scores"]["balanced-accuracy"] for m in run.job.metrics() if "val_scores" in m}
    assert found["best_step"] == max(values, key=lambda step: (values[step], step))
    results = read_run(run.run_id).results()
    assert (results["metric"], results["positive_class"]) == ("balanced-accuracy", "defective")
    assert results["val_scores"]["balanced-accuracy"] == max(values.values())
    assert (results["steps"], results["planned_steps"]) == (found["steps"], 100)

    curve, answers = (pd.read_parquet(run.job.folder / name) for name in (CURVE, PREDICTIONS))
    assert tuple(curve.columns) == CURVE_COLUMNS and curve["recall"].iloc[0] == 100
    assert curve["flagged"].iloc[0] == len(answers) == 18
    card = (run.job.folder / EXPORT / "README.md").read_text()
    assert "- Decided by: balanced accuracy; the weights are those after step" in card
    assert "without a better one, classes weighted by their rarity" in card


@pytest.fixture(scope="module")
def probed(cells: Path, warm_server: WarmServer, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A probe that has ended, in a home of its own."""
    folder = tmp_path_factory.mktemp("probed")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BAKEOFF_HOME", str(folder / "home"))
        patched.setenv("BAKEOFF_MEASURING_LOCK", str(folder / "measuring.lock"))
        patched.setattr(manager, "LAUNCHER", WarmLauncher(warm_server.address))
        run = start_run(request(cells, "linear-probe", steps=200))
        assert ended(run.run_id)["state"] == "done", run.job.log()
        return read_run(run.run_id)


@pytest.mark.usefixtures("warm_workers")
def test_a_probe_learns_and_keeps_its_features_so_that_the_same_one_comes_to_the_same(
    cells: Path, probed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(probed.job.folder.parents[1]))
    found = summarise_run(probed)
    assert found["train_loss_last"] < 0.7 * found["train_loss_first"]
    (key,) = [path.name for path in (jobs_path().parent / "features").iterdir()]
    assert read_features(key, "test").shape == (18, 1280)
    second = start_run(request(cells, "linear-probe", steps=200))
    again = ended(second.run_id)
    assert again["test_accuracy"] == found["test_accuracy"]
    assert again["train_loss_last"] == found["train_loss_last"]


def test_the_five_lines_of_an_exported_models_card_load_it_with_plain_timm_which_answers_the_same(
    cells: Path, probed: Run
) -> None:
    folder = probed.job.folder
    card = (folder / EXPORT / "README.md").read_text()
    assert "2 classes: defective, functional" in card
    lines = re.search(r"```python\n(.*?)```", card, re.DOTALL)[1].replace("photo.jpg", str(next(cells.rglob("*.png"))))
    assert len([line for line in lines.splitlines() if line and not line.startswith(("import", "from"))]) <= 5
    prepare = "from bakeoff_core.models.torchvision_compat import prepare_torchvision; prepare_torchvision()\n"
    every_image = (
        "import sys; sys.path.insert(0, sys.argv[1]); import pandas, timm; from image_opening import open_rgb\n"
        "model = timm.create_model('local-dir:' + sys.argv[1], pretrained=True).eval()\n"
        "transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)\n"
        "rows = pandas.read_parquet(sys.argv[2])\n"
        "for row in rows.itertuples():\n"
        "    image = open_rgb(f'{sys.argv[3]}/{row.image}')\n"
        "    answer = model(transform(image)[None]).softmax(-1)[0]\n"
        "    assert answer.argmax().item() == row.predicted, row\n"
        "    assert abs(answer.max().item() - row.probability) < 1e-3, (row, answer)\n"
        "print(model.pretrained_cfg['label_names'])\n"
    )
    arguments = [str(folder / EXPORT), str(folder / PREDICTIONS), str(cells)]
    done = subprocess.run(
        [sys.executable, "-c", prepare + lines + every_image, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer, names = done.stdout.strip().splitlines()
    assert re.fullmatch(r"(defective|functional) [0-9.]+%", answer)
    assert "defective" in names


@pytest.mark.usefixtures("warm_workers")
def test_everything_a_repetition_needs_stands_in_the_folder_of_a_run_that_began_with_an_exported_model(
    cells: Path, probed: Run
) -> None:
    own_weights = str(probed.job.folder / EXPORT / "model.safetensors")
    run = start_run(request(cells, "top-layers", steps=2, seed=7, weights_file=own_weights))
    assert ended(run.run_id)["state"] == "done", run.job.log()
    results = read_run(run.run_id).results()
    splits = pd.read_parquet(run.job.folder / SPLITS)
    assert splits["split"].value_counts().to_dict() == {"train": 84, "val": 18, "test": 18}
    assert results["spec"]["seed"] == 7 and results["spec"]["data_dir"] == str(cells)
    assert results["weights"] == "the file model.safetensors"
    assert results["recipe"]["learning_rate"] > 0
    assert results["machine"]["torch_version"] and results["content_key"]
    assert results["peak_memory_bytes"] > 100e6


@pytest.mark.usefixtures("warm_workers")
def test_growing_images_train_to_a_tested_model_and_refuse_a_model_of_one_size(cells: Path) -> None:
    run = start_run(request(cells, "full", steps=6, growing=True, img_size=96, balance="balanced-sampling"))
    assert ended(run.run_id)["state"] == "done", run.job.log()
    fixed = start_run(
        request(cells, "scratch", steps=6, growing=True, img_size=None, model_name="vit_tiny_patch16_224")
    )
    found = ended(fixed.run_id)
    assert found["state"] == "failed"
    assert "takes images of one size only" in found["message"]


@pytest.mark.usefixtures("warm_workers")
def test_two_processes_train_one_model_and_agree_with_one_process(cells: Path, probed: Run) -> None:
    alone = summarise_run(probed)
    together = start_run(request(cells, "linear-probe", steps=200, processes=2))
    found = ended(together.run_id)
    assert read_run(together.run_id).results()["processes"] == 2
    assert found["test_accuracy"] == alone["test_accuracy"]
    assert found["train_loss_last"] == pytest.approx(alone["train_loss_last"], rel=1e-3)


@pytest.mark.parametrize("kill", [False, True])
def test_two_processes_stopped_or_killed_leave_none_behind(cells: Path, kill: bool) -> None:
    run = start_run(request(cells, "full", steps=100_000, processes=2))
    assert wait_until(lambda: len(read_job(run.run_id).metrics()) > 2, LONG_S), read_job(run.run_id).log()
    if kill:
        os.kill(int((run.job.folder / "leader").read_text()), signal.SIGKILL)
    else:
        assert stop_job(run.run_id).state == "stopped"
    assert wait_until(lambda: not processes_of(run.job.folder), 30)
    assert read_job(run.run_id).state == ("failed" if kill else "stopped")


@pytest.mark.usefixtures("warm_workers")
def test_a_stopped_run_goes_on_under_the_users_own_launcher_and_two_processes_share_three_images(
    tmp_path: Path,
) -> None:
    for split in ("train", "val", "test"):
        fill_classes(tmp_path / split, 1, ("cat", "dog", "owl"))
    # A rate at which every step makes it worse, so that the last weights need not be the best.
    spoilt = {"learning_rate": 5.0, "metric": "macro-f1", "balance": "balanced-sampling"}
    run = start_run(request(tmp_path, "progressive", steps=3, **spoilt))
    assert stop_job(run.run_id).state == "stopped"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "-m", "bakeoff_core.finetuning.worker", str(run.job.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert summarise_run(read_run(run.run_id))["state"] == "done"
    assert [m["step"] for m in read_job(run.run_id).metrics() if "loss" in m] == [1, 2, 3]
    results = read_run(run.run_id).results()
    assert results["processes"] == 2
    assert results["notes"][-1] == (
        "Each step takes 2 of the 3 images to train on, other ones each time, so that 2 processes share it evenly."
    )
    values = {m["step"]: m["val_scores"]["macro-f1"] for m in read_job(run.run_id).metrics() if "val_scores" in m}
    assert results["best_step"] == max(values, key=lambda step: (values[step], step))
    assert results["val_scores"]["macro-f1"] == values[results["best_step"]]


@pytest.mark.usefixtures("warm_workers")
def test_features_that_were_cut_off_go_on_from_what_was_kept(cells: Path) -> None:
    job = start_job(replace(kinds.FINETUNE, module="tests.workers.cut_features"), {"data_dir": str(cells)})
    assert wait_until(lambda: not read_job(job.job_id).active, LONG_S), job.log()
    assert read_job(job.job_id).status["message"] == "The rest was computed, and nothing twice.", job.log()


@pytest.mark.usefixtures("warm_workers")
def test_a_folder_without_images_to_validate_on_can_be_probed(cells: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    for name in ("functional", "defective"):
        images = sorted((cells / name).glob("cell*.png"))
        for part, chosen in (("train", images[:20]), ("test", images[20:30])):
            (own / part / name).mkdir(parents=True)
            for image in chosen:
                shutil.copy(image, own / part / name)
        (own / "val" / name).mkdir(parents=True)
    found = ended(start_run(request(own, "linear-probe", steps=20)).run_id)
    assert (found["state"], found["val_accuracy"]) == ("done", None)


@pytest.mark.usefixtures("warm_workers")
def test_a_trial_passes_over_damaged_images_and_a_failed_one_says_why(cells: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(cells, own)
    for image in sorted((own / "defective").glob("cell*.png"))[:8]:
        image.write_bytes(image.read_bytes()[:2000])
    trial = start_dry_run(request(own, "full", steps=20))
    assert ended(trial.run_id)["state"] == "done", trial.job.log()
    spec = request(own, "full", steps=20, device="cuda")
    assert "no CUDA device" in ended(start_dry_run(spec).run_id)["message"]
    assert last_dry_run(spec).job.state == "failed"


@pytest.mark.usefixtures("warm_workers")
def test_memory_that_runs_out_is_said_with_what_to_do(cells: Path) -> None:
    larger = start_run(request(cells, "full", steps=10_000, img_size=1024, batch_size=64))
    assert wait_until(lambda: "pid" in read_job(larger.run_id).status, LONG_S)
    allowed = 3 * 2**30
    psutil.Process(read_job(larger.run_id).status["pid"]).rlimit(psutil.RLIMIT_DATA, (allowed, allowed))
    found = ended(larger.run_id)
    assert found["state"] == "failed"
    assert "There is not enough memory. Use a smaller batch" in found["message"], read_job(larger.run_id).log()


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that was started to work in a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(folder) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.mark.usefixtures("warm_workers")
def test_a_trial_says_what_the_run_would_cost_and_trains_nothing(cells: Path) -> None:
    spec = request(cells, "progressive", steps=50)
    trial = start_dry_run(spec)
    assert read_estimate(trial) is None
    assert ended(trial.run_id)["state"] == "done", trial.job.log()
    estimate = read_estimate(read_run(trial.run_id))
    assert estimate.seconds == pytest.approx(sum(estimate.parts.values()))
    assert {"training", "testing", "validating", "checkpoints"} <= set(estimate.parts)
    assert (estimate.steps, estimate.train_images) == (50, 84)
    assert estimate.peak_memory_bytes > 100e6
    assert last_dry_run(spec).run_id == trial.run_id
    assert last_dry_run(replace(spec, steps=51)) is None
    assert list_runs() == []
    assert sorted(path.name for path in trial.job.folder.iterdir()) == [
        *("estimate.json", "leader", "lock", "log.txt", "spec.json", "status.json")
    ]


@pytest.mark.usefixtures("warm_workers")
def test_a_trial_of_a_probe_counts_only_features_that_are_not_kept(cells: Path) -> None:
    spec = request(cells, "linear-probe", steps=50)
    first = start_dry_run(spec)
    assert ended(first.run_id)["state"] == "done", first.job.log()
    assert read_estimate(first).parts["computing features"] > 0
    ended(start_run(spec).run_id)
    second = start_dry_run(spec)
    assert ended(second.run_id)["state"] == "done", second.job.log()
    assert not {"computing features", "checking the images"} & set(read_estimate(second).parts)


def test_a_run_stopped_while_it_still_loads_its_libraries_ends_at_once(cells: Path) -> None:
    run = start_run(request(cells, "full"))
    began = time.monotonic()
    assert stop_job(run.run_id).state == "stopped"
    assert time.monotonic() - began < 5
    assert wait_until(lambda: not processes_of(run.job.folder))


@pytest.mark.usefixtures("warm_workers")
def test_a_full_disk_ends_a_run_in_words_and_it_goes_on_once_there_is_space(
    cells: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(small_disk))
    run = start_run(request(cells, "full"))  # its checkpoint alone has more than the disk
    found = ended(run.run_id)
    assert found["state"] == "failed"
    assert "Free some space" in found["message"] or "No space left" in found["message"]
    assert "resume" in found["message"].lower()


@pytest.mark.usefixtures("warm_workers")
def test_a_killed_run_goes_on_from_its_checkpoint_with_the_same_images_alone_and_repeats_no_more_than_that(
    cells: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(cells, own)
    run = start_run(request(own, "full", steps=400))
    checkpoint = run.job.folder / "checkpoint" / "step.json"
    assert wait_until(checkpoint.exists, LONG_S), read_job(run.run_id).log()
    os.killpg(read_job(run.run_id).status["pid"], signal.SIGKILL)
    assert wait_until(lambda: read_job(run.run_id).state == "failed")
    kept = json.loads(checkpoint.read_text())["step"]
    assert 0 < kept < 400

    image = next((own / "defective").glob("cell*.png"))
    image.rename(tmp_path / image.name)
    resume_job(run.run_id)
    found = ended(run.run_id)
    assert found["state"] == "failed"
    assert "The images have changed since this run began" in found["message"]

    (tmp_path / image.name).rename(image)
    resume_job(run.run_id)
    assert wait_until(lambda: max(m["step"] for m in read_job(run.run_id).metrics()) > kept + 3, LONG_S)
    assert stop_job(run.run_id).state == "stopped"
    steps = [m["step"] for m in read_job(run.run_id).metrics() if "loss" in m]
    assert steps == list(range(1, len(steps) + 1))


def test_a_stopped_run_ends_soon_and_leaves_no_process(cells: Path) -> None:
    run = start_run(request(cells, "full", steps=100_000))
    assert wait_until(lambda: len(read_job(run.run_id).metrics()) > 3, LONG_S), read_job(run.run_id).log()
    pid = read_job(run.run_id).status["pid"]
    assert stop_job(run.run_id).state == "stopped"
    assert wait_until(lambda: not living_in_session(pid))
    assert [listed.run_id for listed in list_runs()] == [run.run_id]


def test_a_model_with_two_classifiers_trains_from_scratch_and_refuses_a_probe_at_once() -> None:
    model = create_for_transfer("levit_128s", None, 3, None)
    assert len(weights_digest(model)) == 16
    few, all_of_them = train_layers(model, 0.0), train_layers(model, 1.0)
    assert 0 < few < all_of_them == sum(p.numel() for p in model.parameters())
    with pytest.raises(BakeoffError, match="use another recipe for this one"):
        require_linear_head(model)


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model_name": "no_such_net"}, "timm has no model named 'no_such_net'"),
        ({"data_dir": "/no/such/folder"}, "There is no folder /no/such/folder"),
        ({"positive_class": "broken"}, "The class that matters must be defective or functional. Got 'broken'."),
        ({"weights_file": "/no/such.safetensors"}, "can't be read: No such file"),
        ({"model_name": "resnet50"}, "Bring the file `model.safetensors`"),
        (
            {"model_name": "resnet18.nosuchtag"},
            "'resnet18.nosuchtag'. Did you mean resnet18.a1_in1k or ",
        ),
        (
            {"model_name": "levit_128s", "recipe": "scratch", "batch_size": 1},
            "can't be trained on one image at a time. Got a batch of 1. Use a batch size, and as many training images, "
            "of 2 or more. PyTorch's reason: Expected more than 1 value per channel",
        ),
        (
            {"model_name": "levit_128s", "recipe": "scratch", "img_size": 225},
            "levit_128s.fb_dist_in1k can't take images of 225 pixels. Sizes that it takes, nearest first: 224, 240",
        ),
        (
            {"model_name": "xcit_nano_12_p16_224", "recipe": "scratch", "img_size": 100, "growing": True},
            "xcit_nano_12_p16_224.fb_in1k can't take images of 100 pixels. Sizes that it takes, nearest first: 96, 112",
        ),
    ],
)
def test_a_request_that_cannot_be_met_fails_in_words(
    cells: Path, options: dict, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    basics = {"model_name": LITE0, "dataset": "folder", "recipe": "full", "data_dir": str(cells), "steps": 2}
    found = ended(start_run(FinetuneSpec(**{**basics, **options})).run_id)
    assert found["state"] == "failed"
    assert words in found["message"]


@pytest.mark.usefixtures("warm_workers")
def test_a_file_of_weights_that_will_not_do_is_told_before_every_image_is_decoded(tmp_path: Path) -> None:
    fill_classes(tmp_path / "images", 4)
    (tmp_path / "own.bin").write_text("version https://git-lfs.github.com/spec/v1")
    run = start_run(request(tmp_path / "images", "linear-probe", weights_file=str(tmp_path / "own.bin")))
    assert "own.bin is not a safetensors file, nor a checkpoint that PyTorch saved: it" in ended(run.run_id)["message"]
    assert not is_checked(read_folder(tmp_path / "images"))


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize(
    ("recipe", "value", "words"),
    [
        (
            "linear-probe",
            None,
            "0 of the backbone's 245 entries were found in it (0 of 3,413,024 numbers); 245 are",
        ),
        ("full", torch.nan, "the values of 245 are not finite floating-point numbers"),
    ],
)
def test_weights_that_are_not_the_backbones_end_the_run(
    cells: Path, tmp_path: Path, recipe: str, value: float | None, words: str
) -> None:
    if value is None:
        state = {"foo.weight": torch.ones(3)}
    else:
        state = {name: torch.full(shape, value) for name, shape in shapes_of(LITE0).items()}
    save_file(state, tmp_path / "own.safetensors")
    run = start_run(request(cells, recipe, weights_file=str(tmp_path / "own.safetensors")))
    found = ended(run.run_id)
    assert found["state"] == "failed" and words in found["message"]
    assert read_run(run.run_id).results() is None


def shapes_of(model_name: str) -> dict[str, tuple[int, ...]]:
    state = skeleton(model_name).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items() if tensor.is_floating_point()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": "magic"}, "`recipe` must be one of"),
        ({"dataset": "cifar"}, "`dataset` must be one of"),
        ({"steps": 0}, "`steps` must be"),
        ({"steps": 1, "epochs": 1}, "exclude each other"),
        ({"batch_size": 5000}, "`batch_size` must be at most 4096"),
        ({"patience": 10**411}, "`patience` must be at most 1000"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be"),
        ({"img_size": 7}, "`img_size` must be 16 to 2048"),
        ({"seed": -1}, "`seed` must be"),
        ({"dataset": "folder"}, "`data_dir` must name the folder"),
        ({"data_dir": "/images/\udcff"}, r"`data_dir` must be Unicode. Got /images/\\xff; rename it."),
        ({"model_name": " "}, "`model_name` must name a model"),
        ({"metric": "recall"}, "`metric` must be one of"),
        ({"balance": "both"}, "`balance` must be one of"),
        ({"patience": 0}, "`patience` must be"),
        ({"processes": 0}, "`processes` must be"),
        ({"processes": 3}, "`processes` must be at most 64 and divide the batch size 32"),
        ({"recipe": "linear-probe", "growing": True}, "`growing` is for recipes that train the network"),
    ],
)
def test_an_absurd_request_is_refused_at_once(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FinetuneSpec(**{"model_name": LITE0, "dataset": "elpv", "recipe": "full", **options})
