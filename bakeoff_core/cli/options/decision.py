"""The options that say what to decide and on which measurements, and the decision that follows: `pick` and `report`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bakeoff_core.catalogue.pretraining import MOST_FREQUENT, PRETRAINING_CLASSES
from bakeoff_core.cli.options.limits import add_lowest_accuracy, add_upper_limits, limits_of, refusing
from bakeoff_core.schema.accuracy import IMAGENET
from bakeoff_core.schema.candidate import PRECISIONS
from bakeoff_core.schema.decision import COST_COLUMNS, RULES, Decision
from bakeoff_core.schema.limits import parse_count
from bakeoff_core.schema.profile import DEVICES

if TYPE_CHECKING:
    from bakeoff_core.selection.candidates import View


def add_decision_options(parser: argparse.ArgumentParser) -> None:
    """Add the limits, the accuracy to go by, the rule, and the setting."""
    add_lowest_accuracy(parser, "lowest acceptable accuracy in percent, of what --accuracy names")
    parser.add_argument(
        "--accuracy",
        default=IMAGENET.key,
        metavar="SOURCE",
        help="'imagenet' for the published top-1 (default), a harder set like 'imagenet-v2', or images that models "
        "were fine-tuned on here, like 'elpv-1a2b3c4d', or ranked on, like 'elpv-1a2b3c4d-ranked', by accuracy "
        "or by another metric, like 'elpv-1a2b3c4d-balanced-accuracy'; an unknown one is answered with those there are",
    )
    parser.add_argument(
        "--match-recipes",
        nargs="?",
        const=MOST_FREQUENT,
        choices=(*PRETRAINING_CLASSES, MOST_FREQUENT),
        metavar="CLASS",
        help=f"compare only models trained alike: {', '.join(PRETRAINING_CLASSES)}; without a class the one that most "
        "of the models are of",
    )
    parser.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="RUN",
        help="go by this fine-tuning run for its model (default: the best validated one); can be repeated",
    )
    add_upper_limits(parser)
    add_rule(parser)
    parser.add_argument("--machine", metavar="ID", help="machine_id of an imported machine (default: this one)")
    parser.add_argument("--device", choices=DEVICES, help="only rows of this device")
    parser.add_argument("--threads", type=refusing(parse_count), help="only rows with this many threads")
    parser.add_argument("--batch-size", type=refusing(parse_count), help="only rows with this batch size")
    parser.add_argument("--dtype", choices=PRECISIONS, help="only rows of this dtype")


def add_rule(parser: argparse.ArgumentParser) -> None:
    """Add how the pick is made: the rule, and what "cheapest" means."""
    parser.add_argument(
        "--rule", choices=RULES, default=RULES[0], help=f"which answer is the pick (default {RULES[0]})"
    )
    parser.add_argument(
        "--cost", choices=tuple(COST_COLUMNS), default="latency", help="what 'cheapest' means (default latency)"
    )


def find_decision(arguments: argparse.Namespace) -> tuple[View, Decision]:
    """Return the setting that the options name and the decision that follows in it.

    Raises:
        BakeoffError: Nothing was measured so, or there is no such accuracy or run; the words say what there is.
        ValueError: A limit is out of range.
    """
    from bakeoff_core.selection.candidates import find_view  # loads pandas
    from bakeoff_core.selection.decision import decide

    limits = limits_of(arguments)
    values = {
        "machine_id": arguments.machine,
        "device": arguments.device,
        "threads": arguments.threads,
        "batch_size": arguments.batch_size,
        "precision": arguments.dtype,
    }
    setting = {name: value for name, value in values.items() if value is not None}
    view = find_view(setting, arguments.accuracy, arguments.run, arguments.match_recipes)
    return view, decide(view.candidates, limits, rule=arguments.rule, cost=arguments.cost)
