"""Checks of single values: a user's, whose words say what must hold, and a file's."""

from __future__ import annotations

import math
import re

_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""What data sets and contents are named by; it means nothing to a shell, a link or Markdown."""


def text_of(value: object) -> str:
    """Return what a file holds if it is a text that says something.

    Raises:
        ValueError: It is not, as for the three below: whoever reads a whole record passes it over then.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"a text was expected. Got {value!r}.")
    return value


def key_of(value: object) -> str:
    """Return what a file holds if it is a key: of a data set, or of its content."""
    if not _KEY.fullmatch(text_of(value)):
        raise ValueError(f"a key was expected. Got {value!r}.")
    return str(value)


def count_of(value: object) -> int:
    """Return what a file holds if it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"a count was expected. Got {value!r}.")
    return value


def percent_of(value: object) -> float:
    """Return what a file holds if it is a number from 0 to 100."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (math.isfinite(value) and 0 <= value <= 100)
    ):
        raise ValueError(f"a percentage was expected. Got {value!r}.")
    return float(value)


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
