"""What is exported answers as the product does, for images of every odd kind, by nothing but its card's own lines."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from bakeoff_core.datasets import image_opening
from bakeoff_core.datasets.registry import read_dataset, without_damaged
from bakeoff_core.finetuning.model_card import LOADING
from bakeoff_core.finetuning.request import EXPORT, OPENING, PREDICTIONS, FinetuneSpec, start_run
from bakeoff_core.finetuning.results import read_run
from bakeoff_core.jobs.manager import read_job
from bakeoff_core.models.image_loaders import ImageFiles
from bakeoff_core.models.pretrained import create_for_transfer, data_config, eval_transform
from pages.parts.finetune.results import _packed
from tests.support.odd_images import KINDS
from tests.support.places import ROOT
from tests.support.processes import wait_until

LITE0, SIDE_PX = "tf_efficientnet_lite0", 64

DUMP = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.*")):
    pixels = transform(open_rgb(path))
    scores = model(pixels[None]).softmax(-1)[0]
    print(path.relative_to(sys.argv[1]), hashlib.sha256(pixels.numpy().tobytes()).hexdigest(), scores.argmax().item())
"""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Two classes of every odd kind; of 16 bits those of 12 alone, so that the data set's range is not the type's."""
    names = [name for name in KINDS if "16" not in name or name == "12-of-16.png"]
    for label in ("bright", "dark"):
        (tmp_path / "odd" / label).mkdir(parents=True)
        for name in names:
            (tmp_path / "odd" / label / name).write_bytes(KINDS[name]())
    return tmp_path / "odd"


def answers_of_the_card(folder: Path, images: Path) -> dict[str, tuple[str, str]]:
    """Run the lines of the card in a folder that holds `model/`: the tensor's digest and the answer, by image.

    They stand in a script that lies elsewhere, so that Python does not look into that folder by itself.
    """
    lines = re.search(r"```python\n(.*?)```", (folder / EXPORT / "README.md").read_text(), re.DOTALL)[1]
    # This machine's torchvision wants preparing before timm is loaded, which is no part of what is exported.
    prepare = "from bakeoff_core.models.torchvision_compat import prepare_torchvision; prepare_torchvision()\n"
    code = prepare + lines.replace("photo.jpg", str(next(images.rglob("exif-odd.jpg")))) + DUMP
    script = images.parent / "script.py"
    script.write_text(code)
    command, environment = [sys.executable, str(script), str(images)], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, *rows = done.stdout.splitlines()
    assert re.fullmatch(r"(bright|dark) [0-9.]+%", said)
    return {name: (digest, answer) for name, digest, answer in map(str.split, rows)}


@pytest.mark.usefixtures("warm_workers")
def test_the_cards_lines_see_and_answer_every_odd_image_as_the_product_does(odd: Path, tmp_path: Path) -> None:
    """They opened images by `convert("RGB")`: a probe that was right on all of them was at chance by its own card."""
    spec = FinetuneSpec(LITE0, "folder", "linear-probe", data_dir=str(odd), steps=20, batch_size=16, img_size=SIDE_PX)
    run = start_run(spec)
    assert wait_until(lambda: not read_job(run.run_id).active, 240), read_job(run.run_id).log()
    folder, results = run.job.folder, read_run(run.run_id).results()
    assert results["skipped_images"] == 0 and results["value_ranges"]["I;16"] == [0, 4095]
    (note,) = [note for note in results["notes"] if "16 bits" in note]
    assert note == (
        "2 grey images have pixels of 16 bits, from 0 to 3,838 in all of the data set: 0 is taken for black and 4,095 "
        "for white."
    )
    assert note in (folder / EXPORT / "README.md").read_text().replace("\\", "")

    dataset = without_damaged(read_dataset("folder", odd))
    config = data_config(create_for_transfer(f"{LITE0}.in1k", None, 2, SIDE_PX), SIDE_PX)
    files = ImageFiles(dataset.images(), eval_transform(config))
    own = {
        str(image.path.relative_to(odd)): hashlib.sha256(files[at][0].numpy().tobytes()).hexdigest()
        for at, image in enumerate(dataset.images())
    }
    assert len(own) == 2 * len(list((odd / "dark").iterdir()))
    found = answers_of_the_card(folder, odd)
    assert {name: digest for name, (digest, _) in found.items()} == own
    for row in pd.read_parquet(folder / PREDICTIONS).itertuples():
        assert found[row.image][1] == str(row.predicted), row

    unpacked = tmp_path / "elsewhere"
    with _packed(folder) as packed, zipfile.ZipFile(packed) as archive:
        archive.extractall(unpacked)
    assert {path.name for path in (unpacked / EXPORT).iterdir()} == {
        *("README.md", "config.json", "model.safetensors", OPENING),
    }
    assert (unpacked / EXPORT / OPENING).read_bytes() == Path(image_opening.__file__).read_bytes()
    shutil.rmtree(folder / EXPORT)  # what was taken away stands for itself
    assert answers_of_the_card(unpacked, odd) == found


@pytest.mark.parametrize("ranges", [{}, {"I;16": [0, 61423]}])
def test_each_export_scales_by_its_own_training_though_several_are_used_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ranges: dict
) -> None:
    """A kind that was not trained on is scaled by its type."""
    openers = []
    for name, content in (("one", ranges), ("other", {"I;16": [0, 123000]})):
        (tmp_path / name / EXPORT).mkdir(parents=True)
        shutil.copyfile(image_opening.__file__, tmp_path / name / EXPORT / OPENING)
        (tmp_path / name / EXPORT / "config.json").write_text(json.dumps({"value_ranges": content}))
        monkeypatch.chdir(tmp_path / name)
        scope: dict = {}
        exec("\n".join(line for line in LOADING.splitlines() if "runpy" in line), scope)
        openers.append(scope["open_rgb"])
    (tmp_path / "16.png").write_bytes(KINDS["16.png"]())
    brightest = [opener(tmp_path / "16.png").getextrema()[0][1] for opener in openers]
    assert brightest == [255 if ranges else 239, round(255 * 61423 / 123000)]
