"""Checks of single values, whose words say what must hold."""

from __future__ import annotations

import re

from bakeoff_core.formatting import path_text

_KEY = re.compile(r"[A-Za-z0-9_-]+")


def is_told(text: str) -> bool:
    """Tell whether a text says something."""
    return bool(text.strip())


def is_key(text: str) -> bool:
    """Tell whether a text is a key: what data sets and contents are named by."""
    return bool(_KEY.fullmatch(text))


def require_unicode(name: str, text: str | None) -> None:
    """Refuse a text with bytes that are no Unicode, as names of files can have them: no record can hold it.

    Raises:
        ValueError: It has some; the words name the argument and what was given.
    """
    try:
        (text or "").encode()
    except UnicodeEncodeError as err:
        raise ValueError(f"`{name}` must be Unicode. Got {path_text(text or '')}; rename it.") from err


def require_count(name: str, value: int) -> int:
    """Return `value` if it is a whole number of at least 1.

    Raises:
        ValueError: It is not; the words name the argument and what was given.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be an integer >= 1. Got {value!r}.")
    return value


def require_choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return `value` if it is one of `choices`.

    Raises:
        ValueError: It is not; the words name the choices and what was given.
    """
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(choices)}. Got {value!r}.")
    return value
