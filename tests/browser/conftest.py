"""What every browser test needs: Chromium, a running product, a page that fails on script errors.

A page of Streamlit is megabytes of scripts, which take a new browser two seconds of a processor to fetch and compile.
All tests share one profile, where Chromium keeps them, compiled, by their address: a server has a port that an earlier
one has given back. What the pages themselves store is cleared after each test.

Chromium is found through BAKEOFF_CHROMIUM or on the PATH. Without one the tests are skipped, unless
BAKEOFF_NO_SKIP=1 says that they must run (as in CI): then they fail.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect, sync_playwright

from bakeoff_core.jobs.launchers.local import LEADER, LocalLauncher
from bakeoff_core.system.locks import is_locked
from tests.support.warm_workers import WarmServer

REPOSITORY = Path(__file__).resolve().parents[2]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

CHROMIUM_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # names that a web page, or the user, has pointed at this machine
)

BENIGN_PAGE_ERRORS = (
    # An observer was late by one frame; nothing is lost and no code of ours runs in it.
    re.compile(r"ResizeObserver loop"),
)

expect.set_options(timeout=30_000)  # a busy machine takes seconds for what is instant on a quiet one

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10


class AppServer:
    """One `streamlit run` of the product, on one port for all its lives.

    Attributes:
        url: Where it answers.
        home: Its `BAKEOFF_HOME`.
        log_path: Everything it printed, over all starts.
        process: The server process of the latest start.
    """

    def __init__(
        self, app: Path, home: Path, extra_env: dict[str, str] | None, streamlit: Sequence[str], port: int
    ) -> None:
        self._command = [sys.executable, "-m", *streamlit, "run", str(app)]
        self._extra_env = extra_env or {}
        self._port = port
        self.home = home
        self.log_path = home.with_name(f"{home.name}-server.log")
        self.url = f"http://localhost:{self._port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it reports itself healthy.

        Raises:
            RuntimeError: It ended or did not answer in time; the words hold the end of its log.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        options = {"server.port": self._port, "server.headless": "true", "browser.gatherUsageStats": "false"}
        options_told = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, *options_told],
                cwd=REPOSITORY,
                env=os.environ | {"BAKEOFF_HOME": str(self.home)} | self._extra_env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, which `close` can end
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.log_path.read_text(errors="replace")[-2000:]
                self.close()
                raise RuntimeError(f"The app did not come up at {self.url}. Its log ends with:\n{tail}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server politely, as Ctrl-C or `docker stop` would; its jobs go on."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server without warning, as a crash would; its jobs go on."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End the server, its process group, and every job that still works in its `BAKEOFF_HOME`."""
        self._end(signal.SIGTERM)
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        for leader in self.home.rglob(LEADER):
            if is_locked(leader.with_name("lock")):
                LocalLauncher().kill(leader.parent, None)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("BAKEOFF_HOME") == str(self.home):
                    process.kill()

    def _end(self, how: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


_PORTS_GIVEN_BACK: list[int] = []


def _take_port() -> int:
    wanted = _PORTS_GIVEN_BACK.pop() if _PORTS_GIVEN_BACK else 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("localhost", wanted))
        except OSError:  # another program has it by now
            probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def _chromium_path() -> str | None:
    named = os.environ.get("BAKEOFF_CHROMIUM")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserContext]:
    """One headless Chromium for the whole run, with a profile that remembers scripts."""
    path = _chromium_path()
    if path is None:
        reason = (
            f"No Chromium: none of {', '.join(CHROMIUM_NAMES)} is on the PATH. "
            "Install one, or name it in BAKEOFF_CHROMIUM."
        )
        if os.environ.get("BAKEOFF_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            "",
            executable_path=path,
            args=list(CHROMIUM_ARGS),
            viewport={"width": 1280, "height": 800},
            reduced_motion="reduce",
        )
        yield profile
        profile.close()


def _serve(folder: Path, *streamlit: str) -> Iterator[Callable[..., AppServer]]:
    servers: list[AppServer] = []
    ports: list[int] = []

    def start(app: str | Path = "app.py", *, home: Path | None = None, env: dict[str, str] | None = None) -> AppServer:
        ports.append(_take_port())
        server = AppServer(REPOSITORY / app, home or folder / f"home-{len(servers)}", env, streamlit, ports[-1])
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.close()
    _PORTS_GIVEN_BACK.extend(ports)


@pytest.fixture
def app_server(tmp_path: Path) -> Iterator[Callable[..., AppServer]]:
    """Start the product: `app_server(app="app.py", home=None, env=None)` returns a running `AppServer`.

    `app` is relative to the repository; `home` defaults to a fresh folder; `env` is added to the
    environment. All servers that were started are ended after the test, jobs included.
    """
    yield from _serve(tmp_path, "streamlit")


@pytest.fixture
def warm_app_server(tmp_path: Path, warm_server: WarmServer) -> Iterator[Callable[..., AppServer]]:
    """Do as `app_server`, with jobs that need not load torch: where a test is not about their start and end."""
    warm_server.wait_until_loaded()
    yield from _serve(tmp_path, "tests.browser.warm_streamlit", warm_server.address)


@pytest.fixture
def named_home(tmp_path: Path, warm_server: WarmServer) -> Path:
    """A state folder where timm's names are known: the first page to ask has a worker list them otherwise."""
    return warm_server.give_names(tmp_path / "named")


@pytest.fixture(scope="module")
def module_app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., AppServer]]:
    """Do as `app_server`, for the tests of one module that can share a server."""
    yield from _serve(tmp_path_factory.mktemp("servers"), "streamlit")


def at_rest(element: Locator) -> FloatRect:
    """Return where an element is once it has stopped moving: a page settles in steps after it is loaded.

    Raises:
        AssertionError: It was not to be seen, or still moved after ten seconds.
    """
    before = None
    for _ in range(100):
        now = element.bounding_box()
        if now is not None and now == before:
            return now
        before = now
        element.page.wait_for_timeout(100)
    raise AssertionError(f"{element} does not come to rest: last seen at {before}.")


@pytest.fixture
def page(chromium: BrowserContext) -> Iterator[Page]:
    """A fresh 1280x800 tab; an error that no script caught fails the test."""
    tab = chromium.new_page()
    errors: list[str] = []
    addresses: set[str] = set()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("framenavigated", lambda frame: addresses.add(frame.url))
    yield tab
    _forget_what_pages_stored(chromium, addresses)
    unexpected = [text for text in errors if not any(known.search(text) for known in BENIGN_PAGE_ERRORS)]
    assert not unexpected, f"The page raised errors that no script caught: {unexpected}"


def _forget_what_pages_stored(profile: BrowserContext, addresses: set[str]) -> None:
    """Close all tabs but an empty one, and clear what their pages stored; scripts stay."""
    blank = profile.new_page()
    for tab in profile.pages:
        if tab is not blank:
            tab.close()
    profile.clear_cookies()
    cdp = profile.new_cdp_session(blank)
    for origin in {"/".join(address.split("/")[:3]) for address in addresses if address.startswith("http")}:
        stored = "local_storage,indexeddb,cache_storage,service_workers"
        cdp.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": stored})
    cdp.detach()
