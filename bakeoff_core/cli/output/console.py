"""What the command line prints: results to stdout, progress and remarks to stderr."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys


def write_in_any_encoding() -> None:
    """Let characters that the terminal's encoding lacks, in a name or a source, be printed as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_results(text: str) -> bool:
    """Print what a command has to say to stdout, and tell whether it got there.

    Where it did not, the reason is a remark, unless the reader left, as `head` does when it has enough.
    """
    if not text or sys.stdout is None:
        return True
    try:
        print(text, end="", flush=True)
    except OSError as err:
        # What is left in the stream would be tried again when the process ends, and end in a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(err, BrokenPipeError):
            remark(f"Error: The result could not be printed: {err.strerror}. Send it to where there is room.")
        return False
    return True


def print_json(content: object) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(content, indent=2, allow_nan=False))


def remark(text: str) -> None:
    """Print a line to stderr; where that is full or closed, the work goes on without."""
    if sys.stderr is None:  # for which Python would print to stdout
        return
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
