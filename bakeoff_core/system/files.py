"""Files that are written whole or not at all, and read without trusting them.

Not covered: parquet files (`system.parquet`), and what any file means.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff_core.errors import BakeoffError, NoSpaceError
from bakeoff_core.formatting import path_text

_UTC = "%Y-%m-%dT%H:%M:%SZ"
"""How times are written: ISO 8601, in UTC, to the second."""

MOST_NAME_BYTES = 200
"""What of a file's name its temporary neighbour repeats: the system allows 255 bytes for a name, suffix included."""


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
    stem = os.fsdecode(os.fsencode(path.name)[:MOST_NAME_BYTES])
    temporary = path.with_name(f".{stem}.{os.getpid()}-{secrets.token_hex(4)}")
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


def hand_over(path: Path, content: bytes, otherwise: type[BakeoffError] = BakeoffError) -> None:
    """Write a file where the user asked for it, whole or not at all; its folder must be there.

    A link is followed, a file that is replaced keeps its permissions, and what is no file (a pipe, a terminal) is
    written to as it is.

    Args:
        path: Where to.
        content: The whole file.
        otherwise: As for `to_user_error`.

    Raises:
        NoSpaceError: The disk is full. A file that was there is as it was, and else there is none.
        BakeoffError: It can't be written for another reason, likewise.
    """
    try:
        target = Path(os.path.realpath(path))
        try:
            is_new, is_file = False, stat.S_ISREG(target.stat().st_mode)
        except FileNotFoundError:
            is_new, is_file = True, True
            target.parent.stat()
        if not is_file:
            target.write_bytes(content)
            return
        with replacing(target) as temporary:
            temporary.write_bytes(content)
            if not is_new:
                shutil.copymode(target, temporary)
    except (OSError, ValueError) as err:  # a null character in the path is a ValueError
        if isinstance(err, ValueError):
            raise otherwise(f"{path_text(path)} could not be written: {err}.") from err
        raise to_user_error(err, f"{path_text(path)} could not be written", otherwise) from err


@contextlib.contextmanager
def looking_at(path: Path, otherwise: type[BakeoffError] = BakeoffError) -> Iterator[None]:
    """Turn the system's refusal to let something of the state be looked at into the error its reader can act on.

    Args:
        path: What is looked at: a file or folder of the state, or the folder that holds it.
        otherwise: The class of the error.

    Raises:
        BakeoffError: The system refused, for any other reason than that there is no such file.
    """
    try:
        yield
    except OSError as err:
        raise to_read_error(err, path, otherwise) from err


def to_read_error(err: OSError, path: Path, otherwise: type[BakeoffError] = BakeoffError) -> BakeoffError:
    """Turn the system's refusal to let a part of the state be read into the error its reader can act on."""
    named = path_text(os.fsdecode(err.filename)) if isinstance(err.filename, (str, bytes)) else path_text(path)
    return otherwise(
        f"{named} can't be used: {err.strerror or err}. Check what stands there, who owns it and who may read it, or "
        "point BAKEOFF_HOME at another folder."
    )


def is_there(path: Path, otherwise: type[BakeoffError] = BakeoffError) -> bool:
    """Tell whether a file or folder of the state is there.

    Args:
        path: The file or folder.
        otherwise: The class of the error.

    Raises:
        BakeoffError: The system does not let one look, or something else stands in the way.
    """
    with looking_at(path, otherwise):
        try:
            path.stat()
        except FileNotFoundError:
            return False
        return True


def require_folder(path: Path) -> None:
    """Raise `BakeoffError` where a folder of the state is there, but may not be listed, or is none."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                entry.stat(follow_symlinks=False)  # a folder may be listed by whom it does not let in
                return
    except FileNotFoundError:
        return
    except OSError as err:
        raise to_read_error(OSError(err.errno, err.strerror, str(path)), path) from err


def stamp_of(path: Path) -> FileStamp:
    """Return the file's stamp."""
    try:
        status = path.stat()
    except OSError:
        return FileStamp(str(path), None, None)
    return FileStamp(str(path), status.st_mtime_ns, status.st_size)


def read_text(path: Path) -> str:
    """Return what is in a file; empty where there is none that can be read: one damaged file of many ends nothing."""
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
    return time.strftime(_UTC, time.gmtime())


def is_utc(text: str) -> bool:
    """Return whether a text is a time as `utc_now` writes it; such texts are in the order of their times."""
    try:
        return time.strftime(_UTC, time.strptime(text, _UTC)) == text
    except ValueError:
        return False
