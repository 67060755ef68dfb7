"""Bytes from an address, in time or not at all.

Whatever may hang, the resolving of a name included, runs in a thread beside, which the process does not wait for.
Not covered: whether the bytes are the right ones (see `datasets.download.worker`).
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

STALL_S, STALL_BYTES = 10.0, 64_000
"""So many bytes must come in so many seconds, or the connection counts as broken."""
CHUNK_BYTES = 1 << 18


class UnavailableError(Exception):
    """A file can't be had from where it should be; its text is a sentence."""


def chunks(url: str, answer_by: float) -> Iterator[tuple[bytes, int | None]]:
    """Yield what comes from an address, piece by piece, each with the size of the whole where the server says it.

    Args:
        url: The address.
        answer_by: When the first `STALL_BYTES`, or all where there are fewer, must be here; as `time.monotonic`.

    Raises:
        UnavailableError: Nobody answers in time, with an error, or not to the end.
    """
    pieces: queue.Queue[tuple[bytes, int | None] | Exception | None] = queue.Queue(maxsize=8)
    gone = threading.Event()

    def put(piece: tuple[bytes, int | None] | Exception | None) -> None:
        while not gone.is_set():
            with contextlib.suppress(queue.Full):
                pieces.put(piece, timeout=0.2)
                break

    threading.Thread(target=_read_address, args=(url, put, gone.is_set), daemon=True, name="download").start()
    try:
        yield from _in_time(url, pieces, answer_by)
    finally:
        gone.set()


def _read_address(url: str, put: Callable[..., None], is_unwanted: Callable[[], bool]) -> None:
    """Read an address to its end in a thread: resolving a name, for one, can't be given a time limit."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "backbone-bakeoff"})
        # This time limit only ends the thread some day; the one that counts is kept by whoever waits for the pieces.
        with urllib.request.urlopen(request, timeout=3 * STALL_S) as answer:
            length = answer.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            while (piece := answer.read1(CHUNK_BYTES)) and not is_unwanted():
                put((piece, total))
    except (OSError, ValueError, http.client.HTTPException) as err:
        put(err)
    else:
        put(None)


def _in_time(url: str, pieces: queue.Queue, by: float) -> Iterator[tuple[bytes, int | None]]:
    done, total, due = 0, None, STALL_BYTES
    while True:
        try:
            piece = pieces.get(timeout=max(0.0, by - time.monotonic()))
        except queue.Empty:
            heard = f"the connection stands still after {done:,} bytes" if done else "there is no answer"
            raise UnavailableError(f"{url}: {heard}.") from None
        if isinstance(piece, Exception):
            raise UnavailableError(f"{url}: {_words_of(piece)}.") from piece
        if piece is None:
            if total is not None and done != total:
                raise UnavailableError(f"{url}: the connection has broken off after {done:,} of {total:,} bytes.")
            return
        chunk, total = piece
        yield piece
        done += len(chunk)
        due -= len(chunk)
        if due <= 0:
            by, due = time.monotonic() + STALL_S, STALL_BYTES


def _words_of(err: Exception) -> str:
    if isinstance(err, urllib.error.HTTPError):
        return f"the server answers {err.code} {err.reason}"
    reason = getattr(err, "reason", err)
    return str(getattr(reason, "strerror", None) or reason).rstrip(".") or type(reason).__name__
