"""List the runs, the newest first."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from bakeoff_core.cli.output.outcomes import run_line  # loads pandas
    from bakeoff_core.finetuning.results import list_runs, summarise_run

    found = [summarise_run(each) for each in list_runs()]
    if arguments.json:
        print_json(found)
    else:
        for each in found:
            print(run_line(each))
    return 0
