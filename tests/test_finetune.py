"""Fine-tuning for real: solar cells at a small size, every recipe, killed, stopped and resumed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff_core import jobs
from bakeoff_core.datasets import read_dataset
from bakeoff_core.features import read_features
from bakeoff_core.jobs import read_job, resume_job, stop_job
from bakeoff_core.recipes import RECIPES
from bakeoff_core.runs import EXPORT, FinetuneSpec, list_runs, read_run, start_run, summarise_run
from tests.processes import living_in_session, wait_until

ROOT = Path(__file__).parents[1]
LITE0 = "tf_efficientnet_lite0"
LONG_S = 240


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty solar cells of each class in a folder, and a file among them that is no image."""
    root = tmp_path_factory.mktemp("cells")
    dataset = read_dataset("elpv")
    for label, name in enumerate(dataset.classes):
        (root / name).mkdir()
        for image in [i for i in dataset.train if i.label == label][:60]:
            shutil.copy(image.path, root / name)
    (root / "defective" / "broken.png").write_bytes(b"")
    return root


def request(cells: Path, recipe: str, **options: object) -> FinetuneSpec:
    basics = {"steps": 6, "batch_size": 16, "img_size": 64}
    return FinetuneSpec(LITE0, "folder", recipe, data_dir=str(cells), **{**basics, **options})


def ended(run_id: str) -> dict:
    assert wait_until(lambda: not read_job(run_id).active, LONG_S), read_job(run_id).log()
    return summarise_run(read_run(run_id))


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


def test_a_probe_learns_keeps_its_features_and_exports_what_plain_timm_loads(cells: Path) -> None:
    first = start_run(request(cells, "linear-probe", steps=200))
    found = ended(first.run_id)
    assert found["train_loss_last"] < 0.7 * found["train_loss_first"]
    code = (
        "import sys; from bakeoff_core.torchvision_ops import prepare_torchvision; prepare_torchvision()\n"
        "import pandas, timm; from PIL import Image\n"
        "model = timm.create_model('local-dir:' + sys.argv[1], pretrained=True).eval()\n"
        "transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)\n"
        "rows = pandas.read_parquet(sys.argv[2])\n"
        "for row in rows.itertuples():\n"
        "    image = Image.open(f'{sys.argv[3]}/{row.image}').convert('RGB')\n"
        "    answer = model(transform(image)[None]).softmax(-1)[0]\n"
        "    assert answer.argmax().item() == row.predicted, row\n"
        "    assert abs(answer.max().item() - row.probability) < 1e-3, (row, answer)\n"
        "print(model.pretrained_cfg['label_names'])\n"
    )
    folder = first.job.folder
    arguments = [str(folder / EXPORT), str(folder / "predictions.parquet"), str(cells)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "defective" in done.stdout

    (key,) = [path.name for path in (jobs.jobs_path().parent / "features").iterdir()]
    assert read_features(key, "test").shape == (18, 1280)
    second = start_run(request(cells, "linear-probe", steps=200))
    again = ended(second.run_id)
    assert again["test_accuracy"] == found["test_accuracy"]
    assert again["train_loss_last"] == found["train_loss_last"]


def test_a_killed_run_goes_on_from_its_checkpoint_and_repeats_no_more_than_that(
    cells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(request(cells, "full", steps=400))
    checkpoint = run.job.folder / "checkpoint" / "step.json"
    assert wait_until(checkpoint.exists, LONG_S), read_job(run.run_id).log()
    os.killpg(read_job(run.run_id).status["pid"], signal.SIGKILL)
    assert wait_until(lambda: read_job(run.run_id).state == "failed")
    kept = json.loads(checkpoint.read_text())["step"]
    assert 0 < kept < 400
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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model_name": "no_such_net"}, "timm has no model named 'no_such_net'"),
        ({"data_dir": "/no/such/folder"}, "There is no folder /no/such/folder"),
        ({"weights_file": "/no/such.safetensors"}, "can't be read: No such file"),
    ],
)
def test_a_request_that_cannot_be_met_fails_in_words(cells: Path, options: dict, words: str) -> None:
    basics = {"model_name": LITE0, "dataset": "folder", "recipe": "full", "data_dir": str(cells), "steps": 2}
    found = ended(start_run(FinetuneSpec(**{**basics, **options})).run_id)
    assert found["state"] == "failed"
    assert words in found["message"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": "magic"}, "`recipe` must be one of"),
        ({"dataset": "cifar"}, "`dataset` must be one of"),
        ({"steps": 0}, "`steps` must be"),
        ({"steps": 1, "epochs": 1}, "exclude each other"),
        ({"batch_size": 5000}, "`batch_size` must be at most 4096"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be"),
        ({"img_size": 7}, "`img_size` must be 16 to 2048"),
        ({"seed": -1}, "`seed` must be"),
        ({"dataset": "folder"}, "`data_dir` must name the folder"),
        ({"model_name": " "}, "`model_name` must name a model"),
    ],
)
def test_an_absurd_request_is_refused_at_once(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FinetuneSpec(**{"model_name": LITE0, "dataset": "elpv", "recipe": "full", **options})
