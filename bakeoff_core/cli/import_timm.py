"""Bring in two of timm's result tables as a published machine."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark
from bakeoff_core.errors import BakeoffError
from bakeoff_core.system.paths import published_path, timm_models_path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("results", metavar="RESULTS.csv", help="timm's results-imagenet.csv: accuracies by weights tag")
    parser.add_argument(
        "benchmark", metavar="BENCHMARK.csv", help="one of timm's benchmark-*.csv: speeds of one machine"
    )
    parser.add_argument("--machine", required=True, metavar="NAME", help="what to call that machine")
    parser.add_argument("--replace", action="store_true", help="let it take the place of an earlier table of that name")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where nothing of a table could be joined.

    Raises:
        BakeoffError: A file is faulty, the name is taken, or timm's names could not be listed.
    """
    from bakeoff_core.catalogue import published, published_store  # loads pandas
    from bakeoff_core.catalogue.timm_results import read_results, read_speeds
    from bakeoff_core.reporting.text.published import explain_joins

    published.require_machine_name(arguments.machine)
    results, speeds = Path(arguments.results), Path(arguments.benchmark)
    read_results(results)  # a wrong file is refused before timm's names are waited for
    read_speeds(speeds)
    counts, outcome = published_store.import_tables(
        published_path(), results, speeds, _timm_models(), arguments.machine, replace=arguments.replace
    )
    if arguments.json:
        print_json([asdict(count) for count in counts])
    else:
        for count in counts:
            print(f"{count.machine}, {count.part}")
            for sentence in explain_joins(count):
                print(f"  {sentence}")
    remark(f"{published_store.OUTCOMES[outcome]} The Explore page shows it.")
    return 0 if all(count.joined for count in counts) else 1


def _timm_models() -> TimmModels:
    """timm's names; a worker lists them first where nobody has yet."""
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.profiling.request import start_listing  # loads pandas

    names = read_timm_models(timm_models_path())
    if names is None:
        job = follow(start_listing())
        names = read_timm_models(timm_models_path())
        if names is None:
            raise BakeoffError(f"timm's names could not be listed: {job.status.get('message') or job.state}.")
    return names
