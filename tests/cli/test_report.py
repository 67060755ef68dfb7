"""The command `report`: what is written, and that it can be replayed."""

from __future__ import annotations

import zipfile

from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import home, own_accuracy_path, profiles_path
from tests.support.command_line import measured_here
from tests.support.run_folders import change

HOSTILE = "<img src=x onerror=alert(1)>|`x`\nnew line --> "
CELLS = ("--accuracy", "elpv-1a2b3c4d")


def test_report_to_a_zip_holds_figure_and_data(lab, tmp_path):
    target = tmp_path / "report.zip"
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
