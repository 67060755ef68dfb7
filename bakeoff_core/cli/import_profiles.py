"""Merge another machine's profiles into this store."""

from __future__ import annotations

import argparse
from pathlib import Path

from bakeoff_core.cli.output.console import remark
from bakeoff_core.reporting.text.imports import explain_import
from bakeoff_core.system.paths import profiles_path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("file", metavar="FILE")


def run(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        BakeoffError: The file is not there, or holds no profiles.
    """
    from bakeoff_core.profiling import store  # loads pandas

    taken, older = store.import_profiles(profiles_path(), Path(arguments.file))
    remark(explain_import(taken, older))
    return 0
