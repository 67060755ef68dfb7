"""What every test gets: state of its own, a measuring lock of its own, and no silent skips in CI.

With `BAKEOFF_NO_SKIP=1` (set by `.ci/run`) a test that would be skipped fails and says why.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff_core.jobs import manager
from tests.support.warm_workers import WarmLauncher, WarmServer

# Every process that a test starts would compile the product anew where an environment forbids to keep what is compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Before torch is loaded: beside another test, threads that spin while they wait hold the cores that the awaited ones
# need.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder, and a lock that no job of the developer's holds."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BAKEOFF_HOME", str(folder))
    monkeypatch.setenv("BAKEOFF_MEASURING_LOCK", str(tmp_path / "measuring.lock"))
    monkeypatch.setenv("BAKEOFF_PATIENCE_S", "0")  # other tests keep the machine busy
    return folder


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put `__main__` back: `AppTest` leaves the page there, and a process that is forked later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def warm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmServer]:
    """What forks workers that need not load torch; one for all tests that don't ask how workers start and end."""
    server = WarmServer(tmp_path_factory.mktemp("warm"))
    yield server
    server.close()


@pytest.fixture
def warm_workers(warm_server: WarmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the workers of this test's jobs by the warm launcher."""
    monkeypatch.setattr(manager, "LAUNCHER", WarmLauncher(warm_server.address))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte that can really be filled."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Turn a skip into a failure where nothing may be skipped."""
    report = yield
    if os.environ.get("BAKEOFF_NO_SKIP") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, though BAKEOFF_NO_SKIP is set: {call.excinfo.value if call.excinfo else ''}"
    return report
