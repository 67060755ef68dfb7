"""What is said to whoever asks the server under a name that it was not given, and what to do about it.

Not covered: which names it answers to (`system.hosts`). The names that the user gave are not told: a foreign page would
read them.
"""

from __future__ import annotations

from bakeoff_core.system.hosts import ALLOWED_HOSTS, host_of, host_of_url

LONGEST = 100
"""Characters of what came from outside that are shown."""

MUST_HOLD = f"Backbone Bake-off answers to localhost, to loopback addresses and to the names in {ALLOWED_HOSTS}."


def refuse_host(asked: str | None) -> str:
    """Say why a request is refused for the name that it asks for, and what to set.

    Args:
        asked: The request's `Host` as it came; `None` if it named no host, or several.
    """
    if asked is None:
        return f"{MUST_HOLD} A request must name one host. This one named none, or several."
    return f"{MUST_HOLD} This request was for {_quoted(asked)}. {_step(host_of(asked))}"


def refuse_origin(origin: str) -> str:
    """Say why a request is refused that a web page of another name has made, and what to set.

    Args:
        origin: The request's `Origin` as it came (RFC 6454).
    """
    return f"{MUST_HOLD} This request was made by a page of {_quoted(origin)}. {_step(host_of_url(origin))}"


def _step(host: str | None) -> str:
    if host is None:
        return "Open the server as localhost, or by one of those names."
    return (
        f"If that is your own name for this server, start it again with {ALLOWED_HOSTS}={host} (with commas between "
        "several). If not, leave the page that led here: it tried to use this server through your browser."
    )


def _quoted(text: str) -> str:
    """What came from outside, in one short line of ASCII."""
    return ascii(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
