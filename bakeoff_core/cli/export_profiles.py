"""Write every profile to a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from bakeoff_core.cli.output.console import remark
from bakeoff_core.formatting import counted, path_text
from bakeoff_core.system.paths import profiles_path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("file", metavar="FILE")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where there is no profile yet."""
    from bakeoff_core.profiling import store  # loads pandas

    rows = store.export_profiles(profiles_path(), Path(arguments.file))
    remark(f"Wrote {counted(rows, 'row')} to {path_text(arguments.file)}.")
    return 0 if rows else 1
