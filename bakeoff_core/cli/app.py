"""The command line: the same core calls as the pages.

Progress and remarks go to stderr, results to stdout; with `--json` stdout holds one JSON document and nothing else.
The exit code is 0 only when everything asked for was done: 1 when something failed or nothing fits, 2 for wrong usage.

Each command is a module beside this one, with `add_options(parser)` and `run(arguments)`, which returns the exit code.
It is imported when it is called for and not before, and it imports pandas and the like in `run` alone, so that `--help`
and a slip of the pen are answered at once.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

from bakeoff_core import __version__
from bakeoff_core.cli.output.console import print_results, remark, write_in_any_encoding
from bakeoff_core.errors import BakeoffError
from bakeoff_core.system.files import to_read_error
from bakeoff_core.system.paths import home, require_home


class Command(NamedTuple):
    """A command, as far as it is known without its module."""

    module: str
    """Name of its module in this package."""
    summary: str
    """What it does: the first line of the module's docstring."""


COMMANDS = {
    "profile": Command("profile", "Measure models and print their rows."),
    "search": Command("search", "Search all of timm for the model that clears the limits best, measuring few of it."),
    "finetune": Command("finetune", "Fine-tune a model on a data set and print the result."),
    "compare": Command(
        "compare", "Train a probe, a full fine-tune and a run from scratch alike, and print what transfer was worth."
    ),
    "runs": Command("runs", "List the runs, the newest first; name, note or delete runs, comparisons and rankings."),
    "storage": Command("storage", "Say what takes how much of the disk, and clear what nothing uses."),
    "stop": Command(
        "stop", "Stop a run, a comparison or a ranking; what is finished and the last checkpoint are kept."
    ),
    "resume": Command(
        "resume", "Go on with a stopped or failed run, comparison or ranking where it was, and print the result."
    ),
    "rank": Command("rank", "Rank backbones on your own images, frozen, with a small head on each."),
    "catalogue": Command(
        "catalogue",
        "List what is published about each weights tag at each size, the user's own accuracies included.",
    ),
    "anatomy": Command(
        "anatomy",
        "Print where a model's parameters, MACs and activations sit: by kind of layer and by stage.",
    ),
    "import-timm": Command("import_timm", "Bring in two of timm's result tables as a published machine."),
    "pick": Command("pick", "Print which model clears the limits."),
    "report": Command("report", "Write the decision report, alone or (to a .zip) with its figure and data."),
    "advise": Command(
        "advise",
        "Walk through the checklist: which backbones to start from, how to adapt them, and what comes next.",
    ),
    "replay": Command("replay", "Say whether a report's pick still follows from the data that is here."),
    "import": Command("import_profiles", "Merge another machine's profiles into this store."),
    "export": Command("export_profiles", "Write every profile to a file."),
}
"""Every command by its name, in the order that `--help` lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: The words after the program's name; `None` for those that this process was started with.

    Raises:
        SystemExit: The usage is wrong (code 2), or help or the version was printed (code 0).
    """
    write_in_any_encoding()
    parser = build_parser()
    arguments = parser.parse_args(argv)
    results = io.StringIO()  # printed in the end, so that no fault of the terminal is taken for one of the state
    try:
        require_home()
        with contextlib.redirect_stdout(results):
            code = arguments.command(arguments)
    except BakeoffError as err:
        remark(f"Error: {err}")
        code = 1
    except OSError as err:  # of the state, where nobody nearer to it had words
        remark(f"Error: {to_read_error(err, home())}")
        code = 1
    except ValueError as err:  # a value out of range, worded by the record that refused it
        words = re.sub(r"`(\w+)`", lambda field: f"`{arguments.option_of(field[1])}`", str(err))
        parser.exit(2, f"{parser.prog}: {words}\n")
    return code if print_results(results.getvalue()) else 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; what it parses holds the command's `run` as `command`."""
    parser = argparse.ArgumentParser(
        prog="python -m bakeoff_core", description="Choose a vision backbone by measuring it."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_CommandParser)
    for name, (module, summary) in COMMANDS.items():
        commands.add_parser(name, module=module, help=summary, description=summary)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command, which learns its options when there is something to parse."""

    def __init__(self, *, module: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._module: str | None = module

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as any parser does, having imported the command's module once."""
        for word in args or ():  # which older versions of argparse take for no argument at all, and give on as a list
            if word == "--":
                break
            if word.startswith("--") and word.endswith("=--"):
                self.error(f"argument {word.removesuffix('=--')}: expected one argument")
        if self._module is not None:
            command = import_module(f"bakeoff_core.cli.{self._module}")
            self._module = None
            command.add_options(self)
            self.set_defaults(command=command.run, option_of=self._option_of)
        return super().parse_known_args(args, namespace)

    def _option_of(self, field: str) -> str:
        """Return what the user typed for a field of a record, or the field where no option fills it."""
        options = (action.option_strings for action in self._actions if action.dest == field)
        return next((names[0] for names in options if names), field)
