"""Made home-before-packages/, with the code before the packages (0.1.0): `python -m tests.data.make_home FOLDER`.

Kept to show what is in the fixture. It runs with that version only, commit 6871652: it calls modules where they lay
then. Don't run it over the committed folder: a later version would write what it is to be tested with.

Everything is measured, trained and ranked for real, by the command line where it has a command. Three things are
changed afterwards, all of them in `settle`: exported weights are removed, paths of this machine become placeholders,
and the kept look, whose name follows from a path, gets a plain one. `tests.support.older_home.unpack` turns the last
two back.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from bakeoff_core.looks import Look
from PIL import Image, ImageDraw

from bakeoff_core import download, jobs, looks
from tests.support.older_home import HOME, KEPT_LOOK, NO_TEXT, answer_to, keep_answer, stamp, unpack

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED_TABLES = Path("/work/shared/data/timm-results")
"""Where timm's published tables are; the fixture has an excerpt of two."""
TABLES = ("results-imagenet.csv", "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv")
"""Accuracies, and the speeds of a machine."""
LITE0, LITE1 = "tf_efficientnet_lite0", "tf_efficientnet_lite1"
"""Their weights come packaged."""
TINY = "test_efficientnet"
"""The smallest network of timm: its checkpoint has 1.2 MB."""
CLASSES = ("circle", "square", "stripes")
ARCHITECTURES = (
    *("test_efficientnet", "mobilenetv3_small_050", "mobilenetv3_small_075", "mobilenetv3_small_100"),
    *("tf_mobilenetv3_small_minimal_100", "tf_mobilenetv3_small_100", "tf_mobilenetv3_small_075"),
    *("efficientnet_lite0", "efficientnet_lite1", "tf_efficientnet_lite0", "tf_efficientnet_lite1"),
    *("resnet18", "vit_tiny_patch16_224", "convnext_atto", "efficientnet_b0", "vgg16"),
)
SECONDS = 600
"""The longest that anything is waited for."""


def make_images(folder: Path, each: int = 10) -> None:
    """Draw a few noisy shapes of each class; one file ends too early, as after a broken copy."""
    random = np.random.default_rng(0)
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for at in range(each):
            _drawn(name, random).save(folder / name / f"{at:02}.jpg", quality=40)
    broken = folder / CLASSES[0] / "broken.jpg"
    broken.write_bytes((folder / CLASSES[0] / "00.jpg").read_bytes()[:600])
    stamp(folder)


def _drawn(name: str, random: np.random.Generator) -> Image.Image:
    ground = random.integers(60, 196, 3)
    image = Image.new("RGB", (64, 64), tuple(map(int, ground)))
    draw, (left, top), side = ImageDraw.Draw(image), map(int, random.integers(4, 34, 2)), int(random.integers(14, 28))
    box, ink = (left, top, left + side, top + side), tuple(map(int, ground + random.integers(-70, 71, 3)))
    if name == "circle":
        draw.ellipse(box, fill=ink)
    elif name == "square":
        draw.rectangle(box, fill=ink)
    else:
        for at in range(left, left + side, 6):
            draw.line((at, top, at, top + side), fill=ink, width=3)
    noise = random.normal(0, 12, (64, 64, 3))  # so that no backbone tells all of them apart
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def make_tables(folder: Path) -> None:
    """Take an excerpt of timm's tables: some architectures, under every tag."""
    folder.mkdir(parents=True)
    for name in TABLES:
        with (PUBLISHED_TABLES / name).open(newline="") as file:
            header, *rows = csv.reader(file)
        kept = [row for row in rows if row[0].partition(".")[0] in ARCHITECTURES]
        with (folder / name).open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *kept])


# --- the home ---------------------------------------------------------------------------------------------------------


def call(*arguments: str, fails: bool = False) -> None:
    """Run a command of the product in the home that `BAKEOFF_HOME` names."""
    print("+", *arguments, flush=True)
    done = subprocess.run([sys.executable, "-m", "bakeoff_core", *arguments], cwd=ROOT)
    if (done.returncode != 0) is not fails:
        raise SystemExit(f"{arguments[0]} ended with {done.returncode}.")


def call_and_stop(kind: str, has_come: Callable[[Path], bool], *arguments: str) -> None:
    """Start a job by a command, and stop it as soon as its folder shows that it has come far enough."""
    print("+", *arguments, flush=True)
    process = subprocess.Popen([sys.executable, "-m", "bakeoff_core", *arguments], cwd=ROOT)
    by = time.monotonic() + SECONDS
    while not (jobs.list_jobs(kind) and has_come(jobs.list_jobs(kind)[0].folder)):
        if process.poll() is not None or time.monotonic() > by:
            raise SystemExit(f"{arguments[0]} was to be stopped midway, and has ended.")
        time.sleep(0.02)
    job = jobs.stop_job(jobs.list_jobs(kind)[0].job_id)  # at once: the command takes seconds to start
    process.wait()
    if job.state != "stopped" or not has_come(job.folder):
        raise SystemExit(f"{arguments[0]} was to be stopped midway, and is {job.state}.")


def wait_for(job: jobs.Job) -> jobs.Job:
    """Wait for a job that no command starts."""
    by = time.monotonic() + SECONDS
    while job.active and time.monotonic() < by:
        time.sleep(0.2)
        job = jobs.read_job(job.job_id)
    print(job.job_id, job.state, job.status.get("message"), flush=True)
    return job


def make_home(home: Path, tables: Path) -> None:
    """Let the product fill the home, with one of everything that it keeps."""
    images = home / "images"
    make_images(images)
    data = ("--dataset", "folder", "--data-dir", str(images))
    both = ("--models", f"{LITE0},{LITE1}")
    passes = ("--exact-passes", "--passes", "64", "--rounds", "2")
    call("profile", LITE0, LITE1, TINY, "mobilenetv3_small_050", "resnet51", *passes, fails=True)  # no resnet51
    (home / "accuracy.csv").write_text(
        "model_name,img_size,top1,top5,family,source,test_images\n"
        "test_efficientnet.r160_in1k,160,46.5,71,Tiny,our own evaluation,50000\n"
    )
    call("rank", *both, *data)
    call("finetune", "--model", LITE0, "--recipe", "linear-probe", "--steps", "40", "--batch-size", "8", *data)
    call_and_stop(
        "rank",
        lambda folder: len(_json(folder / "ranking.json").get("rows", ())) == 1,
        *("rank", *both, "--train-on", "train+val", *data),
    )
    call("finetune", "--model", LITE0, "--recipe", "full", "--batch-size", "8", "--dry-run", *data)
    call("compare", "--model", LITE0, "--steps", "4", "--batch-size", "8", *data)
    call_and_stop(
        "finetune",
        lambda folder: (folder / "checkpoint" / "step.json").is_file(),
        *("finetune", "--model", TINY, "--recipe", "scratch", "--steps", STOPPED_STEPS, "--batch-size", "8"),
        *("--img-size", "64", *data),
    )
    call("anatomy", TINY)
    nobody = "http://127.0.0.1:9/"
    if wait_for(download.start_download(base_url=nobody)).state != "failed":
        raise SystemExit(f"{nobody} was to be out of reach.")
    wait_for(looks.start_look(_look(home)))
    call("import-timm", *(str(tables / name) for name in TABLES), "--machine", "i9")


STOPPED_STEPS = "160"
"""Of the run that is stopped at its first checkpoint, which comes after 30 seconds."""


def _look(home: Path) -> Look:
    """The first test image of the finished ranking, under its first backbone."""
    folder = next(job.folder for job in jobs.list_jobs("rank") if job.state == "done")
    table = pd.read_parquet(folder / "images.parquet")
    row = _json(folder / "ranking.json")["rows"][0]
    return Look(row["model_name"], row["features_key"], table[table["split"] == "test"]["path"].iloc[0])


def _json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


# --- what is changed afterwards ---------------------------------------------------------------------------------------


def settle(home: Path) -> None:
    """Make the home one that can be copied anywhere, and small."""
    for weights in home.glob("jobs/*/model/model.safetensors"):
        weights.unlink()  # 14 MB each; only the button that downloads the model reads them
    names = {
        str(home): HOME,
        str(ROOT / ".venv"): "@VENV@",
        str((ROOT / ".venv").resolve()): "@VENV@",
        str(ROOT): "@CHECKOUT@",
        sys.base_prefix + "/": "@PYTHON@/",
    }
    for path in _files(home):
        if path.suffix not in NO_TEXT:
            text = path.read_text()
            for name, placeholder in names.items():
                text = text.replace(name, placeholder)
            path.write_text(text)
    for path in home.glob("jobs/*/images.parquet"):
        table = pd.read_parquet(path)
        table.assign(path=table["path"].str.replace(str(home), HOME, regex=False)).to_parquet(path)
    (kept,) = (home / "looks").glob("*.npz")
    kept.rename(home / KEPT_LOOK)
    _require_no_places(home, (str(home), str(ROOT), "/tmp/", "/work/", "/root/", "/home/"))


def _require_no_places(home: Path, names: Sequence[str]) -> None:
    """Look into every file, whatever it is, for what names a place on this machine, and into texts for its own name."""
    for path in _files(home):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pd.read_parquet(path).to_json(orient="records").replace("\\/", "/").encode()
        found = [name for name in names if name.encode() in content]
        if path.suffix not in NO_TEXT and re.search(rf"\b{re.escape(os.uname().nodename)}\b", content.decode()):
            found.append(os.uname().nodename)
        if found:
            raise SystemExit(f"{path} names {', '.join(found)}.")


def _files(home: Path) -> Iterator[Path]:
    return (path for path in sorted(home.rglob("*")) if path.is_file())


# --- what this version answers ----------------------------------------------------------------------------------------


def questions(home: Path) -> dict[str, tuple[str, ...]]:
    """What the version is asked, by the name of the answer's file; placeholders as in `answer_to`."""
    here = ("--machine", pd.read_parquet(home / "profiles.parquet")["machine_id"].iloc[0])
    runs = sorted(path.parent for path in home.glob("jobs/*-finetune-*/results.json"))
    probe = runs[0].name
    content = _json(runs[0] / "results.json")["content_key"][:8]
    own, ranked = ("--accuracy", f"folder-{content}"), ("--accuracy", f"folder-{content}-ranked")
    both = ("--accuracy", f"folder-{content}-ranked-trainval")
    tables = (f"@FIXTURE@/tables/{name}" for name in TABLES)
    limits = ("--min-top1", "40", "--max-latency-ms", "500")
    reports = {
        "imagenet": limits,
        "checklist": (*limits, "--target", "edge", "--labelled", "30", "--domain", "other"),
        "fine-tuned": own,
        "ranked": (*ranked, "--rule", "cheapest", "--cost", "macs"),
        "nothing-fits": ("--min-top1", "99"),
    }
    return {
        "pick-imagenet": ("pick", *here, "--json"),
        "pick-within-limits": ("pick", *here, *limits, "--rule", "cheapest", "--cost", "params", "--json"),
        "pick-nothing-fits": ("pick", *here, "--min-top1", "99", "--json"),
        "pick-harder-set": ("pick", *here, "--accuracy", "imagenet-v2", "--json"),
        "pick-matched-recipes": ("pick", *here, "--match-recipes", "--json"),
        "pick-fine-tuned": ("pick", *here, *own, "--json"),
        "pick-chosen-run": ("pick", *here, *own, "--run", probe, "--json"),
        "pick-ranked": ("pick", *here, *ranked, "--json"),
        "pick-ranked-on-all": ("pick", *here, *both, "--json"),
        "pick-unknown-images": ("pick", *here, "--accuracy", "nobody-knows", "--json"),
        "runs": ("runs", "--json"),
        "runs-in-words": ("runs",),
        "resume-finished-run": ("resume", probe),
        "catalogue-lite": ("catalogue", "--family", "EfficientNet-Lite", "--json"),
        "catalogue-own": ("catalogue", "--family", "Tiny", "--json"),
        "anatomy": ("anatomy", TINY, "--json"),
        "anatomy-in-words": ("anatomy", TINY),
        "advise": ("advise", *here, "--target", "edge", "--max-latency-ms", "500", "--labelled", "30", "--json"),
        "advise-in-words": ("advise", *here, "--target", "edge", "--max-latency-ms", "500", "--labelled", "30"),
        "export": ("export", "@OUT@/export.parquet"),
        "import-again": ("import-timm", *tables, "--machine", "i9", "--json"),
        **{f"report-{name}": ("report", *here, *asked, "--out", "@OUT@/report.md") for name, asked in reports.items()},
        **{f"replay-{name}": ("replay", f"@FIXTURE@/expected/report-{name}.md") for name in reports},
    }


def record(fixture: Path) -> None:
    """Write down what this version answers on a copy of the home."""
    (fixture / "expected").mkdir()
    with tempfile.TemporaryDirectory() as folder, _at_home(Path(folder) / "home") as home:
        unpack(fixture, home)
        for name, arguments in questions(home).items():
            out = Path(folder) / name
            out.mkdir()
            keep_answer(name, answer_to(arguments, home, out, fixture), fixture / "expected")


@contextmanager
def _at_home(home: Path) -> Iterator[Path]:
    os.environ["BAKEOFF_HOME"] = str(home)
    yield home


def main(fixture: Path) -> None:
    """Make what is not there yet of the fixture in a folder: tables and home, then the answers."""
    if not (fixture / "home").exists():
        fixture.mkdir()
        with tempfile.TemporaryDirectory() as folder, _at_home(Path(folder).resolve() / "home") as home:
            os.environ["BAKEOFF_MEASURING_LOCK"] = str(Path(folder) / "measuring.lock")
            make_tables(fixture / "tables")
            make_home(home, fixture / "tables")
            settle(home)
            shutil.copytree(home, fixture / "home")
    record(fixture)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
