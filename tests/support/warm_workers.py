"""A launcher whose workers are forked from a process that has torch loaded: real processes, started in milliseconds.

A worker that is started as users' are loads torch, timm and more, twice where it decodes images: eight seconds of a
processor, before it does what a test is about. What forking hides is how a worker is started and which processes it
leaves: tests of that use the product's launcher.

`python -m tests.support.warm_workers SOCKET` serves at an open socket until its standard input is closed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import IO

from bakeoff_core.finetuning.comparison.request import ComparisonSpec
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs import main as worker_main
from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.launchers.base import WorkerCommand
from bakeoff_core.jobs.launchers.local import LEADER, LocalLauncher
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.ranking.request import RankSpec
from bakeoff_core.schema import parsing
from bakeoff_core.search.spec import SearchSpec
from bakeoff_core.system.paths import home, timm_models_path
from tests.support.places import ROOT

LONGEST_REQUEST = 2**17
ARE_YOU_THERE = b"null"
"""In place of a request: forks nothing."""
LOADED = (
    *(f"bakeoff_core.{name}.worker" for name in ("finetuning", "finetuning.comparison", "finetuning.dry_run")),
    *(f"bakeoff_core.{name}" for name in ("ranking.worker", "search.measuring_worker", "search.worker")),
    "bakeoff_core.profiling.anatomy.worker",
    *("openvino", "openvino.frontend.pytorch.ts_decoder"),
)
FORKED = (*kinds.DECODING, "bakeoff_core.profiling.round", "bakeoff_core.profiling.anatomy.trace")
"""What the processes need that workers fork, to decode images, to measure a model and to take one apart."""


class WarmServer:
    """The process that workers are forked from. It ends with `close`, or with this process, however that ends."""

    def __init__(self, folder: Path) -> None:
        """Start it; its socket lies in `folder`."""
        self.address = str(folder / "warm.sock")
        self._home = folder
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self.address)
            listener.listen()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm_workers", str(listener.fileno())],
                stdin=subprocess.PIPE,
                cwd=ROOT,
                env=os.environ | kinds.YIELDING | {"HF_HUB_OFFLINE": "1", "BAKEOFF_HOME": str(folder)},
                pass_fds=[listener.fileno()],
            )

    def wait_until_loaded(self) -> None:
        """Wait until it forks at once: a page's patience is not for loading."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(self.address)
            connection.send(ARE_YOU_THERE)
            connection.recv(32)

    def give_names(self, other_home: Path) -> Path:
        """Write timm's names into a state folder, so that no page there has them listed; returns the folder."""
        self.wait_until_loaded()
        other_home.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._home / timm_models_path().name, other_home)
        return other_home

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait()


class WarmLauncher(LocalLauncher):
    """See `jobs.launchers.base.Launcher`; workers of several processes are started as ever."""

    def __init__(self, address: str) -> None:
        self._address = address

    def launch(self, folder: Path, command: WorkerCommand, locks: Sequence[IO[str]]) -> None:
        """Fork a worker."""
        if command.processes > 1:
            super().launch(folder, command, locks)
            return
        environment = {**os.environ, **command.environment, "BAKEOFF_HOME": str(home())}
        request = json.dumps([command.module, str(folder), environment]).encode()
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection,
            (folder / "log.txt").open("ab") as log,
        ):
            connection.connect(self._address)
            socket.send_fds(connection, [request], [log.fileno(), *(handle.fileno() for handle in locks)])
            pid = connection.recv(32).decode()
        with contextlib.suppress(OSError):
            (folder / LEADER).write_text(pid)


def serve(listener: socket.socket) -> None:
    """Fork a worker for every request, until standard input is closed."""
    for name in LOADED:
        importlib.import_module(name)
    # Worked out once for all that are forked: timm's names, and how the requests are read.
    importlib.import_module("bakeoff_core.models.timm_models").known_models()
    for spec in (FinetuneSpec, ComparisonSpec, RankSpec, MeasureSpec, SearchSpec):
        parsing._adapter(spec)
    start_fork_server(FORKED)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for workers: the system takes them away
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        with listener.accept()[0] as connection:
            request, files, _, _ = socket.recv_fds(connection, LONGEST_REQUEST, 8)
            if request == ARE_YOU_THERE:
                connection.send(b"yes")
                continue
            pid = os.fork()
            if not pid:
                connection.close()
                listener.close()
                os._exit(_work(*json.loads(request), *files))
            for file in files:
                os.close(file)
            connection.send(str(pid).encode())


def _work(module: str, folder: str, environment: dict[str, str], log: int, *locks: int) -> int:
    """Be the worker. Its locks are held by the open files until it is gone."""
    os.setsid()
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Images are decoded, and models run, by processes forked from that of the server, which is not ours to wait for.
    forkserver.ensure_running = forkserver._forkserver.ensure_running = resource_tracker.ensure_running
    # What those import once more: the small main module of a worker, and not this one with all its requests.
    sys.modules["__main__"] = worker_main
    sys.argv = [module, folder]
    try:
        return importlib.import_module(module).main(folder)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
