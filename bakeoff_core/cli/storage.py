"""Say what takes how much of the disk, and clear what nothing uses."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_json(parser)
    parser.add_argument("--clear", action="store_true", help="take away what nothing uses any more")


def run(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        BakeoffError: The state folder can't be read, or a job is at work that may need what would be cleared.
    """
    from bakeoff_core.cli.output.tables import text_table
    from bakeoff_core.formatting import disk_size, path_text
    from bakeoff_core.reporting.text.storage import TITLES, explain_unused
    from bakeoff_core.storage.deletion import clear_unused
    from bakeoff_core.storage.inventory import read_holdings
    from bakeoff_core.system.paths import home

    if arguments.clear:
        remark(f"Cleared {disk_size(clear_unused())}.")
    holdings = read_holdings()
    if arguments.json:
        print_json(
            [
                {
                    "holding": holding.key,
                    "count": holding.count,
                    "size_bytes": holding.size_bytes,
                    "unused_bytes": holding.unused_bytes,
                }
                for holding in holdings
            ]
        )
        return 0
    remark(f"{path_text(home())}: {disk_size(sum(holding.size_bytes for holding in holdings))}")
    rows = [
        (TITLES[holding.key], f"{holding.count:,}", disk_size(holding.size_bytes), explain_unused(holding))
        for holding in holdings
    ]
    print(text_table(("what", "count", "size", "can be cleared"), rows, numbers=("count", "size")))
    return 0
