"""Bad inputs for every command and option: a part of those that `python -m benchmarks.bad_inputs` tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.cli.app import COMMANDS, main
from benchmarks.bad_inputs import BadInput, _actions, fault_of, generate, prepared

STEP = 13
"""Which of them are tried here: every thirteenth, so that each command and kind has its share."""


def test_the_inputs_are_always_the_same_and_cover_every_command_and_option():
    inputs = generate()
    assert len(inputs) >= 1_200 and inputs == generate()
    for command in COMMANDS:
        tried = {each.about for each in inputs if each.words[:1] == (command,)}
        for action in _actions(command):
            assert f"{command} {action.option_strings[0] if action.option_strings else action.dest}" in tried


def test_a_part_of_the_bad_inputs_is_refused_in_words_with_the_right_exit_code(tmp_path: Path):
    with prepared(tmp_path / "bad"):
        faults = {each.words: fault for each in generate()[::STEP] if (fault := fault_of(each))}
    assert faults == {}


def test_a_fault_would_be_told(tmp_path: Path):
    with prepared(tmp_path / "bad"):
        assert fault_of(BadInput(("catalogue", "--json"), (2,), "")).startswith("The exit code is 0, not one of (2,)")
        assert fault_of(BadInput(("profile", "resnet18"), (1, 2), "")) == "It started a job."
        assert fault_of(BadInput(("pick", "--threads=-7"), (2,), "")) is None


@pytest.mark.parametrize("option", ["--threads", "--batch-size"])
@pytest.mark.parametrize("text", ["-7", "0", "1.5", "9" * 400])
@pytest.mark.parametrize("command", [("pick",), ("report", "--out", "report.md")])
def test_a_setting_that_can_not_be_is_wrong_usage(command, option, text, capsys):
    with pytest.raises(SystemExit) as refused:
        main([*command, f"{option}={text}"])
    assert refused.value.code == 2
    assert f"argument {option}: must be a whole number from 1 to 1,000,000,000." in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--max-latency-ms", "--threads", "--accuracy", "--run", "--rule"])
def test_two_dashes_are_no_value(option, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["pick", f"{option}=--"])
    assert refused.value.code == 2
    assert f"argument {option}: expected one argument" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("profile", "resnet18", "--img-size", "-224"), "--img-size"),
        (("finetune", "--recipe", "full", "--model", "net", "--dataset", "elpv", "--lr", "nan"), "--lr"),
        (("finetune", "--recipe", "full", "--model", " ", "--dataset", "elpv"), "--model"),
        (("compare", "--model", "net", "--dataset", "folder"), "--data-dir"),
    ],
)
def test_a_value_out_of_range_is_told_by_the_option_that_was_typed(words, option, capsys):
    with pytest.raises(SystemExit) as refused:
        main(list(words))
    assert refused.value.code == 2
    assert f"`{option}` must " in capsys.readouterr().err
