"""The command line: the same core calls as the pages.

Progress and remarks go to stderr, results to stdout; with `--json` stdout holds one JSON document and nothing else.
The exit code is 0 only when everything asked for was done: 1 when something failed or nothing fits, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bakeoff_core import __version__
from bakeoff_core.catalogue.pretraining import RECIPE_CLASSES, explain_recipes
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.cli import advise, anatomy, catalogue, finetune, import_timm, rank
from bakeoff_core.cli.console import follow, print_json, remark
from bakeoff_core.errors import BakeoffError
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.request import MIN_SECONDS, make_spec, start_measuring
from bakeoff_core.reporting.documents import report
from bakeoff_core.reporting.documents.bundle import (
    decision_json,
    profile_table,
    report_bundle,
    report_text,
    row_json,
    rows_of,
)
from bakeoff_core.reporting.text.decision import explain_decision
from bakeoff_core.schema.records import COST_COLUMNS, DTYPES, IMAGENET, RULES, Decision
from bakeoff_core.selection import candidates
from bakeoff_core.selection.decision import decide
from bakeoff_core.system.paths import profiles_path


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        return arguments.command(arguments)
    except BakeoffError as err:
        remark(f"Error: {err}")
        return 1
    except ValueError as err:  # a value out of range, worded by the record that refused it
        parser.exit(2, f"{parser.prog}: {err}\n")


def profile(arguments: argparse.Namespace) -> int:
    """Measure models and print their rows."""
    names = list(arguments.models)
    if arguments.shortlist or not names:
        names += SHORTLISTS[arguments.shortlist or "default"].models
    spec = make_spec(
        names,
        img_size=arguments.img_size,
        batch_size=arguments.batch_size,
        threads=arguments.threads,
        device=arguments.device,
        dtype=arguments.dtype,
        rounds=arguments.rounds,
        passes=arguments.passes,
        min_seconds=0.0 if arguments.exact_passes else MIN_SECONDS,
        force=arguments.force,
    )
    job = follow(start_measuring(spec))
    rows = rows_of(job, profiling_store.read_frame(profiles_path()), candidates.read_accuracies())
    if arguments.json:
        print_json([row_json(row) for row in rows])
    else:
        print(profile_table(rows))
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" and rows and not any(row["error"] for row in rows) else 1


def pick(arguments: argparse.Namespace) -> int:
    """Print which model clears the limits."""
    view, decision = _decide(arguments)
    if arguments.json:
        print_json(decision_json(decision, view))
    else:
        print(decision.pick.candidate.model_name if decision.pick else "none")
        remark(f"Measured on {view.measured.machine_name} ({view.measured.label}).")
        for sentence in explain_decision(decision, view.candidates, source=view.source):
            remark(sentence)
        if told := explain_recipes(dict(view.recipe_counts), view.recipe, view.source):
            remark(told)
    return 0 if decision.pick else 1


def make_report(arguments: argparse.Namespace) -> int:
    """Write the decision report, alone or (to a .zip) with its figure and data."""
    view, decision = _decide(arguments)
    target = Path(arguments.out)
    sections = advise.report_sections(arguments, view, decision.limits)
    write = report_bundle if target.suffix == ".zip" else report_text
    content = write(view, decision, sections=sections)
    try:
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as err:
        raise BakeoffError(f"{target} could not be written: {err.strerror}.") from err
    remark(f"Wrote {target}.")
    return 0


def replay(arguments: argparse.Namespace) -> int:
    """Say whether a report's pick still follows from the data that is here."""
    try:
        facts = report.read_facts(Path(arguments.file).read_text(errors="replace"))
    except OSError as err:
        raise BakeoffError(f"{arguments.file} could not be read: {err.strerror}.") from err
    outcome = candidates.replay(facts)
    for sentence in outcome.sentences:
        print(sentence)
    return 0 if outcome.same else 1


def import_file(arguments: argparse.Namespace) -> int:
    """Merge another machine's profiles into this store."""
    taken, older = profiling_store.import_profiles(profiles_path(), Path(arguments.file))
    remark(f"Imported {taken} rows" + (f"; {older} were left out because newer ones are here." if older else "."))
    return 0


def export_file(arguments: argparse.Namespace) -> int:
    """Write every profile to a file."""
    rows = profiling_store.export_profiles(profiles_path(), Path(arguments.file))
    remark(f"Wrote {rows} rows to {arguments.file}.")
    return 0 if rows else 1


def _decide(arguments: argparse.Namespace) -> tuple[candidates.View, Decision]:
    """Find the setting and the decision that the arguments of `pick` and `report` ask for."""
    limits = advise.limits_of(arguments)
    wanted = {
        "machine_id": arguments.machine,
        "device": arguments.device,
        "threads": arguments.threads,
        "batch_size": arguments.batch_size,
        "dtype": arguments.dtype,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    view = candidates.find_view(given, arguments.accuracy, arguments.run, arguments.match_recipes)
    return view, decide(view.candidates, limits, rule=arguments.rule, cost=arguments.cost)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bakeoff_core", description="Choose a vision backbone by measuring it."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    measure = _command(commands, "profile", profile)
    measure.add_argument(
        "models", nargs="*", metavar="MODEL", help="timm names; a plain one means timm's default weights tag"
    )
    measure.add_argument(
        "--shortlist",
        choices=sorted(SHORTLISTS),
        help="a ready list of models; 'default' if no model is named",
    )
    measure.add_argument(
        "--img-size", type=int, help="height and width of the input in pixels (default: each model's own)"
    )
    measure.add_argument("--batch-size", type=int, default=1, help="images in one forward pass (default 1)")
    measure.add_argument(
        "--threads", type=int, help="threads of one forward pass (default: every core this process may use)"
    )
    measure.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to measure (default auto)"
    )
    measure.add_argument("--dtype", choices=DTYPES, default="float32", help="weights and input (default float32)")
    measure.add_argument("--rounds", type=int, default=2, help="fresh processes a model, interleaved (default 2)")
    measure.add_argument("--passes", type=int, default=64, help="timed passes a model at least (default 64)")
    measure.add_argument("--exact-passes", action="store_true", help="time exactly --passes, even of quick models")
    measure.add_argument("--force", action="store_true", help="measure again what is cached")
    _add_json(measure)

    finetune.add(commands, _command, _add_json)
    rank.add(commands, _command, _add_json)
    catalogue.add(commands, _command, _add_json)
    anatomy.add(commands, _command, _add_json)
    import_timm.add(commands, _command, _add_json)

    choose = _command(commands, "pick", pick)
    _add_decision(choose)
    _add_json(choose)

    write = _command(commands, "report", make_report)
    _add_decision(write)
    write.add_argument(
        "--out", required=True, metavar="FILE", help="Markdown file; a .zip also holds the figure and the data"
    )
    advise.add_questions(write)
    advise.add(commands, _command, _add_json)

    for name, function in (("replay", replay), ("import", import_file), ("export", export_file)):
        _command(commands, name, function).add_argument("file", metavar="FILE")
    return parser


def _command(commands: argparse._SubParsersAction, name: str, function: object) -> argparse.ArgumentParser:
    summary = (function.__doc__ or "").strip().splitlines()[0]
    command = commands.add_parser(name, help=summary, description=summary)
    command.set_defaults(command=function)
    return command


def _add_decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--min-top1", type=float, metavar="P", help="lowest acceptable accuracy in percent, of what --accuracy names"
    )
    parser.add_argument(
        "--accuracy",
        default=IMAGENET.key,
        metavar="SOURCE",
        help="'imagenet' for the published top-1 (default), a harder set like 'imagenet-v2', or images that models "
        "were fine-tuned on here, like 'elpv-1a2b3c4d', or ranked on, like 'elpv-1a2b3c4d-ranked'; an unknown one is "
        "answered with those there are",
    )
    parser.add_argument(
        "--match-recipes",
        nargs="?",
        const=candidates.MOST_FREQUENT,
        choices=(*RECIPE_CLASSES, candidates.MOST_FREQUENT),
        metavar="CLASS",
        help=f"compare only models trained alike: {', '.join(RECIPE_CLASSES)}; without a class the one that most of "
        "the models are of",
    )
    parser.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="RUN",
        help="go by this fine-tuning run for its model (default: the best validated one); can be repeated",
    )
    advise.add_upper_limits(parser)
    parser.add_argument(
        "--rule", choices=RULES, default=RULES[0], help=f"which answer is the pick (default {RULES[0]})"
    )
    parser.add_argument(
        "--cost", choices=tuple(COST_COLUMNS), default="latency", help="what 'cheapest' means (default latency)"
    )
    parser.add_argument("--machine", metavar="ID", help="machine_id of an imported machine (default: this one)")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="only rows of this device")
    parser.add_argument("--threads", type=int, help="only rows with this many threads")
    parser.add_argument("--batch-size", type=int, help="only rows with this batch size")
    parser.add_argument("--dtype", choices=DTYPES, help="only rows of this dtype")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print JSON to stdout; field names as in bakeoff_core.schema.records"
    )


if __name__ == "__main__":
    sys.exit(main())
