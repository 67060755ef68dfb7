"""The script that holds the catalogue against timm's tables and torchvision's metadata."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

DATA = Path(os.environ.get("BAKEOFF_TEST_DATA") or ROOT.parent / "shared" / "data") / "timm-results"


def run(tables: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.catalogue_agreement", "--tables", str(tables)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_every_difference_has_its_note():
    if not DATA.exists():
        pytest.skip(f"timm's tables are not at {DATA}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    done = run(DATA)
    counts = re.findall(r"(\d+) of (\d+) agree; (\d+) noted, (\d+) unexplained", done.stdout)
    assert len(counts) == 12 and all(int(compared) >= 40 for _, compared, _, _ in counts)
    assert done.returncode == 0 and "NOT EXPLAINED" not in done.stdout, done.stdout[-2000:]


def test_a_changed_figure_is_found_and_fails(tmp_path):
    if not DATA.exists():
        pytest.skip(f"timm's tables are not at {DATA}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    for path in DATA.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("resnet50.tv_in1k,224,76.156", "resnet50.tv_in1k,224,76.157"))
    done = run(tmp_path)
    assert done.returncode == 1
    assert "resnet50.tv_in1k at 224: 76.156, timm's 76.157: NOT EXPLAINED" in done.stdout


def test_without_the_tables_the_script_says_which_option_names_them(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 1 and "name their folder with --tables" in done.stdout
