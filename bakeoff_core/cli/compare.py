"""Train a probe, a full fine-tune and a run from scratch alike, and print what transfer was worth."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.shared import add_fields, add_json
from bakeoff_core.cli.options.training import shared_details, spec_of
from bakeoff_core.finetuning.comparison.request import ComparisonSpec, start_comparison


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_fields(parser, ComparisonSpec, shared_details("those of the full fine-tune"))
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where one of the runs did not finish.

    Raises:
        BakeoffError: The comparison can't be started.
        ValueError: A value is out of range; the words say what must hold.
    """
    from bakeoff_core.cli.output.outcomes import show_comparison  # loads pandas
    from bakeoff_core.cli.output.progress import follow

    return show_comparison(follow(start_comparison(spec_of(arguments, ComparisonSpec)).job), arguments.json)
