"""The address under which a browser asks for the answers while a thumb is dragged, and the HTTP of it.

Like everything that the server answers it goes through `common.known_hosts` first. Not covered: the answers
(`live_answers`).
"""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit import config

from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.limits import parse_limit

ASKED = "asked"
"""Parameter for the token of the question; the two limits are as in a link."""
_HEADERS = {"Cache-Control": "no-store"}


def path() -> str:
    """Return the path of the address, below the one at which the app is served."""
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/live/answers" if base else "/live/answers"


def route() -> Route:
    """Return the route for the server."""
    return Route(path(), respond, methods=["GET"])


def respond(request: Request) -> Response:
    """Answer a request: 200 with the answers, 404 where the question is not known here, 400 for what is no limit."""
    # Here, so that the server starts without all that pages need.
    from pages.parts.common.links import FLOOR, LATENCY
    from pages.parts.frontier import live_answers

    given = request.query_params
    try:
        floor, latency_ms = (
            _limit(given, name, limit) for name, limit in ((FLOOR, "min_top1"), (LATENCY, "max_latency_s"))
        )
    except ValueError as err:
        return PlainTextResponse(str(err), 400, _HEADERS)
    limits = Limits(min_top1=floor, max_latency_s=latency_ms / 1e3)
    answer = live_answers.answer(given.get(ASKED, ""), limits)
    if answer is None:
        return PlainTextResponse("This question is not known to the server. Reload the page.", 404, _HEADERS)
    return JSONResponse(answer, headers=_HEADERS)


def _limit(given: QueryParams, name: str, limit: str) -> float:
    try:
        return parse_limit(limit, given.get(name, ""))
    except ValueError as err:
        raise ValueError(f"`{name}` {err}") from err
