"""The command line: JSON alone on stdout, true exit codes, and words that say what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.worker import fold
from bakeoff_core.schema.records import Profile
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import home, jobs_path, own_accuracy_path, profiles_path
from tests.support.examples import make_failure, make_profile, make_round
from tests.support.places import ROOT
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row
from tests.support.run_folders import change, write_run

TINY = ("test_vit.r160_in1k", "test_efficientnet.r160_in1k")
HOSTILE = "<img src=x onerror=alert(1)>|`x`\nnew line --> "


def measured_here(model_name: str, latency_s: float, **changes: object) -> Profile:
    """A profile of this machine, with versions as installed, so that the default setting holds it."""
    here = this_machine()
    where = {name: getattr(here, name) for name in ("machine_id", "machine_name", "torch_version", "timm_version")}
    blank = make_profile(model_name, **where, rounds=())
    one = make_round((latency_s,) * 64)
    return fold(fold(blank, one, None), one, None) if not changes else make_profile(model_name, **{**where, **changes})


@pytest.fixture
def lab() -> None:
    """The lab's four models, measured here."""
    rows = [measured_here(name, 0.005 * 2**i) for i, name in enumerate(SHORTLISTS["lab"].models)]
    profiling_store.write_profiles(profiles_path(), rows)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, object]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_profile_measures_and_prints_one_json_list_and_nothing_else_on_stdout():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bakeoff_core",
            "profile",
            *TINY,
            "no_such_net",
            "--passes",
            "8",
            "--exact-passes",
            "--json",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    rows = json.loads(done.stdout)
    assert [row["model_name"] for row in rows] == [*TINY, "no_such_net"]
    assert done.returncode == 1  # not everything asked for was done
    for row in rows[:2]:
        assert row["error"] is None
        assert row["latency_p50_s"] > 0
        assert row["latency_p50_low_s"] <= row["latency_p50_s"] <= row["latency_p50_high_s"]
        assert row["passes"] == 8
        assert isinstance(row["param_count"], int) and isinstance(row["macs"], int)
        assert any(line.startswith("few_passes:") for line in row["warnings"])
        assert "rounds" not in row
    assert "no model named 'no_such_net'" in rows[2]["error"]
    # A quick model can be done between two looks at the job, so its name need not be told; the last word always is.
    assert "2 measured, 1 failed." in done.stderr


def test_pick_prints_the_name_alone_and_the_reasons_on_stderr(lab, capsys):
    assert main(["pick", "--min-top1", "75", "--max-latency-ms", "25"]) == 0
    told = capsys.readouterr()
    assert told.out == "resnet50.a1_in1k\n"
    assert "most accurate" in told.err
    assert this_machine().machine_name in told.err


def test_default_rule_is_most_accurate_and_the_cheapest_can_be_asked_for(lab, capsys):
    assert run_json(capsys, "pick", "--min-top1", "75", "--max-latency-ms", "25")[1]["pick"] == "resnet50.a1_in1k"
    code, cheapest = run_json(capsys, "pick", "--min-top1", "75", "--max-latency-ms", "25", "--rule", "cheapest")
    assert (code, cheapest["pick"], cheapest["cost"]) == (0, "efficientnet_b0.ra_in1k", "latency")


def test_pick_json_has_reason_runner_up_and_what_would_change_it(lab, capsys):
    _, found = run_json(capsys, "pick", "--min-top1", "75", "--max-latency-ms", "25")
    assert found["runner_up"] == {"model_name": "efficientnet_b0.ra_in1k", "img_size": 224}
    assert found["reason"] and all(isinstance(sentence, str) for sentence in found["reason"])
    assert {a["model_name"] for a in found["alternatives"]} == {"convnext_tiny.in12k_ft_in1k"}
    assert {r["model_name"] for r in found["rejected"]} == {
        "mobilenetv3_small_100.lamb_in1k",
        "convnext_tiny.in12k_ft_in1k",
    }


def test_null_pick_exits_1_and_names_the_blame_and_the_nearest_relaxation(lab, capsys):
    code, found = run_json(capsys, "pick", "--min-top1", "75", "--max-latency-ms", "3")
    assert (code, found["pick"], found["blame"]) == (1, None, ["max_latency_s"])
    assert found["relaxation"]["limit"] == "max_latency_s"
    assert found["relaxation"]["model_name"] == "efficientnet_b0.ra_in1k"


def test_nothing_measured_is_said_with_what_to_do(capsys):
    assert main(["pick", "--min-top1", "75", "--max-latency-ms", "20"]) == 1
    assert "python -m bakeoff_core profile" in capsys.readouterr().err


def test_profiles_of_another_machine_are_never_taken_for_this_one(capsys):
    profiling_store.write_profiles(profiles_path(), [make_profile("resnet18.a1_in1k")])
    assert main(["pick", "--max-latency-ms", "50"]) == 1
    assert "Example CPU" in capsys.readouterr().err
    assert main(["pick", "--max-latency-ms", "50", "--machine", "0123456789ab"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["pick", "--min-top1", "-1"],
        ["pick", "--min-top1", "101"],
        ["pick", "--max-latency-ms", "0"],
        ["pick", "--max-latency-ms", "nan"],
        ["profile", "resnet18", "--img-size", "-224"],
        ["profile", "resnet18", "--img-size", "99999999"],
        ["profile", "resnet18", "--batch-size", "0"],
        ["profile", "resnet18", "--threads", "-2"],
        ["profile", "resnet18", "--device", "tpu"],
        ["frobnicate"],
    ],
)
def test_absurd_arguments_are_refused_as_wrong_usage(arguments, lab, capsys):
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert capsys.readouterr().err.strip()


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


def test_report_to_a_zip_holds_figure_and_data(lab, tmp_path):
    target = tmp_path / "report.zip"
    assert main(["report", "--min-top1", "75", "--max-latency-ms", "25", "--out", str(target)]) == 0
    with zipfile.ZipFile(target) as bundle:
        assert sorted(bundle.namelist()) == ["frontier.svg", "profiles.parquet", "report.md"]


def test_replay_of_a_file_that_is_no_report_is_refused_in_words(tmp_path, capsys):
    (tmp_path / "notes.md").write_text("# Shopping\n")
    assert main(["replay", str(tmp_path / "notes.md")]) == 1
    assert "Error:" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "missing.md")]) == 1


def test_export_and_import_carry_profiles_to_another_home(lab, tmp_path, monkeypatch, capsys):
    box = tmp_path / "box.parquet"
    assert main(["export", str(box)]) == 0
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "elsewhere"))
    assert main(["import", str(box)]) == 0
    assert "Imported 4 rows" in capsys.readouterr().err
    assert len(profiling_store.read_profiles(profiles_path())) == 4


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


def test_failed_model_stays_out_of_the_pick_with_its_reason(lab, capsys):
    here = {n: getattr(this_machine(), n) for n in ("machine_id", "machine_name", "torch_version", "timm_version")}
    profiling_store.write_profiles(profiles_path(), [make_failure("vgg16.tv_in1k", error="Out of memory", **here)])
    _, found = run_json(capsys, "pick", "--min-top1", "60", "--max-latency-ms", "500")
    (rejected,) = [r for r in found["rejected"] if r["model_name"] == "vgg16.tv_in1k"]
    assert "Out of memory" in rejected["reason"]


# ------------------------------------------------- accuracy on other images


# The catalogue, harder test sets and recipes


def test_catalogue_prints_one_row_a_tag_and_size_with_the_fields_that_scripts_go_by(capsys):
    code, rows = run_json(capsys, "catalogue")
    assert code == 0 and len({row["model_name"] for row in rows}) >= 250
    assert {tuple(row) for row in rows} == {
        (
            *("model_name", "family", "year", "img_size", "top1", "top5", "param_count"),
            *("pretraining", "supervision", "recipe", "note", "source"),
        )
    }
    (row,) = [row for row in rows if (row["model_name"], row["img_size"]) == ("resnet50.tv2_in1k", 224)]
    assert (row["family"], row["year"], row["top1"], row["param_count"]) == ("ResNet", 2015, 80.846, 25_557_032)
    assert (row["pretraining"], row["supervision"], row["recipe"]) == ("in1k", "supervised", "modern")
    assert all(row["pretraining"] and row["recipe"] for row in rows)


def test_catalogue_of_a_family_is_named_in_any_case_and_an_unknown_one_is_answered_with_a_near_one(capsys):
    code, rows = run_json(capsys, "catalogue", "--family", "dinov2")
    assert code == 0 and len(rows) == 8 and {row["family"] for row in rows} == {"DINOv2"}
    assert {row["top5"] for row in rows} == {None}
    assert main(["catalogue", "--family", "Swim"]) == 1
    assert "There is no family 'Swim'. Did you mean Swin" in capsys.readouterr().err


def test_catalogue_as_text_is_a_table_and_holds_the_users_own_accuracies(capsys):
    home().mkdir(parents=True, exist_ok=True)
    own_accuracy_path().write_text("model_name,img_size,top1,family\nmine.v1,320,88.4,Ours\n")
    assert main(["catalogue", "--family", "ours"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["model", "family"]
    assert row.split() == ["mine.v1", "Ours", "–", "320", "88.4", "%", "–", "–", "–", "–"]


def test_pick_goes_by_a_harder_set_when_told(lab, capsys):
    code, picked = run_json(capsys, "pick", "--accuracy", "imagenet-v2", "--min-top1", "60")
    assert code == 0 and picked["accuracy"] == "imagenet-v2" and picked["accuracy_of"] == "ImageNet-V2"
    assert any("on ImageNet-V2" in sentence for sentence in picked["reason"])


def test_pick_names_the_mixture_and_matching_compares_one_class_alone(lab, capsys):
    assert main(["pick"]) == 0
    assert "These 4 models were not trained alike: 2 tuned, 1 modern and 1 from more labels." in capsys.readouterr().err
    code, picked = run_json(capsys, "pick", "--match-recipes")
    assert (code, picked["recipe"], picked["pick"]) == (0, "tuned", "efficientnet_b0.ra_in1k")
    assert picked["recipe_counts"] == {"tuned": 2, "modern": 1, "larger-labels": 1}
    code, picked = run_json(capsys, "pick", "--match-recipes", "modern")
    assert (code, picked["pick"]) == (0, "resnet50.a1_in1k")


def test_matching_a_class_that_nobody_is_of_is_answered_with_those_there_are(lab, capsys):
    assert main(["pick", "--match-recipes", "long"]) == 1
    said = capsys.readouterr().err
    assert "No candidate is of the recipe class 'long'. The classes there are: tuned (2), modern (1)" in said
    with pytest.raises(SystemExit) as caught:
        main(["pick", "--match-recipes", "magic"])
    assert caught.value.code == 2


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


def test_report_by_a_harder_set_says_what_it_is_and_replays(lab, tmp_path, capsys):
    path = tmp_path / "report.md"
    assert main(["report", "--accuracy", "imagenet-a", "--min-top1", "10", "--out", str(path)]) == 0
    assert "has 7,500 images" in path.read_text() and "200 of the 1,000 classes" in path.read_text()
    assert main(["replay", str(path)]) == 0


@pytest.fixture
def cells(lab) -> list[str]:
    """Three runs on solar cells, two of them of one model; the lab's other models have none."""
    return [
        write_run(1, "mobilenetv3_small_100.lamb_in1k", accuracy=84.0, validated=84.0),
        write_run(2, "efficientnet_b0.ra_in1k", accuracy=90.0, validated=88.0),
        write_run(3, "efficientnet_b0.ra_in1k", recipe="linear-probe", accuracy=80.0, validated=79.0),
    ]


CELLS = ("--accuracy", "elpv-1a2b3c4d")


def test_pick_can_go_by_accuracy_on_the_users_own_images(cells, capsys):
    code, found = run_json(capsys, "pick", "--min-top1", "70", *CELLS)
    assert (code, found["pick"]) == (0, "efficientnet_b0.ra_in1k")
    assert (found["accuracy"], found["accuracy_of"]) == ("elpv-1a2b3c4d", "Solar cells (ELPV)")
    assert "(90 % on Solar cells (ELPV), 10.0 ms)" in found["reason"][0]
    reasons = {r["model_name"]: r["reason"] for r in found["rejected"]}
    assert reasons["resnet50.a1_in1k"] == "Not fine-tuned on Solar cells (ELPV) at 224 px."


def test_pick_goes_by_imagenet_unless_told_otherwise(cells, capsys):
    found = run_json(capsys, "pick")[1]
    assert (found["pick"], found["accuracy"]) == ("convnext_tiny.in12k_ft_in1k", "imagenet")


def test_a_chosen_run_takes_the_place_of_the_best_validated_one(cells, capsys):
    found = run_json(capsys, "pick", *CELLS, "--run", cells[2])[1]
    assert (found["pick"], found["runs"]) == ("mobilenetv3_small_100.lamb_in1k", [cells[2]])


def test_an_unknown_accuracy_or_run_is_answered_with_those_there_are(cells, capsys):
    assert main(["pick", "--accuracy", "elpv"]) == 1
    assert "elpv-1a2b3c4d (Solar cells (ELPV), fine-tuned here, 2 models)" in capsys.readouterr().err
    assert main(["pick", *CELLS, "--run", "x"]) == 1
    assert cells[0] in capsys.readouterr().err
    assert main(["pick", "--run", cells[0]]) == 1
    assert "none, for it is published" in capsys.readouterr().err


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


RANKED = ("--accuracy", "elpv-1a2b3c4d-ranked")


def test_pick_and_report_can_go_by_a_ranking_and_replay(lab, tmp_path, capsys):
    rows = make_row("mobilenetv3_small_100.lamb_in1k", 150), make_row("efficientnet_b0.ra_in1k", 140)
    rank_id = write_ranking(1, *rows, make_row("resnet50.a1_in1k", 199, img_size=288))
    found = run_json(capsys, "pick", *RANKED)[1]
    assert (found["pick"], found["accuracy_of"]) == ("mobilenetv3_small_100.lamb_in1k", "Solar cells (ELPV)")
    reasons = {r["model_name"]: r["reason"] for r in found["rejected"]}
    # It was ranked at another size than it was measured at, and accuracy never crosses sizes.
    assert reasons["resnet50.a1_in1k"] == "Not ranked on Solar cells (ELPV) at 224 px."
    target = tmp_path / "report.md"
    assert main(["report", *RANKED, "--out", str(target)]) == 0
    assert "(75 % by linear probe on Solar cells (ELPV)" in target.read_text()
    assert "## Ranked on your own images" in target.read_text() and rank_id in target.read_text()
    assert main(["replay", str(target)]) == 0
    write_ranking(2, make_row("mobilenetv3_small_100.lamb_in1k", 100))
    capsys.readouterr()
    assert main(["replay", str(target)]) == 1
    assert "efficientnet_b0" in capsys.readouterr().out
    shutil.rmtree(jobs_path())
    assert main(["replay", str(target)]) == 1
    assert "no ranking here has them" in capsys.readouterr().out


def test_a_ranking_has_no_runs_to_choose(lab, capsys):
    write_ranking(1, make_row("efficientnet_b0.ra_in1k", 140))
    assert main(["pick", *RANKED, "--run", "x"]) == 1
    assert "none, for it is that of rankings" in capsys.readouterr().err


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


def test_zipped_report_on_other_images_labels_its_figure_so(cells, tmp_path):
    target = tmp_path / "report.zip"
    assert main(["report", *CELLS, "--out", str(target)]) == 0
    with zipfile.ZipFile(target) as bundle:
        assert "Accuracy on Solar cells (ELPV), %" in bundle.read("frontier.svg").decode()
