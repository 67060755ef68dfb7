"""Over a thousand bad inputs for every command and option: none ends in a traceback, and each gets its exit code.

    python -m benchmarks.bad_inputs

The inputs are generated from the parsers themselves, so a new command or option has its share at once; the same ones
come every time. They run in this process, on a state folder of their own with a few invented measurements. No job may
be started by a bad input: a launcher that only notes the attempt stands in for the real one. A part of the inputs is
among the tests (`tests/cli/test_bad_inputs.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels, write_timm_models
from bakeoff_core.cli.app import COMMANDS, main
from bakeoff_core.jobs import manager
from bakeoff_core.system.paths import profiles_path, timm_models_path
from benchmarks import bad_files
from benchmarks.invented import write_profiles_of

USAGE, FAILED, ANY = (2,), (1, 2), (0, 1, 2)
"""Exit codes that an input may have: wrong usage; that, or something that can't be done; or any, in words."""

BASES: Mapping[str, tuple[str, ...]] = {
    "profile": ("resnet18",),
    "finetune": ("--recipe", "full", "--model", "resnet18", "--dataset", "elpv"),
    "compare": ("--model", "resnet18", "--dataset", "elpv"),
    "rank": ("--models", "resnet18", "--dataset", "elpv"),
    "anatomy": ("resnet18",),
    "import-timm": ("good-results.csv", "good-speeds.csv", "--machine", "box"),
    "report": ("--out", "report.md"),
    "stop": ("20260101-000000-finetune-000001abcd",),
    "resume": ("20260101-000000-finetune-000001abcd",),
    "replay": ("good-report.md",),
    "import": ("profiles.parquet",),
    "export": ("all.parquet",),
}
"""What a command is called with, arguments before options, so that one thing alone is bad."""

NO_NUMBERS = (
    *("", " ", "abc", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "1,5", "1 2", "5ms", "0x10", "1e"),
    *("--", "-", "\0", "1\0", "\U0001f4a5", "\udcff", "\u2212 5", "1" * 400, "-" + "9" * 400, "9" * 5000, "-7", "-0.5"),
)
"""Texts that no option takes as its number."""
NO_CHOICES = (
    "",
    " ",
    "nosuch",
    "CPU",
    "Full",
    "cpu\n",
    "cpu,cuda",
    "\0",
    "\U0001f4a5",
    "\udcff",
    "x" * 5000,
    "-1",
    "None",
)
ODD_TEXTS = (
    *("", " ", ".", "..", "/", "../../etc/passwd", "/dev/null/x", "~nobody-is-called-so/x", "a\nb", "\t", "\0", "a\0b"),
    *("\U0001f4a5", "\udcff", "x" * 300, "x" * 5000, "<script>alert(1)</script>", "'; drop table --", "%s%n", "$(id)"),
    *("a,b,,c", "*", "[", "nan", "-1", "resnet18.", ".resnet18", "NUL", "absent/absent", "\u202e", "e\u0301"),
)
"""Names, paths and keys as nobody means them; what an option makes of them, it may say."""
MODEL_NAMES = {"models", "model", "model_name"}
"""Where a name may only be judged by a job, since the worker alone can ask timm."""

_CLASS_NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b|Traceback")


class BadInput(NamedTuple):
    """One call of the command line."""

    words: tuple[str, ...]
    """After the program's name."""
    codes: tuple[int, ...]
    """Exit codes it may have."""
    about: str
    """The command and option it tries."""
    may_start: bool = False
    """Whether a job may be started for it."""


def generate() -> list[BadInput]:
    """Return every bad input, always the same ones in the same order."""
    found: list[BadInput] = []
    for command in COMMANDS:
        found += _of_command(command)
    return list({each.words: each for each in [*_of_program(), *found, *_of_files()]}.values())


def _of_files() -> Iterator[BadInput]:
    for command, name in bad_files.names():
        yield BadInput((command, name), ANY, f"{command}: content of FILE")
    for results, speeds in bad_files.tables():
        yield BadInput(("import-timm", results, speeds, "--machine", "box"), (1,), "import-timm: content of tables")


def _of_program() -> Iterator[BadInput]:
    for words in ((), ("",), ("nosuch",), ("Pick",), ("--nosuch",), ("-x",), ("pick", "runs"), ("\0",), ("\udcff",)):
        yield BadInput(words, USAGE, "the program")


def _of_command(command: str) -> Iterator[BadInput]:
    base = BASES.get(command, ())
    for words in (("--nosuch",), ("--nosuch=1",), ("-z",), (*base, "one", "too", "many", "--x")):
        yield BadInput((command, *base, *words), USAGE, f"{command}: unknown")
    for at in range(len(base)):
        if not _is_alone(command, base[:at] + base[at + 1 :]):
            yield BadInput((command, *base[:at], *base[at + 1 :]), USAGE, f"{command}: missing")
    actions = _actions(command)
    for action in actions:
        yield from _of_action(command, base, action)
    draw = random.Random(command)
    options = [action for action in actions if action.option_strings and action.nargs != 0]
    for _ in range(12 if len(options) > 1 else 0):
        pair = draw.sample(options, 2)
        words = [f"{action.option_strings[0]}={draw.choice(_texts(action)[0])}" for action in pair]
        codes = USAGE if any(_texts(action)[1] == USAGE for action in pair) else ANY
        starts = all(_may_start(action) for action in pair)
        yield BadInput((command, *_without(base, *pair), *words), codes, f"{command}: two at once", starts)


def _is_alone(command: str, words: Sequence[str]) -> bool:
    """Whether the words are right without the one that was taken out."""
    parser = _parser(command)
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            parser.parse_args(list(words))
        except SystemExit:
            return False
    return True


def _of_action(command: str, base: Sequence[str], action: argparse.Action) -> Iterator[BadInput]:
    texts, codes = _texts(action)
    if not action.option_strings:
        names = [other.dest for other in _actions(command) if not other.option_strings]
        for text in texts:
            given = [text if name == action.dest else base[at] for at, name in enumerate(names)]
            words = (command, *base[len(names) :], "--", *given)
            yield BadInput(words, codes, f"{command} {action.dest}", _may_start(action))
        return
    option = action.option_strings[0]
    if action.nargs == 0:
        for value in ("", "1", "true", "\0"):
            yield BadInput((command, *base, f"{option}={value}"), USAGE, f"{command} {option}")
        return
    rest = _without(base, action)
    if action.nargs != "?":
        yield BadInput((command, *rest, option), USAGE, f"{command} {option}")
    for text in texts:
        yield BadInput((command, *rest, f"{option}={text}"), codes, f"{command} {option}", _may_start(action))


def _texts(action: argparse.Action) -> tuple[Sequence[str], tuple[int, ...]]:
    """What to try as an argument, and the exit codes that may follow."""
    if action.choices is not None:
        return [text for text in NO_CHOICES if text not in action.choices], USAGE
    if action.type is not None and action.type is not str:
        return NO_NUMBERS, USAGE
    return ODD_TEXTS, ANY


def _may_start(action: argparse.Action) -> bool:
    return action.dest in MODEL_NAMES or _texts(action)[1] == ANY


def _without(base: Sequence[str], *actions: argparse.Action) -> tuple[str, ...]:
    """The base without the options that are to be given otherwise."""
    taken = {option for action in actions for option in action.option_strings}
    kept, skip = [], False
    for word in base:
        if not skip and word not in taken:
            kept.append(word)
        skip = word in taken
    return tuple(kept)


def _actions(command: str) -> list[argparse.Action]:
    return [action for action in _parser(command)._actions if action.dest != "help"]


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=True)
    import_module(f"bakeoff_core.cli.{COMMANDS[command].module}").add_options(parser)
    return parser


class StartedError(Exception):
    """A job would have been started."""


class NoLauncher:
    """In place of what starts workers: it only says that it was asked to."""

    def launch(self, *arguments: Any) -> None:
        raise StartedError

    def is_alive(self, folder: Path) -> bool:
        return False

    def ask_to_stop(self, folder: Path, pid: int | None) -> None:
        """There is nobody to ask."""

    def kill(self, folder: Path, pid: int | None) -> None:
        """There is nobody to end."""


@contextlib.contextmanager
def prepared(folder: Path) -> Iterator[None]:
    """Work in a folder, on a state of its own with a few measurements and timm's names, where no job can be started."""
    before, launcher, environment = Path.cwd(), manager.LAUNCHER, dict(os.environ)
    os.environ["BAKEOFF_HOME"] = str(folder / "home")
    os.environ["BAKEOFF_MEASURING_LOCK"] = str(folder / "measuring.lock")
    manager.LAUNCHER = NoLauncher()
    work = folder / "work"
    work.mkdir(parents=True)
    os.chdir(work)
    try:
        write_profiles_of(3)
        with contextlib.redirect_stderr(io.StringIO()):
            main(["report", "--out", "good-report.md"])
        bad_files.write_all(work, profiles_path().read_bytes(), Path("good-report.md").read_text())
        write_timm_models(timm_models_path(), TimmModels("1", (TimmModel("resnet18.a1_in1k", 224, 288, False, True),)))
        yield
    finally:
        os.chdir(before)
        manager.LAUNCHER = launcher
        os.environ.clear()
        os.environ.update(environment)


def fault_of(bad: BadInput) -> str | None:
    """Try one input; returns what is wrong with the answer, `None` where nothing is."""
    out, err = io.StringIO(), io.StringIO()
    started = False
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code: object = main(bad.words)
    except SystemExit as ended:
        code = ended.code
    except StartedError:
        started, code = True, 1
    except BaseException:
        return traceback.format_exc()
    said = err.getvalue()
    if started and not bad.may_start:
        return "It started a job."
    if code not in bad.codes:
        return f"The exit code is {code}, not one of {bad.codes}. It said: {said[-300:]!r}"
    if not started and code != 0 and not (said.strip() or out.getvalue().strip()):
        return "It says nothing."
    return f"It speaks of a class: {said[-300:]!r}" if _CLASS_NAME.search(said) else None


def run() -> int:
    """Try them all; the exit code is 0 when nothing fell."""
    inputs = generate()
    faults = Counter()
    with tempfile.TemporaryDirectory() as folder, prepared(Path(folder)):
        for bad in inputs:
            if fault := fault_of(bad):
                faults[bad.about] += 1
                shown = " ".join(
                    ascii(word) if len(word) < 60 else f"{ascii(word[:20])}… ({len(word)})" for word in bad.words
                )
                print(f"{shown}\n  {fault}", flush=True)
    options = {bad.about for bad in inputs}
    print(
        f"{len(inputs):,} bad inputs over {len(COMMANDS)} commands and {len(options)} of their options and arguments; ",
        end="",
    )
    print(f"{faults.total()} fell")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run())
