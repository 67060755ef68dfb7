"""A server of files on this machine, which can fail in every way that servers do."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def serving(
    files: Mapping[str, bytes], *, half: str = "", hang: bool = False, drip: str = "", sized: bool = True
) -> Iterator[str]:
    """Serve files and yield their base address.

    Args:
        files: Contents by name.
        half: Of this file only half is sent.
        hang: Then the connection stays open instead of being closed.
        drip: Of this file a byte comes now and then.
        sized: Say how large a file is.
    """
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            content = files.get(name)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            if sized:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                if name == drip:
                    for at in range(len(content)):
                        self.wfile.write(content[at : at + 1])
                        if over.wait(0.05):
                            return
                self.wfile.write(content[: len(content) // 2] if name == half else content)
                if name == half and hang:
                    over.wait()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Yield the address of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """Yield an address where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}/"


def hang_for_ever(*arguments: object, **options: object) -> None:
    """Stand in for a resolver whose name server is gone."""
    time.sleep(600)
