"""The names under which a server of this machine may be asked: loopback ones, and those that the user gave it.

A web page can point a name of its own at 127.0.0.1 (DNS rebinding). The browser then takes whatever answers there for
the page's own server, and only the name that was asked for (`Host`, RFC 9110, section 7.2) tells such a request from
the user's.

Not covered: refusing a request (`pages.parts.common.known_hosts`), and in which words (`reporting.text.hosts`).
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Set
from urllib.parse import urlsplit

from bakeoff_core.errors import BakeoffError

ALLOWED_HOSTS = "BAKEOFF_ALLOWED_HOSTS"
"""The environment variable that holds the user's names for the server, commas between them."""

_AUTHORITY = re.compile(r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{0,5}))?", re.IGNORECASE | re.ASCII)


def host_of(authority: str) -> str | None:
    """Return the host of `host`, `host:port` or `[address]:port` in one spelling, or `None` where it is none of these.

    One spelling: in lower case, without the dot of a full name, brackets or port; addresses in their shortest form, and
    those of IPv4 within IPv6 as IPv4.
    """
    match = _AUTHORITY.fullmatch(authority)
    if match is None or int(match["port"] or 0) > 65535:
        return None
    host = match["host"].lower()
    if host.startswith("["):
        return _address(host[1:-1])
    host = host.removesuffix(".")
    return _address(host) or host or None


def host_of_url(url: str) -> str | None:
    """Return the host of an http or https address, as `host_of` does, or `None`; an `Origin` of `null` has none."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that does not close
        return None
    return host_of(parts.netloc) if parts.scheme in ("http", "https") else None


def is_allowed(host: str | None, allowed: Set[str]) -> bool:
    """Whether a server may be asked under a name.

    Args:
        host: The name in the spelling of `host_of`; `None` (no name that can be read) is never allowed.
        allowed: The names that the user gave, in the same spelling.
    """
    return host is not None and (host == "localhost" or _is_loopback(host) or host in allowed)


def allowed_hosts() -> frozenset[str]:
    """Return the names in `BAKEOFF_ALLOWED_HOSTS`, in the spelling of `host_of`; none where it is unset or empty.

    Raises:
        BakeoffError: One of them is no name or address.
    """
    return frozenset(map(_named, re.findall(r"[^\s,]+", os.environ.get(ALLOWED_HOSTS, ""))))


def _named(entry: str) -> str:
    """One entry of the variable: a name, also in other letters than ASCII's, or an address, also without brackets."""
    try:
        ascii_entry = entry.encode("idna").decode()  # as browsers write it
    except UnicodeError:
        ascii_entry = entry
    host = _address(entry) or host_of(ascii_entry)
    if host is None:
        raise BakeoffError(
            f"{ALLOWED_HOSTS} must hold names or addresses, with commas between them. Got {entry!r}. "
            "Write what stands between http:// and the next / or : in the browser, for instance box.lab."
        )
    return host


def _address(text: str) -> str | None:
    """The shortest form of an IP address, or `None` where the text is not one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_loopback(host: str) -> bool:
    return _address(host) is not None and ipaddress.ip_address(host).is_loopback
