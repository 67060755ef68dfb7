"""The report's section about fine-tuning runs: what it says, how they are repeated, that nothing foreign acts."""

from __future__ import annotations

import re
import shlex
import subprocess

from bakeoff_core.finetuning.results import read_finished_runs
from bakeoff_core.reporting.documents.finetuning_section import repeat_command, runs_section, runs_to_report
from bakeoff_core.reporting.documents.record import read_record
from bakeoff_core.reporting.documents.report import decision_report
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import HOSTILE_NAMES, LIMITS, measured
from tests.support.judged_runs import write_cells_run, write_flowers_run
from tests.support.run_folders import change, write_run

B0 = "efficientnet_b0.ra_in1k"


def section() -> str:
    return "\n".join(runs_section(read_finished_runs()))


def cells(text: str) -> list[list[str]]:
    """The table's body; a pipe that is escaped ends no cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_without_runs_there_is_no_section():
    assert runs_section([]) == []


def test_the_section_tells_a_run_and_how_to_repeat_it():
    run_id = write_run(1, B0, accuracy=85.06, spec={"seed": 3, "data_dir": None})
    assert section() == "\n".join(
        [
            "## Fine-tuned here",
            "",
            "| Model | Data set | Recipe | Trained on | Steps | Time | Test accuracy (95 % interval) | Validation "
            "| Started from | Seed | Run |",
            "|---|---|---|---:|---:|---:|---:|---:|---|---:|---|",
            f"| `{B0} @ 224` | Solar cells (ELPV) | Full fine-tune | 1,673 images | 1,060 (20 epochs) | 12 min 34 s "
            f"| 85.06 % (83.06 to 87.06 %) | 84 % | timm's efficientnet\\_b0.ra\\_in1k | 3 | `{run_id}` |",
            "",
            "**Solar cells (ELPV)**:",
            "",
            "- 1,673 images to train on, 295 to validate, 656 to test. 2,624 electroluminescence pictures of solar "
            "cells. Of the published split only the sizes are known. Licence: CC BY-NC-SA 4.0.",
            "- Trained on Example CPU, 2 cores, 24 GiB, cpu, torch 2.13.0, timm 1.0.31, Python 3.11.7.",
            "- Recognised worst: `defective` (69.9 % of 206 images) and `functional` (92 % of 450 images).",
            "- Confused most: `defective` was taken for `functional` 62 times.",
            "- To repeat it, with the same images and versions:",
            "",
            "```sh",
            f"python -m bakeoff_core finetune --model {B0} --dataset elpv --recipe full --seed 3",
            "```",
            "",
            "Latency and memory in this report were measured with the head of the published weights, which for "
            "ImageNet has 1,000 classes. A head of another size changes both a little, the body not at all.",
        ]
    )


def test_steps_that_were_asked_for_stand_without_epochs_and_both_splits_are_named():
    write_run(1, validated=None, spec={"steps": 1060, "train_on": "train+val", "learning_rate": 0.001})
    (row,) = cells(section())
    assert row[3:5] == ["1,673 images (train and validation)", "1,060"]
    assert row[7] == "–"
    assert "--recipe full --steps 1060 --train-on train+val --lr 0.001" in section()


def test_the_three_worst_classes_are_named_and_none_that_was_always_right():
    rows = [
        {"name": name, "images": 10, "accuracy": share}
        for name, share in (("a", 90.0), ("b", 70.0), ("c", 100.0), ("d", 80.0), ("e", 60.0))
    ]
    run_id = write_run(1, by_class=rows)
    named = "`e` (60 % of 10 images), `b` (70 % of 10 images) and `d` (80 % of 10 images)."
    assert f"- Recognised worst: {named}" in section()
    change(run_id, "results.json", by_class=rows[2:3], confusions=[])
    assert "- Every class was recognised in every test image." in section()
    assert "Confused" not in section()


def test_of_several_runs_all_are_listed_and_the_best_validated_is_told():
    best = write_run(1, validated=90.0)
    write_run(2, recipe="scratch", validated=60.0)
    text = section()
    assert [row[2] for row in cells(text)] == ["From scratch", "Full fine-tune"]
    assert [row[8] for row in cells(text)][0] == "random"
    assert text.count("To repeat it") == 1
    assert f"**Solar cells (ELPV)**, by the run to go by, `{best}`:" in text


def test_a_chosen_run_is_the_one_that_is_told():
    write_run(1, validated=90.0)
    chosen = write_run(2, validated=60.0)
    text = "\n".join(runs_section(read_finished_runs(), chosen=[chosen]))
    assert f"by the run to go by, `{chosen}`:" in text


def test_a_dozen_runs_are_listed_and_the_rest_is_counted():
    for number in range(14):
        write_run(number)
    assert len(cells(section())) == 12
    assert "\n2 older runs are left out.\n" in section()


def test_what_a_folder_does_not_say_is_left_out():
    nothing = dict.fromkeys(
        ("machine", "device", "notes", "licence", "by_class", "confusions", "weights", "seconds", "train_images")
    )
    write_run(1, **nothing, val_images="x", skipped_images=None)
    text = section()
    assert cells(text)[0][3:6] == ["– images", "1,060 (20 epochs)", "–"]
    assert "Trained on Example" not in text and "Licence" not in text and "worst" not in text


def test_the_picks_runs_are_told_and_those_of_any_candidate_where_it_has_none():
    mine = write_run(1, B0)
    other = write_run(2, "resnet50.a1_in1k")
    write_run(3, "resnet50.a1_in1k", img_size=96)
    frame, runs = measured(), read_finished_runs()
    assert [run.run_id for run in runs_to_report(runs, decide(frame, LIMITS), frame)] == [mine]
    nothing = decide(frame, Limits(min_top1=99))
    assert [run.run_id for run in runs_to_report(runs, nothing, frame)] == [other, mine]
    vgg = decide(frame, Limits(min_top1=82))  # convnext_tiny, which nobody fine-tuned
    assert [run.run_id for run in runs_to_report(runs, vgg, frame)] == [other, mine]


def test_what_accuracy_hides_comes_first_and_all_metrics_with_how_it_was_trained():
    spec = {"metric": "balanced-accuracy", "balance": "class-weights", "patience": 1}
    write_cells_run(spec=spec, stopped_early=True)
    write_run(0, validated=10.0)
    text = section()
    first, second = cells(text)
    assert "| Decided by (95 % interval) | Test accuracy (95 % interval) |" in text
    assert first[6:8] == ["balanced accuracy 68.97 % (65.7 to 72.38 %)", "80.18 % (76.96 to 83.05 %)"]
    assert second[6:8] == ["accuracy", "85 % (83 to 87 %)"]
    remarks = [line for line in text.splitlines() if line.startswith("- ")]
    assert remarks[0] == (
        "- Accuracy hides a class: it is 80.18 %, 11.21 points above the mean over the classes, 68.97 % (balanced "
        "accuracy). Of defective 38.83 % are found, of functional 99.11 %."
    )
    assert remarks[1].startswith(
        "- Balanced accuracy, which decides: 68.97 % (95 % interval 65.7 to 72.38 %). Accuracy"
    )
    assert "Of defective, the class that matters: average precision 78.42 %" in remarks[1]
    assert (
        "- Images of rare classes weighed more in the loss (class weights). It ended early, after 30 steps. The "
        "weights of step 20 of 30 were kept, the best by balanced accuracy on the validation images, 70.5 %."
    ) in remarks
    assert "--metric balanced-accuracy --steps 30 --balance class-weights --patience 1" in text


def test_a_run_that_accuracy_decided_has_no_column_of_its_own():
    write_flowers_run()
    text = section()
    assert len(cells(text)[0]) == 11
    assert "Accuracy, which decides: 80.18 % (95 % interval 76.96 to 83.05 %). Balanced accuracy: 68.97 %" in text
    assert "hides" not in text


def test_foreign_text_is_no_markup_and_the_report_stays_one():
    record = "<!-- bakeoff-report {} -->"
    hostile = HOSTILE_NAMES[0] + record + "\n```\n# x"
    rows = [{"name": hostile, "images": 3, "accuracy": 1.0}]
    swaps = [{"true": hostile, "predicted": hostile, "count": 1, "examples": []}]
    write_run(
        1,
        hostile,
        dataset_title=hostile,
        weights=hostile,
        notes=[hostile],
        licence=hostile,
        by_class=rows,
        confusions=swaps,
        device=hostile,
        positive_class=hostile,
        scores={name: {"value": 50.0, "low": 40.0, "high": 60.0} for name in ("balanced-accuracy", "recall")},
        accuracy_over_balanced={"points": 9.0, "low": 8.0, "high": 10.0},
        spec={"data_dir": hostile, "weights_file": hostile},
    )
    text = section()
    shown, command = re.split("````sh\n", text)
    assert "Accuracy hides a class" in shown and "the class that matters" in shown
    assert not re.search(r"(?<!\\)<", shown), "no tag and no comment"
    assert {len(row) for row in cells(shown)} == {11}
    assert "<!--" not in command and "-->" not in command
    frame = annotate(measured())
    whole = decision_report(
        frame,
        decide(frame, LIMITS),
        created_at="2026",
        product_version="0",
        sections=[text.split("\n")],
    )
    assert read_record(whole).pick.candidate.model_name == B0


def test_the_command_gives_a_shell_the_very_words_of_the_spec():
    hostile = "-x; rm -rf '/tmp' <!-- $(id) --> `id`\nnext"
    write_run(1, spec={"data_dir": hostile, "weights_file": "own weights.safetensors", "img_size": 224})
    (run,) = read_finished_runs()
    words = shlex.split(repeat_command(run))
    assert words[3:] == [
        *("finetune", "--model", "resnet18.a1_in1k", "--dataset", "elpv", "--recipe", "full"),
        *(f"--data-dir={hostile}", "--weights-file", "own weights.safetensors", "--img-size", "224"),
    ]
    command = repeat_command(run).replace("python -m bakeoff_core", "printf '%s\\0'", 1)
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert said.split("\0")[:-1] == words[3:]
