"""Go on with a stopped or failed run, comparison or ranking where it was, and print the result."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.shared import add_json


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("run", metavar="RUN")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where something did not finish.

    Raises:
        BakeoffError: There is no such job, it is of another kind, or it can't be resumed.
    """
    from bakeoff_core.cli.output.outcomes import require_training, show_outcome  # loads pandas
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.jobs.manager import resume_job

    return show_outcome(follow(resume_job(require_training(arguments.run))), arguments.json)
