"""A file from an address, in time or not at all.

Whatever may hang, the resolving of a name included, runs in a thread beside, which the process does not wait for.
Not covered: whether the bytes are the right ones (see `datasets.download.worker`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx2

STALL_S, STALL_BYTES = 10.0, 64_000
"""So many bytes must come in so many seconds, or the connection counts as broken."""
LOOK_S = 0.1
"""How often to see how far it is."""


class UnavailableError(Exception):
    """A file can't be had from where it should be; its text is a sentence."""


def fetch_file(
    url: str,
    path: Path,
    *,
    answer_by: float,
    most_bytes: int,
    admit: Callable[[int], None],
    progress: Callable[[int, int | None], None],
) -> None:
    """Fetch what is at an address into a file; where it fails, half a file may be left.

    Args:
        url: The address.
        path: The file.
        answer_by: When the first `STALL_BYTES`, or all where there are fewer, must be here; as `time.monotonic`.
        most_bytes: A larger file is refused.
        admit: Told the size of the whole before any of it comes, where the server says it; raises what `fetch_file`
            raises then. Runs in another thread.
        progress: Told the bytes that are here and the size of the whole, several times a second.

    Raises:
        UnavailableError: Nobody answers in time, with an error, or not to the end.
        OSError: It can't be stored.
    """
    with path.open("wb") as handle:
        transfer = _Transfer(url, handle, most_bytes, admit)
        threading.Thread(target=transfer.run, daemon=True, name="download").start()
        due = STALL_BYTES
        try:
            while not transfer.over.wait(LOOK_S):
                if transfer.received >= due:
                    answer_by, due = time.monotonic() + STALL_S, transfer.received + STALL_BYTES
                elif time.monotonic() >= answer_by:
                    done = transfer.received
                    heard = f"the connection stands still after {done:,} bytes" if done else "there is no answer"
                    raise UnavailableError(f"{url}: {heard}.")
                if transfer.received:
                    progress(transfer.received, transfer.total)
        finally:
            transfer.is_unwanted = True
    if transfer.error is not None:
        raise transfer.error
    progress(transfer.received, transfer.total)


class _Transfer:
    """One file on its way, in a thread: resolving a name, for one, can't be given a time limit."""

    def __init__(self, url: str, handle: IO[bytes], most_bytes: int, admit: Callable[[int], None]) -> None:
        self._url, self._handle, self._most_bytes, self._admit = url, handle, most_bytes, admit
        self.received, self.total = 0, None
        self.error: Exception | None = None
        self.over = threading.Event()
        self.is_unwanted = False

    def run(self) -> None:
        try:
            with self._client() as client, client.stream("GET", self._url) as answer:
                self._store(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, ImportError) as err:  # the last two: of a proxy
            self.error = UnavailableError(f"{self._url}: {self._words_of(err)}.")
            self.error.__cause__ = err
        except Exception as err:  # raised again by whoever waits
            self.error = err
        finally:
            self.over.set()

    def _client(self) -> httpx2.Client:
        headers = {"User-Agent": "backbone-bakeoff", "Accept-Encoding": "identity"}
        try:
            # This time limit only ends the thread some day; the one that counts is kept by whoever waits for the file.
            return httpx2.Client(headers=headers, follow_redirects=True, timeout=3 * STALL_S)
        except OSError as err:
            named = "the certificates that SSL_CERT_FILE or SSL_CERT_DIR name can't be read"
            raise UnavailableError(f"{self._url}: {named}: {err.strerror}.") from err

    def _store(self, answer: httpx2.Response) -> None:
        if not answer.is_success:
            reason = f"the server answers {answer.status_code} {answer.reason_phrase}".rstrip()
            raise UnavailableError(f"{self._url}: {reason}.")
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal():
            self.total = int(length)
            self._admit(self.total)
        for chunk in answer.iter_raw():
            if self.is_unwanted:
                return
            self._handle.write(chunk)
            self.received += len(chunk)
            if self.received > self._most_bytes:
                raise UnavailableError(f"{self._url} is far larger than the published file.")

    def _words_of(self, err: Exception) -> str:
        if self.received:
            whole = f" of {self.total:,}" if self.total else ""
            return f"the connection has broken off after {self.received:,}{whole} bytes"
        chain: list[BaseException] = [err]
        while cause := chain[-1].__cause__ or chain[-1].__context__:
            chain.append(cause)
        by_system = (e.strerror for e in chain if isinstance(e, OSError) and e.strerror)
        return next(by_system, str(err)).rstrip(".") or type(err).__name__
