"""Locks that a process holds as long as it lives, however it goes: a job's own, and that of the machine.

One job at a time measures or trains on a machine, whatever folder its state lives in: a lock file in the temporary
folder sees to that. `BAKEOFF_MEASURING_LOCK` names another file; the tests use it, so as not to wait for a developer's
own job. Works on Linux and macOS, on a local disk (flock).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from bakeoff_core.errors import BusyError
from bakeoff_core.system.files import read_text

LOOK_S = 0.2
"""How long to try for a lock; somebody who only looks holds it for microseconds."""


def take_lock(stack: contextlib.ExitStack, path: Path) -> IO[str]:
    """Lock a file for as long as the stack, and whoever inherits the open file, lasts.

    Raises:
        BlockingIOError: Another process holds it.
        OSError: The file can't be written to.
    """
    handle = stack.enter_context(path.open("w"))
    if not wait_until(lambda: try_lock(handle), LOOK_S):
        raise BlockingIOError(f"{path} is locked.")
    return handle


def wait_for_lock(stack: contextlib.ExitStack, path: Path) -> None:
    """Lock a file for as long as the stack lasts, after whoever has it.

    Raises:
        OSError: The file can't be written to.
    """
    fcntl.flock(stack.enter_context(path.open("w")), fcntl.LOCK_EX)


def machine_holder() -> str | None:
    """Return the id of the job that measures on this machine now, `None` where nothing does."""
    path = _machine_lock_path()
    return (read_text(path).strip() or "unknown") if is_locked(path) else None


def _machine_lock_path() -> Path:
    """The file that is held while anything measures on this machine."""
    named = os.environ.get("BAKEOFF_MEASURING_LOCK")
    return Path(named) if named else Path(tempfile.gettempdir()) / "backbone-bakeoff-measuring.lock"


@contextlib.contextmanager
def machine_lock(job_id: str) -> Iterator[IO[str]]:
    """Take the machine's lock without waiting, and leave the holder's id in it.

    Raises:
        BusyError: Another job has it.
        OSError: The file can't be written to.
    """
    path = _machine_lock_path()
    flags = os.O_RDWR | (0 if path.exists() else os.O_CREAT)  # sticky folders refuse O_CREAT on others' files
    with os.fdopen(os.open(path, flags, 0o666), "r+") as handle:
        with contextlib.suppress(OSError):
            os.fchmod(handle.fileno(), 0o666)
        if not wait_until(lambda: try_lock(handle), LOOK_S):
            holder = handle.read().strip() or None
            raise BusyError(
                f"Another job ({holder or 'unknown'}) is at work on this machine; two at once would spoil both. "
                "Wait for it or stop it first.",
                holder,
            )
        handle.seek(0)
        handle.truncate()
        handle.write(job_id)
        handle.flush()
        yield handle


def try_lock(handle: IO[str]) -> bool:
    """Lock an open file without waiting; tell whether that went well."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(handle: IO[str]) -> None:
    """Let go of a lock, also where a child process inherited the open file."""
    fcntl.flock(handle, fcntl.LOCK_UN)


def is_locked(path: Path) -> bool:
    """Tell whether any process holds the file's lock. A look must not disturb a launcher, so it is shared and brief."""
    try:
        with path.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look until a condition holds, for so many seconds at most; tell whether it came to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
