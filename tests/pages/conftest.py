"""What every test of a page gets: jobs that start and get no further."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

from bakeoff_core.jobs import manager
from bakeoff_core.jobs.launchers.base import WorkerCommand
from bakeoff_core.jobs.launchers.local import LocalLauncher


class LoadingLauncher(LocalLauncher):
    """See `jobs.launchers.base.Launcher`; its workers are loading their libraries until the test ends.

    More is not seen of one in the moments that a page is drawn without a browser, and a page that has timm's names
    listed would leave a process behind for each test, which takes seconds of a processor.
    """

    def __init__(self) -> None:
        self._held: list[int] = []

    def launch(self, folder: Path, command: WorkerCommand, locks: Sequence[IO[str]]) -> None:
        """Keep the locks held, as a worker would."""
        self._held += [os.dup(handle.fileno()) for handle in locks]

    def close(self) -> None:
        """Let go of all locks."""
        for handle in self._held:
            os.close(handle)


@pytest.fixture(autouse=True)
def loading_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start this test's jobs without a process."""
    launcher = LoadingLauncher()
    monkeypatch.setattr(manager, "LAUNCHER", launcher)
    yield
    launcher.close()
