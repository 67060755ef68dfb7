"""Say whether a report's pick still follows from the data that is here."""

from __future__ import annotations

import argparse
from pathlib import Path

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import path_text

MOST_BYTES = 100_000_000
"""A report of every model of timm has a hundredth of it."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("file", metavar="FILE")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where another pick follows, or none.

    Raises:
        BakeoffError: The file can't be read, or is no report.
    """
    from bakeoff_core.reporting.documents.record import read_record  # loads pandas
    from bakeoff_core.reporting.documents.replay import replay

    try:
        with Path(arguments.file).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as err:
        raise BakeoffError(f"{path_text(arguments.file)} could not be read: {err.strerror}.") from err
    if len(content) > MOST_BYTES:
        raise BakeoffError(
            f"{path_text(arguments.file)} is too large for a report, which has at most {MOST_BYTES / 1e6:.0f} MB. Name "
            "the Markdown file that `report --out` wrote."
        )
    text = content.decode("utf-8", "replace")
    outcome = replay(read_record(text))
    for sentence in outcome.sentences:
        print(sentence)
    return 0 if outcome.same else 1
