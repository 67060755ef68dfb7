"""Measure models and print their rows."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.cli.options.decision import add_rule
from bakeoff_core.cli.options.limits import add_lowest_accuracy, add_upper_limits, limits_of, number
from bakeoff_core.cli.options.measuring import add_setting
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark
from bakeoff_core.cli.output.tables import text_table
from bakeoff_core.formatting import UNKNOWN, count, is_unknown, megabytes, milliseconds, percent
from bakeoff_core.reporting.text.warnings import warning_line
from bakeoff_core.system.paths import profiles_path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument(
        "models", nargs="*", metavar="MODEL", help="timm names; a plain one means timm's default weights tag"
    )
    parser.add_argument(
        "--shortlist",
        choices=sorted(SHORTLISTS),
        help="a ready list of models; 'default' if no model is named",
    )
    parser.add_argument(
        "--img-size", type=number(int), help="height and width of the input in pixels (default: each model's own)"
    )
    add_setting(parser)
    parser.add_argument(
        "--rounds", type=number(int), default=2, help="fresh processes a model, interleaved (default 2)"
    )
    parser.add_argument("--passes", type=number(int), default=64, help="timed passes a model at least (default 64)")
    parser.add_argument("--exact-passes", action="store_true", help="time exactly --passes, even of quick models")
    parser.add_argument(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="wait at most so long, all in all, for other programs to leave the machine alone, and measure again what "
        "they disturbed (default 120, or BAKEOFF_PATIENCE_S; 0 measures at once)",
    )
    parser.add_argument("--force", action="store_true", help="measure again what is cached")
    parser.add_argument(
        "--further",
        type=number(float),
        metavar="SECONDS",
        help="spend at most so long on further rounds of the models that decide the pick under these limits, or, "
        "without any, the frontier (default: a twentieth of what the rounds took; 0 makes none)",
    )
    add_lowest_accuracy(parser, "lowest acceptable ImageNet top-1 in percent: says what decides, as do the next")
    add_upper_limits(parser)
    add_rule(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where a model could not be measured.

    Raises:
        ValueError: A number is out of range; the words say what must hold.
    """
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.profiling import store  # loads pandas
    from bakeoff_core.profiling.request import MIN_SECONDS, default_patience_s, make_spec, start_measuring
    from bakeoff_core.reporting.documents.json import row_json, rows_of
    from bakeoff_core.selection.candidates import read_accuracies

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
        further_s=arguments.further,
        limits=limits_of(arguments),
        rule=arguments.rule,
        cost=arguments.cost,
        patience_s=default_patience_s() if arguments.patience is None else arguments.patience,
    )
    job = follow(start_measuring(spec))
    rows = rows_of(job, store.read_frame(profiles_path()), read_accuracies())
    if arguments.json:
        print_json([row_json(row) for row in rows])
    else:
        print(profile_table(rows))
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" and rows and not any(row["error"] for row in rows) else 1


def profile_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return measured rows as a text table for a terminal, their warnings and errors below it.

    Args:
        rows: As `reporting.documents.json.rows_of` returns them.
    """
    titles = ("model", "size", "top-1", "latency p50 (95 % interval)", "p90", "MACs", "params", "peak memory")
    lines, remarks = [], []
    for row in rows:
        low, high = (milliseconds(row[f"latency_p50_{end}_s"]) for end in ("low", "high"))
        lines.append(
            (
                row["model_name"],
                UNKNOWN if is_unknown(row["img_size"]) else f"{row['img_size']:.0f}",
                percent(row["top1"]),
                f"{milliseconds(row['latency_p50_s'])} ({low} to {high})",
                milliseconds(row["latency_p90_s"]),
                count(row["macs"]),
                count(row["param_count"]),
                megabytes(row["peak_memory_bytes"]),
            )
        )
        remarks += [f"{row['model_name']}: {warning_line(w)}" for w in row["warnings"]]
        remarks += [f"{row['model_name']}: error: {row['error']}"] if row["error"] else []
    return "\n".join([text_table(titles, lines), *([""] if remarks else []), *remarks])
