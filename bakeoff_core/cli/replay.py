"""Say whether a report's pick still follows from the data that is here."""

from __future__ import annotations

import argparse
from pathlib import Path

from bakeoff_core.errors import BakeoffError


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
        text = Path(arguments.file).read_text(errors="replace")
    except OSError as err:
        raise BakeoffError(f"{arguments.file} could not be read: {err.strerror}.") from err
    outcome = replay(read_record(text))
    for sentence in outcome.sentences:
        print(sentence)
    return 0 if outcome.same else 1
