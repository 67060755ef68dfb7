"""Refuse, before Streamlit sees them, requests under a foreign name or from a web page of one.

Everything the server answers goes through here: pages, websockets, uploads, media, components, health. Streamlit's own
`server.allowedHosts` guards websockets alone. See docs/decisions/015-names-the-server-answers-to.md.
"""

from __future__ import annotations

from collections.abc import Set

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.logger import get_logger

from bakeoff_core.reporting.text.hosts import refuse_host, refuse_origin
from bakeoff_core.system.hosts import allowed_hosts, host_of, host_of_url, is_allowed

LOGGER = get_logger(__name__)

WILDCARDS = ("0.0.0.0", "::")
"""Addresses to listen at, which are no names of this machine."""


class KnownHosts:
    """ASGI middleware: hand on what is asked under a known name, and refuse everything else with 403 and plain words.

    Args:
        app: What answers the requests that are let through.
        allowed: The names to answer to beside those of loopback, as `names_given` returns them.
    """

    def __init__(self, app: ASGIApp, allowed: Set[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no request (the server's start and end) is handed on."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # a browser shows nobody the words of this answer; a page waits for it in vain
            LOGGER.warning(refusal)
            await send({"type": "websocket.close", "code": 1008})  # before it was accepted: 403
            return
        response = PlainTextResponse(refusal, 403, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
        await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        asked = headers.getlist("host")
        if len(asked) != 1 or not asked[0]:
            return refuse_host(None)
        if not is_allowed(host_of(asked[0]), self._allowed):
            return refuse_host(asked[0])
        # What is asked for in the absolute form names a host of its own, which goes before `Host` (RFC 9112, 3.2.2).
        target = scope["path"]
        if not target.startswith(("/", "*")) and not is_allowed(host_of_url(target), self._allowed):
            return refuse_host(target)
        for origin in headers.getlist("origin"):
            if not is_allowed(host_of_url(origin), self._allowed) and not _is_trusted(origin):
                return refuse_origin(origin)
        return None


def names_given() -> frozenset[str]:
    """Return the names that the user gave this server, in the spelling of `system.hosts.host_of`.

    Those in `BAKEOFF_ALLOWED_HOSTS`, and the one that Streamlit was told to listen at or to print as its address.

    Raises:
        BakeoffError: `BAKEOFF_ALLOWED_HOSTS` holds something that is no name.
    """
    given = (config.get_option(option) or "" for option in ("server.address", "browser.serverAddress"))
    hosts = (host_of(text.partition("/")[0]) or host_of(f"[{text}]") for text in given)
    return allowed_hosts().union(host for host in hosts if host is not None and host not in WILDCARDS)


def _is_trusted(origin: str) -> bool:
    """Whether the user lets in pages of this origin, or of any, by Streamlit's own options."""
    return not config.get_option("server.enableCORS") or origin in config.get_option("server.corsAllowedOrigins")
