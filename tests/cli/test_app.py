"""The command line as a whole: its commands, wrong usage, and what help must not load."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bakeoff_core import __version__
from bakeoff_core.cli.app import COMMANDS, build_parser, main
from tests.support.places import ROOT

HEAVY = {"pandas", "numpy", "pyarrow", "scipy", "plotly", "matplotlib", "streamlit", "torch", "timm", "sklearn", "PIL"}
REQUIRED = {
    "finetune": ("--recipe", "full", "--model", "net", "--dataset", "elpv"),
    "compare": ("--model", "net", "--dataset", "elpv"),
    "rank": ("--models", "net", "--dataset", "elpv"),
    "import-timm": ("results.csv", "speeds.csv", "--machine", "box"),
    "report": ("--out", "report.md"),
    "anatomy": ("net",),
    **dict.fromkeys(("stop", "resume", "replay", "import", "export"), ("name",)),
}
"""What commands can't be called without."""


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


def loaded_by(*commands: tuple[str, ...]) -> set[str]:
    """Run commands in a new process and return the modules that are loaded afterwards."""
    code = (
        "import contextlib, io, sys\n"
        "from bakeoff_core.cli.app import main\n"
        f"for words in {commands!r}:\n"
        "    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "        main(list(words))\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_a_module_whose_first_line_is_its_summary(name):
    command = COMMANDS[name]
    module = import_module(f"bakeoff_core.cli.{command.module}")
    assert module.__doc__.splitlines()[0] == command.summary
    assert callable(module.add_options) and callable(module.run)
    assert callable(build_parser().parse_args([name, *REQUIRED.get(name, ())]).command)


def test_help_lists_every_command_with_its_summary(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(f"{name} {command.summary}" in text for name, command in COMMANDS.items())


def test_help_of_a_command_says_what_it_does(capsys):
    for name, command in COMMANDS.items():
        with pytest.raises(SystemExit):
            main([name, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert text.startswith(f"usage: python -m bakeoff_core {name} ") and command.summary in text


def test_help_of_pick_loads_nothing_that_takes_long():
    assert not loaded_by(("pick", "--help")) & HEAVY


def test_help_of_no_command_loads_tables_figures_or_networks():
    assert not loaded_by((), *((name, "--help") for name in COMMANDS)) & (HEAVY - {"numpy", "PIL"})


def test_a_pick_by_published_accuracy_loads_nothing_that_draws_trains_or_ranks(lab):
    loaded = loaded_by(("pick",))
    assert "pandas" in loaded
    assert not loaded & {"scipy", "plotly", "matplotlib", "streamlit", "torch", "timm", "sklearn"}
    assert not {name for name in loaded if name.startswith(("bakeoff_core.finetuning.", "bakeoff_core.ranking."))}


def test_the_package_runs_as_a_program():
    done = subprocess.run([sys.executable, "-m", "bakeoff_core", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def run_in_shell(script: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a line of shell in which `$CLI` is the command line."""
    settings = os.environ | {"CLI": f"{sys.executable} -m bakeoff_core"} | environment
    return subprocess.run(["bash", "-c", script], cwd=ROOT, env=settings, capture_output=True, text=True)


def test_a_reader_who_has_had_enough_is_no_fault_of_the_state_folder():
    done = run_in_shell("$CLI catalogue | head -n 1")
    assert done.stdout.startswith("model")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_result_that_finds_no_room_is_said_and_fails():
    done = run_in_shell("$CLI catalogue > /dev/full")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: The result could not be printed: No space left on device. Send it to where there is room.\n"
    )


def test_remarks_that_nobody_can_read_stop_nothing():
    done = run_in_shell("$CLI import tests/data/profiles-v1.parquet 2>&-; echo $?")
    assert done.stdout == "0\n"


def test_characters_that_the_terminal_lacks_are_printed_as_escapes():
    done = run_in_shell("$CLI advise --target edge", PYTHONIOENCODING="ascii")
    assert (done.returncode, "\\u201cChoosing an Architecture" in done.stdout) == (0, True)


@pytest.mark.parametrize("words", [("profile", "--rounds"), ("anatomy", "net", "--img-size"), ("compare", "--lr")])
def test_what_is_no_number_is_refused_in_words(words, capsys):
    with pytest.raises(SystemExit) as refused:
        main([*words, "five"])
    assert refused.value.code == 2
    kind = "a number" if "--lr" in words else "a whole number"
    assert f"argument {words[-1]}: must be {kind}. Got 'five'." in capsys.readouterr().err
