"""Files that are written whole or not at all, and read without trusting them.

Not covered: parquet files (`system.parquet`), and what any file means.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff_core.errors import BakeoffError, NoSpaceError


class FileStamp(NamedTuple):
    """A file, and what changes whenever it is written: for whoever keeps what was read from it."""

    path: str
    """The file."""
    modified_ns: int | None
    """When it was last written, in nanoseconds since 1970; `None` where there is no such file."""
    size_bytes: int | None
    """Its size; `None` where there is no such file."""


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Put a file in place whole, or leave what was there.

    Args:
        path: The file; its folder is made where it is missing.
        durable: Wait until the content is on the disk, so that not even a power cut leaves half of it.

    Yields:
        A name beside it to write to. That file takes the file's place when the block ends well, and is gone else,
        also where a request to stop ends the block.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Replace a file whole or not at all."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Replace a file whole or not at all."""
    write_bytes(path, text.encode("utf-8", "surrogateescape"), durable=durable)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file whole or not at all."""
    write_text(path, json.dumps(content, indent=1))


def stamp_of(path: Path) -> FileStamp:
    """Return the file's stamp."""
    try:
        status = path.stat()
    except OSError:
        return FileStamp(str(path), None, None)
    return FileStamp(str(path), status.st_mtime_ns, status.st_size)


def read_text(path: Path) -> str:
    """Return what is in a file; empty where there is none."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file; empty where there is none."""
    return parse_object(read_text(path))


def parse_object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text; empty where there is none."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):  # the latter: brackets nested deeper than anybody means
        return {}
    return content if isinstance(content, dict) else {}


def is_disk_full(err: BaseException) -> bool:
    """Tell whether the disk, or the user's share of it, is full; some libraries wrap that in errors of their own."""
    if isinstance(err, OSError) and err.errno is not None:
        return err.errno in (errno.ENOSPC, errno.EDQUOT)
    return os.strerror(errno.ENOSPC).lower() in str(err).lower()


def to_user_error(err: OSError, what: str, otherwise: type[BakeoffError] = BakeoffError) -> BakeoffError:
    """Turn a failed write into the error its reader can act on.

    Args:
        err: What the system said.
        what: What could not be done, as a clause.
        otherwise: The error for everything but a full disk, which is a `NoSpaceError`.
    """
    words = f"{what}: {err.strerror or err}."
    return NoSpaceError(f"{words} Free some space.") if is_disk_full(err) else otherwise(words)


def utc_now() -> str:
    """Return the time in UTC to the second, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
