"""Workers as processes of this machine, which do not die with the server. Works on Linux and macOS (flock)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from bakeoff_core.jobs.launchers.base import WorkerCommand
from bakeoff_core.system.files import read_text
from bakeoff_core.system.locks import is_locked
from bakeoff_core.system.paths import home

LEADER = "leader"
"""File with the process id of the worker's first process, from the launcher: a worker that is still loading its
libraries has not said it yet."""
MAIN = "bakeoff_core.jobs.main"
ROOT = Path(__file__).resolve().parents[3]
"""Where `bakeoff_core` is, so that a worker finds it."""


class LocalLauncher:
    """The launcher of this machine; see `launchers.base.Launcher`. A process id alone would lie: it outlives a killed
    child that nobody reaped, and is given out again, so whether a worker is alive is asked of its lock."""

    def launch(self, folder: Path, command: WorkerCommand, locks: Sequence[IO[str]]) -> None:
        """Start the worker. The locks live in the open files, which it inherits; closing ours leaves them held."""
        torchrun = ["torch.distributed.run", "--standalone", f"--nproc-per-node={command.processes}", "--module"]
        with (folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *(torchrun if command.processes > 1 else ()), MAIN, command.module, str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                # A relative home would mean another folder over there.
                env={**os.environ, **command.environment, "BAKEOFF_HOME": str(home())},
                pass_fds=[handle.fileno() for handle in locks],
                start_new_session=True,
            )
        with contextlib.suppress(OSError):  # a full disk; the worker will say its own process id, or fail
            (folder / LEADER).write_text(str(process.pid))
        threading.Thread(target=process.wait, daemon=True, name=f"reap {folder.name}").start()

    def is_alive(self, folder: Path) -> bool:
        """Tell whether any process holds the job's lock."""
        return is_locked(folder / "lock")

    def ask_to_stop(self, folder: Path, pid: int | None) -> None:
        """Send the worker the signal that it turns into its end."""
        if pid is None:
            self.kill(folder, None)
        else:
            _send(os.kill, pid, signal.SIGTERM)

    def kill(self, folder: Path, pid: int | None) -> None:
        """Kill the worker's process group, and that of the process that leads it."""
        if pid is not None:
            _send(os.killpg, pid, signal.SIGKILL)
            _send(os.kill, pid, signal.SIGKILL)  # of several processes, one under a launcher leads no group
        leader = read_text(folder / LEADER).strip()
        if leader.isdecimal():
            _send(os.killpg, int(leader), signal.SIGKILL)


def _send(how: Callable[[int, int], None], pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(pid, sign)
