"""List the runs, the newest first; name, note or delete runs, comparisons and rankings."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark

OF_KIND = ("finetune", "compare", "rank")
"""What can be listed, as the command is called that starts it."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_json(parser)
    parser.add_argument("--of", choices=OF_KIND, default=OF_KIND[0], help="what to list; default: finetune")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--delete", nargs="+", metavar="RUN", help="delete these, with what they hold on the disk")
    change.add_argument("--rename", nargs=2, metavar=("RUN", "NAME"), help='give one a name; "" takes it away')
    change.add_argument("--note", nargs=2, metavar=("RUN", "TEXT"), help='note something of one; "" takes it away')


def run(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        BakeoffError: A run to change is not there, of another kind, or at work.
        ValueError: A name or a note is too long, or no text.
    """
    if arguments.delete:
        return _delete(arguments.delete, arguments.json)
    if arguments.rename or arguments.note:
        return _label(*(arguments.rename or arguments.note), is_name=bool(arguments.rename), as_json=arguments.json)
    found = _found(arguments.of)
    if arguments.json:
        print_json([summary for summary, _ in found])
    else:
        for _, line in found:
            print(line)
    return 0


def _found(kind: str) -> list[tuple[object, str]]:
    """Each job as JSON and as a line, the newest first."""
    from bakeoff_core.cli.output.outcomes import job_line, run_line  # loads pandas
    from bakeoff_core.finetuning.comparison.request import list_comparisons
    from bakeoff_core.finetuning.results import list_runs, summarise_run
    from bakeoff_core.jobs.labels import read_label
    from bakeoff_core.ranking.request import list_rankings

    if kind == "finetune":
        labelled = [(summarise_run(each), read_label(each.job.folder)) for each in list_runs()]
        return [({**summary, **vars(label)}, run_line(summary, label.name)) for summary, label in labelled]
    listed = list_comparisons() if kind == "compare" else list_rankings()
    return [
        (
            {"job_id": each.job.job_id, "state": each.job.state, **vars(read_label(each.job.folder))},
            job_line(each.job, read_label(each.job.folder).name),
        )
        for each in listed
    ]


def _delete(job_ids: list[str], as_json: bool) -> int:
    from bakeoff_core.formatting import disk_size
    from bakeoff_core.storage.deletion import delete_jobs

    freed = delete_jobs(job_ids)
    if as_json:
        print_json({"deleted": job_ids, "freed_bytes": freed})
    remark(f"Deleted {len(set(job_ids))}: {disk_size(freed)} are free again.")
    return 0


def _label(job_id: str, text: str, *, is_name: bool, as_json: bool) -> int:
    from bakeoff_core.cli.output.outcomes import require_training  # loads pandas
    from bakeoff_core.jobs.labels import set_label

    label = set_label(require_training(job_id), **{"name" if is_name else "note": text})
    if as_json:
        print_json({"job_id": job_id, **vars(label)})
    remark(f"{job_id}: {label.name or 'no name'}; {label.note or 'no note'}.")
    return 0
