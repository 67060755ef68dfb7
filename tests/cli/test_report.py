"""The command `report`: what is written, and that it can be replayed."""

from __future__ import annotations

import zipfile

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import home, own_accuracy_path, profiles_path
from tests.support.command_line import measured_here
from tests.support.disks import fill
from tests.support.run_folders import change

HOSTILE = "<img src=x onerror=alert(1)>|`x`\nnew line --> "
CELLS = ("--accuracy", "elpv-1a2b3c4d")


@pytest.mark.parametrize("name", ["report.zip", "REPORT.ZIP"])
def test_report_to_a_zip_holds_figure_and_data(lab, name, tmp_path):
    target = tmp_path / name
    assert main(["report", "--min-top1", "75", "--max-latency-ms", "25", "--out", str(target)]) == 0
    with zipfile.ZipFile(target) as bundle:
        assert sorted(bundle.namelist()) == ["frontier.svg", "profiles.parquet", "report.md"]


def test_hostile_name_is_harmless_in_json_and_report(lab, tmp_path, capsys):
    home().mkdir(exist_ok=True)
    own_accuracy_path().write_text("model_name,img_size,top1\n")
    profiling_store.write_profiles(profiles_path(), [measured_here(HOSTILE, 0.001)])
    target = tmp_path / "report.md"
    assert main(["report", "--min-top1", "75", "--max-latency-ms", "25", "--out", str(target)]) == 0
    text = target.read_text()
    assert "<img" not in text
    assert text.count("-->") == 1  # the end of the report's own record
    assert main(["replay", str(target)]) == 0


def test_report_names_the_mixture_or_the_match_and_replays_the_match(lab, tmp_path, capsys):
    mixed, matched = tmp_path / "mixed.md", tmp_path / "matched.md"
    assert main(["report", "--out", str(mixed)]) == 0
    assert main(["report", "--match-recipes", "modern", "--out", str(matched)]) == 0
    assert "## Trained alike?" in mixed.read_text() and "**tuned**: ImageNet-1k alone" in mixed.read_text()
    text = matched.read_text()
    assert "- Recipes: matched, only modern." in text and "--match-recipes modern" in text
    capsys.readouterr()
    assert main(["replay", str(matched)]) == 0
    assert "The same pick follows from the current data: resnet50.a1_in1k @ 224." in capsys.readouterr().out


def test_report_by_a_harder_set_says_what_it_is_and_replays(lab, tmp_path, capsys):
    path = tmp_path / "report.md"
    assert main(["report", "--accuracy", "imagenet-a", "--min-top1", "10", "--out", str(path)]) == 0
    assert "has 7,500 images" in path.read_text() and "200 of the 1,000 classes" in path.read_text()
    assert main(["replay", str(path)]) == 0


def test_report_on_other_images_tells_the_run_and_replays(cells, tmp_path, capsys):
    target = tmp_path / "report.md"
    assert main(["report", "--min-top1", "82", *CELLS, "--out", str(target)]) == 0
    text = target.read_text()
    assert "## Fine-tuned here" in text and f"`{cells[1]}`" in text
    assert main(["replay", str(target)]) == 0
    change(cells[1], "results.json", test_accuracy=50.0, test_accuracy_low=48.0, test_accuracy_high=52.0)
    capsys.readouterr()
    assert main(["replay", str(target)]) == 1
    assert "mobilenetv3_small_100" in capsys.readouterr().out


def test_zipped_report_on_other_images_labels_its_figure_so(cells, tmp_path):
    target = tmp_path / "report.zip"
    assert main(["report", *CELLS, "--out", str(target)]) == 0
    with zipfile.ZipFile(target) as bundle:
        assert "Accuracy on Solar cells (ELPV), %" in bundle.read("frontier.svg").decode()


@pytest.mark.parametrize(
    "words", [("report", "--out", "report.md"), ("report", "--out", "r.zip"), ("export", "all.parquet")]
)
def test_on_a_full_disk_nothing_is_left_of_what_was_to_be_written(words, lab, small_disk, monkeypatch, capsys):
    monkeypatch.chdir(small_disk)
    fill(small_disk)
    assert main(list(words)) == 1
    error = capsys.readouterr().err
    assert f"{words[-1]} could not be written: No space left on device. Free some space." in error
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


def test_a_report_is_not_written_into_a_folder_that_is_not_there(lab, tmp_path, capsys):
    target = tmp_path / "absent" / "report.md"
    assert main(["report", "--out", str(target)]) == 1
    assert f"{target} could not be written: No such file or directory." in capsys.readouterr().err
    assert not target.parent.exists()
