"""Walk through the checklist: which backbones to start from, how to adapt them, and what comes next."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.checklist import add_questions, answers_of
from bakeoff_core.cli.options.limits import add_lowest_accuracy, add_upper_limits, limits_of
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark
from bakeoff_core.selection.checklist.rules import read_rules


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_lowest_accuracy(parser, "lowest acceptable ImageNet top-1 in percent")
    add_upper_limits(parser)
    add_questions(parser)
    parser.add_argument("--machine", metavar="ID", help="machine_id of an imported machine (default: this one)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where no backbone that is known fits.

    Raises:
        BakeoffError: There are no profiles of the machine that was named.
        ValueError: A number is out of range; the words say what must hold.
    """
    from bakeoff_core.cli.output.notices import remark_on_own_accuracies  # loads pandas
    from bakeoff_core.reporting.documents.checklist_section import advice_json, advice_text
    from bakeoff_core.reporting.text.settings import setting_label
    from bakeoff_core.selection.candidates import find_evidence
    from bakeoff_core.selection.checklist.advice import advise

    measured, table = find_evidence(arguments.machine)
    advice = advise(answers_of(arguments, limits_of(arguments)), table, read_rules())
    remark_on_own_accuracies()
    if arguments.json:
        print_json({**advice_json(advice), "machine_name": measured.machine_name if measured else None})
    else:
        print(advice_text(advice))
        remark(
            f"Measured on {measured.machine_name} ({setting_label(measured)})."
            if measured
            else "Nothing is measured yet."
        )
        if advice.to_measure:
            remark(f"To measure what is missing: python -m bakeoff_core profile {' '.join(advice.to_measure)}")
    return 0 if advice.pick or not advice.is_about_backbones else 1
