"""Stop a run, a comparison or a ranking; what is finished and the last checkpoint are kept."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.output.console import remark


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("run", metavar="RUN")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where the job goes on.

    Raises:
        BakeoffError: There is no such job, or it is of another kind.
    """
    from bakeoff_core.cli.output.outcomes import require_training  # loads pandas
    from bakeoff_core.jobs.manager import stop_job

    job = stop_job(require_training(arguments.run))
    remark(job.status.get("message") or job.state)
    return 0 if not job.active else 1
