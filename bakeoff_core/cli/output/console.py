"""What the command line prints: results to stdout, progress and remarks to stderr."""

from __future__ import annotations

import json
import sys


def print_json(content: object) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(content, indent=2, allow_nan=False))


def remark(text: str) -> None:
    """Print a line to stderr."""
    print(text, file=sys.stderr, flush=True)
