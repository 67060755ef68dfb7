"""The files of a job's folder: how they are written whole, and read without trusting them.

Not covered: what they mean (see `jobs.manager` for those who look, `jobs.worker` for the worker).
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import time
from pathlib import Path
from typing import Any

from bakeoff_core.errors import BakeoffError, NoSpaceError
from bakeoff_core.system.paths import jobs_path

FORMAT_VERSION = 1
"""Of `spec.json` and `status.json`."""

_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""What data sets and contents are named by; it means nothing to a shell, a link or Markdown."""


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


def text_of(value: object) -> str:
    """Return what a file holds if it is a text that says something.

    Raises:
        ValueError: It is not, as for the three below: whoever reads a whole record passes it over then.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"a text was expected. Got {value!r}.")
    return value


def key_of(value: object) -> str:
    """Return what a file holds if it is a key: of a data set, or of its content."""
    if not _KEY.fullmatch(text_of(value)):
        raise ValueError(f"a key was expected. Got {value!r}.")
    return str(value)


def count_of(value: object) -> int:
    """Return what a file holds if it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"a count was expected. Got {value!r}.")
    return value


def percent_of(value: object) -> float:
    """Return what a file holds if it is a number from 0 to 100."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (math.isfinite(value) and 0 <= value <= 100)
    ):
        raise ValueError(f"a percentage was expected. Got {value!r}.")
    return float(value)


def files_stamp(kind: str, *names: str) -> int:
    """Return a number that changes when files of jobs of a kind have changed; 0 where no job has them all.

    It opens none of them, so that a page can ask at every step of a slider.
    """
    seen = []
    try:
        folders = sorted(name for name in os.listdir(jobs_path()) if f"-{kind}-" in name)  # noqa: PTH208, several times quicker
    except OSError:
        return 0
    for folder in folders:
        try:
            times = [(jobs_path() / folder / name).stat().st_mtime_ns for name in names]
        except OSError:
            continue
        seen.append((folder, *times))
    return hash(tuple(seen)) if seen else 0


def mendable(err: OSError, what: str) -> BakeoffError:
    """Turn a failed write into the error its reader can act on."""
    full = err.errno in (errno.ENOSPC, errno.EDQUOT)
    return (NoSpaceError if full else BakeoffError)(f"{what}: {err.strerror}." + (" Free some space." if full else ""))


def now() -> str:
    """Return the time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
