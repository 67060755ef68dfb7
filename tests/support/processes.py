"""Looking at real processes: what is left of a group, and waiting for what must come."""

import os
import time
from collections.abc import Callable

import psutil


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait for something that must come about; how long it takes is not judged."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def living_in_session(session_id: int) -> list[psutil.Process]:
    """Every process of a session that is more than a zombie waiting to be reaped."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session_id and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
