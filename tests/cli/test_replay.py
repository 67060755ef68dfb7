"""The command `replay`: whether the same pick follows, and words that say why not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import jobs_path, profiles_path
from tests.support.command_line import measured_here
from tests.support.places import ROOT
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import scored

CELLS = ("--accuracy", "elpv-1a2b3c4d")


def test_report_can_be_replayed_and_tells_when_the_pick_has_changed(lab, tmp_path, capsys):
    target = tmp_path / "report.md"
    assert main(["report", "--min-top1", "75", "--max-latency-ms", "25", "--out", str(target)]) == 0
    assert "resnet50.a1_in1k" in target.read_text()
    assert main(["replay", str(target)]) == 0
    slower = measured_here("resnet50.a1_in1k", 0.2)
    profiling_store.write_profiles(profiles_path(), [slower])
    capsys.readouterr()
    assert main(["replay", str(target)]) == 1
    assert "efficientnet_b0" in capsys.readouterr().out


def test_replay_of_a_file_that_is_no_report_is_refused_in_words(tmp_path, capsys):
    (tmp_path / "notes.md").write_text("# Shopping\n")
    assert main(["replay", str(tmp_path / "notes.md")]) == 1
    assert "Error:" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "missing.md")]) == 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no endless device")
def test_replay_of_a_file_without_end_is_refused_in_words(capsys):
    assert main(["replay", "/dev/zero"]) == 1
    assert "/dev/zero is too large for a report, which has at most 100 MB. Name the Markdown" in capsys.readouterr().err


def test_a_report_is_read_as_it_was_written_whatever_the_system_writes_in(lab, tmp_path):
    report = tmp_path / "report.md"
    assert main(["report", "--min-top1", "75", "--out", str(report)]) == 0
    latin = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "bakeoff_core", "replay", str(report)]
    done = subprocess.run(command, cwd=ROOT, env=latin, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("recipe", "called"), [("long", "very long"), ("magic", "'magic'")])
def test_replay_of_a_match_that_nobody_is_of_now_says_so(lab, tmp_path, capsys, recipe, called):
    path = tmp_path / "matched.md"
    assert main(["report", "--match-recipes", "modern", "--out", str(path)]) == 0
    path.write_text(path.read_text().replace('"recipe": "modern"', f'"recipe": "{recipe}"'))
    capsys.readouterr()
    assert main(["replay", str(path)]) == 1
    told = capsys.readouterr().out
    assert f"only models of the recipe class {called}, and no candidate here is of it now." in told
    assert "no measurements" not in told


def test_report_whose_runs_are_not_here_says_so_when_replayed(cells, tmp_path, capsys):
    target = tmp_path / "report.md"
    assert main(["report", *CELLS, "--run", cells[2], "--out", str(target)]) == 0
    shutil.rmtree(jobs_path() / cells[2])
    assert main(["replay", str(target)]) == 1
    assert f"The report went by the run {cells[2]}, which is not here" in capsys.readouterr().out
    shutil.rmtree(jobs_path())
    assert main(["replay", str(target)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "The report's accuracies are of Solar cells (ELPV), on which no run has finished here.",
        "Replay it where the runs are, or repeat them here on the same images.",
    ]


def test_report_by_another_metric_is_replayed_by_it(lab, tmp_path, capsys):
    small, b0 = "mobilenetv3_small_100.lamb_in1k", "efficientnet_b0.ra_in1k"
    target = tmp_path / "report.md"
    by = {"metric": "balanced-accuracy", "positive_class": "defective"}
    write_ranking(1, scored(small, 190, 60.0, 40.0), scored(b0, 150, 74.0, 70.0), **by)
    assert main(["report", "--accuracy", "elpv-1a2b3c4d-ranked-balanced-accuracy", "--out", str(target)]) == 0
    assert f"**Pick: `{b0} @ 224` (74 % balanced accuracy by linear probe" in target.read_text().splitlines()[2]
    assert main(["replay", str(target)]) == 0
    # By accuracy the other one would be the pick, before and now.
    write_ranking(2, scored(small, 190, 80.0, 70.0), scored(b0, 150, 74.0, 70.0), **by)
    capsys.readouterr()
    assert main(["replay", str(target)]) == 1
    assert f"The report picked {b0} @ 224; from the current data {small} @ 224 follows." in capsys.readouterr().out
    for folder in jobs_path().iterdir():
        shutil.rmtree(folder)
    assert main(["replay", str(target)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        "The report goes by balanced accuracy on Solar cells (ELPV), by linear probes that learned from train; no "
        "ranking here has them."
    )
