"""The options of `finetune` and `compare`: they fill every field of a spec, and a report's command repeats a run."""

from __future__ import annotations

import shlex
from dataclasses import MISSING, asdict, fields, replace
from pathlib import Path

import pytest

from bakeoff_core.cli.app import build_parser
from bakeoff_core.cli.options.training import spec_of
from bakeoff_core.finetuning.comparison.request import ComparisonSpec
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.finetuning.results import read_finished_runs
from bakeoff_core.reporting.documents.finetuning_section import repeat_command
from tests.support.run_folders import write_run

SPEC = FinetuneSpec(
    "net.tag",
    "folder",
    "full",
    data_dir="/images",
    weights_file="/own weights.safetensors",
    steps=7,
    train_on="train+val",
    batch_size=8,
    learning_rate=0.5,
    img_size=64,
    seed=3,
    device="cpu",
    any_way_up=True,
    growing=True,
    processes=2,
    test_from="train",
    leave_out_copies=True,
    metric="macro-f1",
    positive_class="defective",
    balance="class-weights",
    patience=3,
)
"""Nothing in it is at its default but the epochs, which exclude the steps."""


def parse(record: type, *words: str) -> FinetuneSpec | ComparisonSpec:
    return spec_of(build_parser().parse_args(words), record)


@pytest.mark.parametrize("spec", [SPEC, replace(SPEC, steps=None, epochs=4)])
def test_the_command_of_a_report_asks_for_the_very_spec_of_the_run(spec):
    write_run(1, spec.model_name, spec=asdict(spec))
    (run,) = read_finished_runs()
    assert run.spec == spec
    assert parse(FinetuneSpec, *shlex.split(repeat_command(run))[3:]) == spec


def test_the_example_leaves_no_field_at_its_default():
    plain = {field.name for field in fields(SPEC) if getattr(SPEC, field.name) == field.default}
    assert plain == {"epochs"}


def test_a_comparison_is_asked_for_with_the_same_options():
    shared = {name: value for name, value in asdict(SPEC).items() if name not in {"recipe", "growing", "processes"}}
    words = ("--data-dir", "/images", "--weights-file", "/own weights.safetensors", "--steps", "7", "--any-way-up")
    words += ("--test-from", "train", "--leave-out-copies", "--metric", "macro-f1", "--positive-class", "defective")
    words += ("--balance", "class-weights", "--patience", "3")
    words += ("--train-on", "train+val", "--batch-size", "8", "--lr", "0.5", "--img-size", "64", "--seed", "3")
    spec = parse(ComparisonSpec, "compare", "--model", "net.tag", "--dataset", "folder", "--device", "cpu", *words)
    assert spec == ComparisonSpec(**shared)


def test_what_is_not_asked_for_is_at_the_specs_default():
    words = ("--model", "net", "--dataset", "elpv", "--recipe", "full")
    assert parse(FinetuneSpec, "finetune", *words) == FinetuneSpec("net", "elpv", "full")
    assert [field.name for field in fields(FinetuneSpec) if field.default is MISSING] == [
        *("model_name", "dataset", "recipe"),
    ]


def test_paths_are_those_of_the_folder_the_command_is_given_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    words = ("--model", "net", "--dataset", "folder", "--recipe", "full", "--data-dir", "images")
    assert parse(FinetuneSpec, "finetune", *words).data_dir == str(tmp_path / "images")
