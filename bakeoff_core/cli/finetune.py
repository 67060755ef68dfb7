"""Fine-tune a model on a data set and print the result."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bakeoff_core import formatting
from bakeoff_core.cli.options.shared import add_fields, add_json
from bakeoff_core.cli.options.training import shared_details, spec_of
from bakeoff_core.cli.output.console import print_json, remark
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.jobs.records import Job


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    own = {
        "recipe": {"choices": tuple(RECIPES)},
        "growing": {"help": "let images, RandAugment and mixup grow while it trains"},
        "processes": {"help": "processes that share each batch (default %(default)s)"},
    }
    add_fields(parser, FinetuneSpec, own)
    parser.add_argument("--dry-run", action="store_true", help="only try a few steps and say what the run would cost")
    add_fields(parser, FinetuneSpec, shared_details("the recipe's"))
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where the run did not finish.

    Raises:
        BakeoffError: The run can't be started.
        ValueError: A value is out of range; the words say what must hold.
    """
    from bakeoff_core.cli.output.outcomes import show_run  # loads pandas
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.finetuning.dry_run.request import start_dry_run
    from bakeoff_core.finetuning.request import start_run

    spec = spec_of(arguments, FinetuneSpec)
    if arguments.dry_run:
        return _show_estimate(follow(start_dry_run(spec).job), arguments.json)
    return show_run(follow(start_run(spec).job), arguments.json)


def _show_estimate(job: Job, as_json: bool) -> int:
    """Print what a run would cost."""
    from bakeoff_core.finetuning.dry_run.request import read_estimate
    from bakeoff_core.finetuning.results import read_run

    estimate = read_estimate(read_run(job.job_id))
    if estimate is None:
        remark(job.status.get("message") or job.state)
        return 1
    if as_json:
        print_json(asdict(estimate))
    else:
        print(f"about {formatting.duration(estimate.seconds)}, {formatting.megabytes(estimate.peak_memory_bytes)}")
    for part, seconds in estimate.parts.items():
        remark(f"{part}: {formatting.duration(seconds)}")
    return 0
