"""What a launcher does: start a job's worker, tell whether it lives, and end it. Not covered: what a worker does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol


@dataclass(frozen=True)
class WorkerCommand:
    """What to start for a job."""

    module: str
    """Of the worker; run as `python -m bakeoff_core.jobs.main MODULE FOLDER`."""
    processes: int = 1
    """Processes of the worker, started together by PyTorch's launcher where there are several."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that it gets beside those of this process."""


class Launcher(Protocol):
    """Starts and ends workers. A job's folder is all that it and the worker share.

    Whoever launches holds the job's locks as open files; a launcher sees to it that they stay held until the worker and
    all its processes are gone, however they go.
    """

    def launch(self, folder: Path, command: WorkerCommand, locks: Sequence[IO[str]]) -> None:
        """Start the worker of the job in `folder`, which outlives this process."""

    def is_alive(self, folder: Path) -> bool:
        """Tell whether any process of the worker is left."""

    def ask_to_stop(self, folder: Path, pid: int | None) -> None:
        """Ask a worker to save and end.

        Args:
            folder: Of a job that is alive.
            pid: The process id that the worker has said; one that has not said it yet has nothing to save, and is
                killed.
        """

    def kill(self, folder: Path, pid: int | None) -> None:
        """End every process of a worker at once; arguments as for `ask_to_stop`."""
