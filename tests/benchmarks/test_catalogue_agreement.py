"""The script that holds the catalogue against timm's tables and torchvision's metadata."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import catalogue_agreement
from tests.support.places import ROOT

DATA = Path(os.environ.get("BAKEOFF_TEST_DATA") or ROOT.parent / "shared" / "data") / "timm-results"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], tuple[int, str]]:
    """Call the script in this process; it returns the exit code and what was printed."""

    def call(tables: Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["catalogue_agreement", "--tables", str(tables)])
        return catalogue_agreement.main(), capsys.readouterr().out

    return call


def test_every_difference_has_its_note(run):
    if not DATA.exists():
        pytest.skip(f"timm's tables are not at {DATA}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    code, told = run(DATA)
    counts = re.findall(r"(\d+) of (\d+) agree; (\d+) noted, (\d+) unexplained", told)
    assert len(counts) == 12 and all(int(compared) >= 40 for _, compared, _, _ in counts)
    assert code == 0 and "NOT EXPLAINED" not in told, told[-2000:]


def test_a_changed_figure_is_found_and_fails(run, tmp_path):
    if not DATA.exists():
        pytest.skip(f"timm's tables are not at {DATA}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    for path in DATA.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("resnet50.tv_in1k,224,76.156", "resnet50.tv_in1k,224,76.157"))
    code, told = run(tmp_path)
    assert code == 1
    assert "resnet50.tv_in1k at 224: 76.156, timm's 76.157: NOT EXPLAINED" in told


def test_without_the_tables_the_script_says_which_option_names_them(tmp_path):
    command = [sys.executable, "-m", "benchmarks.catalogue_agreement", "--tables", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "name their folder with --tables" in done.stdout
