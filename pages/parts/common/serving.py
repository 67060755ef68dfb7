"""How the app is served: what every request goes through first, and how the server ends."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.middleware import Middleware
from streamlit import App
from uvicorn import Server

from bakeoff_core.errors import BakeoffError
from pages.parts.common.known_hosts import KnownHosts, names_given


def middleware() -> list[Middleware]:
    """Return what every request goes through first.

    Raises:
        SystemExit: A setting can't be followed; the server must not start.
    """
    try:
        return [Middleware(KnownHosts, allowed=names_given())]
    except BakeoffError as err:
        raise SystemExit(str(err)) from err


@asynccontextmanager
async def until_told_to_stop(_app: App) -> AsyncIterator[None]:
    """Have the server end with exit code 0 on Ctrl-C, SIGTERM and SIGQUIT, as Streamlit does with a plain script.

    Uvicorn sends itself the signal again once it has shut down, which would end the process as killed and skip what is
    to be done at its exit.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, Server):  # not under another ASGI server, which ends in its own way
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    yield
