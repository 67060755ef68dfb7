"""Write the decision report, alone or (to a .zip) with its figure and data."""

from __future__ import annotations

import argparse
from pathlib import Path

from bakeoff_core.cli.options.checklist import add_questions, checklist_sections
from bakeoff_core.cli.options.decision import add_decision_options, find_decision
from bakeoff_core.cli.output.console import remark
from bakeoff_core.formatting import path_text


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_decision_options(parser)
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="Markdown file; a .zip also holds the figure and the data"
    )
    add_questions(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; a report without a pick is written too.

    Raises:
        BakeoffError: The file can't be written.
    """
    from bakeoff_core.cli.output.notices import remark_on_own_accuracies  # loads pandas
    from bakeoff_core.reporting.documents.bundle import report_bundle, report_text
    from bakeoff_core.system.files import hand_over

    view, decision = find_decision(arguments)
    target = Path(arguments.out)
    sections = checklist_sections(arguments, view, decision.limits)
    write = report_bundle if target.suffix.casefold() == ".zip" else report_text
    content = write(view, decision, sections=sections)
    hand_over(target, content if isinstance(content, bytes) else content.encode())
    remark_on_own_accuracies()
    remark(f"Wrote {path_text(target)}.")
    return 0
