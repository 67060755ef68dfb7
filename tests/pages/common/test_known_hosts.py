"""What goes through to Streamlit and what does not, request by request, as an ASGI server hands it over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit import config

from bakeoff_core.reporting.text.hosts import refuse_host, refuse_origin
from pages.parts.common.known_hosts import KnownHosts, names_given

OPTIONS = ("server.address", "browser.serverAddress", "server.enableCORS", "server.corsAllowedOrigins")


@pytest.fixture(autouse=True)
def plain_options(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Streamlit's options as they are without any file or flag, and put back afterwards."""
    monkeypatch.delenv("BAKEOFF_ALLOWED_HOSTS", raising=False)
    before = {name: config.get_option(name) for name in OPTIONS}
    for name, value in zip(OPTIONS, (None, "localhost", True, []), strict=True):
        config.set_option(name, value)
    yield
    for name, value in before.items():
        config.set_option(name, value)


def answer(*headers: tuple[str, str], kind: str = "http", path: str = "/", allowed: tuple[str, ...] = ()) -> list[dict]:
    """What a request is answered; an empty list where it was let through."""
    sent: list[dict] = []
    through: list[str] = []

    async def app(scope, _receive, _send):
        through.append(scope["path"])

    async def send(message):
        sent.append(message)

    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "path": path, "method": "GET", "headers": raw}
    with ThreadPoolExecutor(1) as thread:  # a browser's tests leave a loop running in this one
        thread.submit(asyncio.run, KnownHosts(app, frozenset(allowed))(scope, None, send)).result()
    assert bool(through) != bool(sent)
    return sent


def words(sent: list[dict]) -> tuple[int, str]:
    """The status and the text of an answer."""
    start, body = sent
    assert dict(start["headers"])[b"content-type"] == b"text/plain; charset=utf-8"
    return start["status"], body["body"].decode()


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("host", ["localhost:8501", "LOCALHOST.", "127.3.4.5", "[::1]:8501", "box.lab"])
def test_known_names_go_through(kind, host):
    assert answer(("Host", host), kind=kind, allowed=("box.lab",)) == []
    assert answer(("Host", host), ("Origin", f"http://{host}"), kind=kind, allowed=("box.lab",)) == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "192.168.1.5", "0.0.0.0", "evil@localhost"])
def test_foreign_names_are_refused_with_words(host):
    assert words(answer(("Host", host), allowed=("box.lab",))) == (403, refuse_host(host))


@pytest.mark.parametrize("hosts", [(), ("",), ("localhost", "localhost"), ("localhost", "evil.example")])
def test_a_request_must_name_one_host(hosts):
    assert words(answer(*(("Host", host) for host in hosts))) == (403, refuse_host(None))


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "Forwarded", "X-Original-Host", "X-Host", ":authority"])
def test_no_other_header_makes_a_name_known(name):
    value = "host=localhost" if name == "Forwarded" else "localhost"
    assert words(answer(("Host", "evil.example"), (name, value))) == (403, refuse_host("evil.example"))
    assert answer(("Host", "localhost"), (name, "evil.example")) == []


def test_a_target_in_the_absolute_form_must_be_known_as_well():
    foreign = "http://evil.example/_stcore/health"
    assert words(answer(("Host", "localhost"), path=foreign)) == (403, refuse_host(foreign))
    assert words(answer(("Host", "localhost"), path="evil.example:80")) == (403, refuse_host("evil.example:80"))
    assert answer(("Host", "localhost"), path="http://LOCALHOST:8501/_stcore/health") == []
    assert answer(("Host", "localhost"), path="*") == []


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://192.168.1.5:8501", "http://0.0.0.0:8501"])
def test_pages_of_foreign_names_are_refused_under_any_name(origin):
    assert words(answer(("Host", "localhost"), ("Origin", origin))) == (403, refuse_origin(origin))


def test_every_origin_of_a_request_must_be_known():
    headers = (("Host", "localhost"), ("Origin", "http://localhost"), ("Origin", "http://evil.example"))
    assert words(answer(*headers)) == (403, refuse_origin("http://evil.example"))


def test_a_refused_websocket_is_closed_before_it_is_open_and_the_terminal_says_why(caplog):
    closed = [{"type": "websocket.close", "code": 1008}]
    assert answer(("Host", "evil.example"), ("Origin", "http://evil.example"), kind="websocket") == closed
    assert answer(("Host", "localhost"), ("Origin", "http://evil.example"), kind="websocket") == closed
    assert [record.getMessage() for record in caplog.records] == [
        refuse_host("evil.example"),
        refuse_origin("http://evil.example"),
    ]


def test_origins_that_streamlit_was_told_to_trust_go_through():
    config.set_option("server.corsAllowedOrigins", ["https://portal.example"])
    assert answer(("Host", "localhost"), ("Origin", "https://portal.example")) == []
    assert words(answer(("Host", "localhost"), ("Origin", "https://other.example")))[0] == 403
    config.set_option("server.enableCORS", False)
    assert answer(("Host", "localhost"), ("Origin", "https://other.example")) == []
    assert words(answer(("Host", "other.example"), ("Origin", "https://other.example")))[0] == 403


def test_the_start_and_the_end_of_the_server_go_through():
    assert answer(kind="lifespan") == []


@pytest.mark.parametrize(
    ("listening", "printed", "given"),
    [
        (None, "localhost", {"localhost"}),
        ("0.0.0.0", "localhost", {"localhost"}),
        ("::", "localhost", {"localhost"}),
        ("192.168.1.5", "localhost", {"192.168.1.5", "localhost"}),
        ("fe80::1", "Box.lab", {"fe80::1", "box.lab"}),
        ("0.0.0.0", "box.lab/bakeoff", {"box.lab"}),
    ],
)
def test_the_address_that_streamlit_was_told_is_a_name_but_all_addresses_are_none(listening, printed, given):
    config.set_option("server.address", listening)
    config.set_option("browser.serverAddress", printed)
    assert names_given() == given


def test_names_of_the_variable_are_given(monkeypatch):
    monkeypatch.setenv("BAKEOFF_ALLOWED_HOSTS", "box.lab,192.168.1.5")
    assert names_given() == {"localhost", "box.lab", "192.168.1.5"}
