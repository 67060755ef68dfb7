"""The files of a job's folder: how they are written whole, and read without trusting them.

Not covered: what they mean (see `jobs` for those who look, `reporter` for the worker).
"""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from typing import Any

from bakeoff_core.errors import BakeoffError, NoSpaceError

FORMAT_VERSION = 1
"""Of `spec.json` and `status.json`."""


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file whole or not at all."""
    write_text(path, json.dumps(content, indent=1))


def write_text(path: Path, text: str) -> None:
    """Replace a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file; empty where there is none."""
    return parse_object(read_text(path))


def parse_object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text; empty where there is none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def read_text(path: Path) -> str:
    """Return what is in a file; empty where there is none."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def mendable(err: OSError, what: str) -> BakeoffError:
    """Turn a failed write into the error its reader can act on."""
    full = err.errno in (errno.ENOSPC, errno.EDQUOT)
    return (NoSpaceError if full else BakeoffError)(f"{what}: {err.strerror}." + (" Free some space." if full else ""))


def now() -> str:
    """Return the time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
