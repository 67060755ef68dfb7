"""The command `pick`: one name on stdout, the reasons beside it, and true exit codes."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.schema.profile import MeasurementWarning
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import jobs_path, own_accuracy_path, profiles_path
from tests.support.command_line import run_json
from tests.support.examples import make_failure, make_profile
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row, scored

CELLS = ("--accuracy", "elpv-1a2b3c4d")
RANKED = ("--accuracy", "elpv-1a2b3c4d-ranked")


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


def test_failed_model_stays_out_of_the_pick_with_its_reason(lab, capsys):
    here = {n: getattr(this_machine(), n) for n in ("machine_id", "machine_name", "timm_version")} | {
        "backend_version": this_machine().torch_version
    }
    profiling_store.write_profiles(profiles_path(), [make_failure("vgg16.tv_in1k", error="Out of memory", **here)])
    _, found = run_json(capsys, "pick", "--min-top1", "60", "--max-latency-ms", "500")
    (rejected,) = [r for r in found["rejected"] if r["model_name"] == "vgg16.tv_in1k"]
    assert "Out of memory" in rejected["reason"]


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


def test_pick_goes_by_another_metric_and_names_it(lab, capsys):
    small, b0 = "mobilenetv3_small_100.lamb_in1k", "efficientnet_b0.ra_in1k"
    rows = [scored(small, 190, 60.0, 40.0), scored(b0, 150, 74.0, 70.0)]
    write_ranking(1, *rows, metric="balanced-accuracy", positive_class="defective")
    by = f"{RANKED[1]}-balanced-accuracy"
    _, found = run_json(capsys, "pick", "--accuracy", by, "--min-top1", "65")
    assert (found["pick"], found["accuracy"], found["metric"]) == (b0, by, "balanced-accuracy")
    assert found["reason"][0] == (
        "efficientnet_b0 (74 % balanced accuracy by linear probe on Solar cells (ELPV), 10.0 ms) is the only "
        "candidate that clears every limit."
    )
    reasons = {rejected["model_name"]: rejected["reason"] for rejected in found["rejected"]}
    assert reasons[small] == (
        "Linear-probe balanced accuracy on Solar cells (ELPV) 60 % is under the balanced accuracy floor of 65 %."
    )
    assert run_json(capsys, "pick", *RANKED)[1]["pick"] == small
    assert main(["pick", "--accuracy", f"{RANKED[1]}-macro-f1"]) == 1
    assert f"{by} (Balanced accuracy: Solar cells (ELPV), ranked" in capsys.readouterr().err


def test_an_unknown_accuracy_or_run_is_answered_with_those_there_are(cells, capsys):
    assert main(["pick", "--accuracy", "elpv"]) == 1
    assert "elpv-1a2b3c4d (Solar cells (ELPV), fine-tuned here, 2 models)" in capsys.readouterr().err
    assert main(["pick", *CELLS, "--run", "x"]) == 1
    assert cells[0] in capsys.readouterr().err
    assert main(["pick", "--run", cells[0]]) == 1
    assert "none, for it is published" in capsys.readouterr().err


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


def test_own_accuracies_count_in_any_case_and_a_slip_is_pointed_out(lab, capsys):
    own_accuracy_path().write_text(
        "model_name,img_size,top1\nMobileNetV3_Small_100.LAMB_in1k,224,99\nefficientnet_b0.ra_in1,224,99\n"
    )
    assert main(["pick"]) == 0
    told = capsys.readouterr()
    assert told.out == "mobilenetv3_small_100.lamb_in1k\n"
    assert (
        "accuracy.csv gives an accuracy of efficientnet_b0.ra_in1, which no known or measured model is called. "
        "Did you mean efficientnet_b0.ra_in1k"
    ) in told.err


@pytest.mark.parametrize(
    ("cost", "column"), [("macs", "macs"), ("params", "param_count"), ("memory", "peak_memory_bytes")]
)
def test_an_imported_zero_is_never_the_cheapest(cost, column, lab, capsys):
    rows = [
        replace(row, **{column: 0}) if at == 3 else row
        for at, row in enumerate(profiling_store.read_profiles(profiles_path()))
    ]
    profiling_store.write_profiles(profiles_path(), rows)
    code, found = run_json(capsys, "pick", "--rule", "cheapest", "--cost", cost)
    assert code == 0 and found["pick"] != rows[3].model_name


def test_pick_says_when_it_rests_on_a_doubtful_measurement(lab, capsys):
    ask = ("pick", "--min-top1", "75", "--max-latency-ms", "25")
    _, quiet = run_json(capsys, *ask)
    assert (quiet["trusted"], quiet["doubts"]) == (True, {"rows": [], "measured": 4, "kinds": {}, "off_by": None})
    rows = profiling_store.read_profiles(profiles_path())
    busy = (MeasurementWarning("load", 0.9),)
    picked = [replace(row, warnings=busy) for row in rows if row.model_name == quiet["pick"]]
    profiling_store.write_profiles(profiles_path(), picked)
    _, found = run_json(capsys, *ask)
    assert (found["pick"], found["trusted"]) == (quiet["pick"], False)
    assert found["doubts"]["rows"] == [{"model_name": quiet["pick"], "img_size": 224}]
    assert found["doubts"]["kinds"] == {"load": 1}
    main(list(ask))
    first, *rest = capsys.readouterr().err.splitlines()
    told = [line for line in rest if "doubtful" in line]
    assert first.startswith("Not to be relied on: the pick rests on a doubtful measurement, that of resnet50")
    assert told == [told[0]] and told[0].startswith("1 of 4 measurements is doubtful: other programs were busy (1).")
