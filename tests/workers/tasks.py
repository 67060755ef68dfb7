"""Tasks for fresh processes: what may come back, and every way not to."""

import os
import signal
import time


def add(one: int, other: int) -> int:
    """Return a result."""
    return one + other


def process_ids() -> tuple[int, int]:
    """Return this process's id and its parent's (the fork server)."""
    return os.getpid(), os.getppid()


def fail(words: str) -> None:
    """Raise an error with these words."""
    raise ValueError(words)


def unpicklable() -> object:
    """Return what cannot be sent."""
    return lambda: None


def exit_suddenly(code: int) -> None:
    """Be gone without a word."""
    os._exit(code)


def be_killed() -> None:
    """Die as the kernel lets processes die that took the last memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float) -> None:
    """Hang."""
    time.sleep(seconds)


def describe_failure(err: Exception) -> str:
    """Word a failure for the user."""
    return f"It failed: {err}"
