"""The product as it is started, asked under foreign names: by raw requests, and by a browser that believes them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import REPOSITORY, AppServer

UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: streamlit",
)
EVERYTHING = [
    *("/", "/nonsense", "/static/index.html", "/media/0.png", "/component/a/b", "/rank?x=1"),
    *("/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/stream", "/_stcore/upload_file/a/b"),
    *("/_stcore/bidi-components/a/b", "/_stcore/agent/openapi.json", "/_stcore/agent/interact", "//x", "/../x"),
]
REFUSED = b"Backbone Bake-off answers to localhost, to loopback addresses and to the names in BAKEOFF_ALLOWED_HOSTS."


@pytest.fixture(scope="module")
def server(module_app_server) -> AppServer:
    return module_app_server(env={"BAKEOFF_ALLOWED_HOSTS": "box.example"})


def ask(server: AppServer, path: str, *headers: str, method: str = "GET", version: str = "1.1", body: str = ""):
    """One raw request's status and the rest of the answer."""
    lines = [f"{method} {path} HTTP/{version}", *headers, *(() if UPGRADE[0] in headers else ("Connection: close",))]
    with socket.create_connection(("localhost", int(server.url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(("\r\n".join([*lines, "", ""]) + body).encode("latin-1"))
        answer = b""
        while received := connection.recv(65536):
            answer += received
            if answer.startswith(b"HTTP/1.1 101"):  # the connection stays open
                break
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head + rest


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_is_served_under_a_foreign_name(server, path, method):
    status, text = ask(server, path, "Host: evil.example", "Content-Length: 0", method=method)
    assert status == 403 and REFUSED in text and b"BAKEOFF_ALLOWED_HOSTS=evil.example" in text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.:8501", "127.0.0.1", "127.9.9.9:1", "[::1]", "box.example:9"])
def test_pages_and_websockets_are_served_under_known_names(server, host):
    assert ask(server, "/_stcore/health", f"Host: {host}")[0] == 200
    assert ask(server, "/_stcore/health", f"Host: {host}", version="1.0")[0] == 200
    assert ask(server, "/_stcore/stream", f"Host: {host}", f"Origin: http://{host}", *UPGRADE)[0] == 101
    assert ask(server, "/_stcore/stream", f"Host: {host}", *UPGRADE)[0] == 101


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: evil.example", "Origin: http://evil.example"),
        ("Host: evil.example",),
        ("Host: evil.example", "Origin: http://evil.example", "X-Forwarded-Host: localhost"),
        ("Host: 192.168.1.5", "Origin: http://192.168.1.5"),
        ("Host: localhost", "Origin: http://evil.example"),
        ("Host: localhost", "Origin: null"),
        ("Host: localhost", "Origin: http://box.example.evil.example"),
    ],
)
def test_no_websocket_opens_under_a_foreign_name_or_for_a_foreign_page(server, headers):
    assert ask(server, "/_stcore/stream", *headers, *UPGRADE)[0] == 403


def test_a_request_without_exactly_one_host_is_refused(server):
    assert ask(server, "/_stcore/health", version="1.0")[0] == 403
    assert ask(server, "/_stcore/health")[0] == 400
    assert ask(server, "/_stcore/health", "Host: localhost", "Host: evil.example")[0] == 400
    assert ask(server, "http://evil.example/_stcore/health", "Host: localhost")[0] == 403
    assert ask(server, "http://localhost/_stcore/health", "Host: evil.example")[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_uploads_need_a_known_name_and_then_the_page_own_token(server, method):
    token = re.search(rb"_streamlit_xsrf=([^;]+)", ask(server, "/_stcore/health", "Host: localhost")[1])[1].decode()
    path, own = "/_stcore/upload_file/no-session/file", (f"Cookie: _streamlit_xsrf={token}", f"X-Xsrftoken: {token}")
    length = "Content-Length: 0"
    status, text = ask(server, path, "Host: evil.example", length, *own, method=method)
    assert status == 403 and REFUSED in text
    status, text = ask(server, path, "Host: localhost", "Origin: http://evil.example", length, *own, method=method)
    assert status == 403 and b"made by a page of 'http://evil.example'" in text
    status, text = ask(server, path, "Host: localhost", length, method=method)
    assert status == 403 and b"XSRF token missing or invalid" in text
    status, text = ask(server, path, "Host: localhost", length, *own, method=method)
    assert (status, b"Invalid session_id" in text) == ((400, True) if method == "PUT" else (204, False))


def test_a_foreign_page_does_not_make_the_server_ask_for_its_address_outside(server):
    ask(server, "/_stcore/stream", "Host: localhost", "Origin: http://foreign.example", *UPGRADE)
    log = server.log_path.read_text()
    assert "made by a page of 'http://foreign.example'" in log
    assert "external IP" not in log


def test_no_page_of_streamlit_own_cloud_may_steer_the_app(server):
    assert b'"allowedOrigins":[]' in ask(server, "/_stcore/host-config", "Host: localhost")[1]


def test_a_browser_that_takes_a_foreign_name_for_this_machine_gets_words_and_a_given_name_gets_the_app(server, page):
    port = server.url.rpartition(":")[2]
    page.goto(f"http://evil.example:{port}/rank")
    expect(page.locator("body")).to_contain_text("BAKEOFF_ALLOWED_HOSTS=evil.example")
    page.goto(f"http://box.example:{port}/rank")
    expect(page.get_by_role("link", name="Rank")).to_be_visible()
    expect(page.get_by_text("Machine and setting")).to_be_visible()


def test_a_container_listens_beyond_this_machine_and_answers_to_localhost_and_given_names_alone(app_server):
    command = re.search(r"^CMD \[.*", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)[0]
    options = dict(re.findall(r"--([\w.]+)=([\w.]+)", command))
    assert options["server.address"] == "0.0.0.0"
    names = {name: re.sub(r"(?=[A-Z])|\.", "_", name).upper() for name in options}
    told = {f"STREAMLIT_{names[name]}": value for name, value in options.items()}
    server = app_server(env=told | {"BAKEOFF_ALLOWED_HOSTS": "box.example"})
    for host, status in {"localhost": 200, "box.example": 200, "0.0.0.0": 403, socket.gethostname(): 403}.items():
        assert ask(server, "/_stcore/health", f"Host: {host}")[0] == status, host
    log = server.log_path.read_text()
    assert f"URL: {server.url}" in log and "Network URL" not in log and "external IP" not in log


def test_a_name_that_is_none_keeps_the_server_from_starting_and_is_told(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0"],
        cwd=REPOSITORY,
        env=os.environ | {"BAKEOFF_HOME": str(tmp_path), "BAKEOFF_ALLOWED_HOSTS": "http://box.lab"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    assert "BAKEOFF_ALLOWED_HOSTS must hold names or addresses" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_a_server_that_is_told_to_stop_ends_well(app_server, how):
    server = app_server()
    server.process.send_signal(how)
    assert server.process.wait(60) == 0
    assert "Traceback" not in server.log_path.read_text()
