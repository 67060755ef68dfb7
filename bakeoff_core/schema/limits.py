"""Limits as people give them: the unit and the range of each, and the one way from a text to a number.

For options of the command line, links and fields of pages alike. Not covered: what a limit does (`schema.decision`),
and what its option is called (`reporting.text.commands`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

LEAST, MOST = 1e-9, 1e9
"""What a limit of a cost may be, in its own unit: far more than is ever measured, far less than a float can hold."""
MOST_COUNTED = 1_000_000_000
"""Images, threads and the like at most."""


class LimitRange(NamedTuple):
    """What people may give as a limit."""

    unit: float
    """What one in the unit it is given in is in base units."""
    words: str
    """What it must be: "a number of milliseconds"."""
    least: float = LEAST
    """The smallest that is taken, in that unit."""
    most: float = MOST
    """The largest."""


LIMIT_RANGES = {
    "min_top1": LimitRange(1.0, "a percentage", 0.0, 100.0),
    "max_latency_s": LimitRange(1e-3, "a number of milliseconds"),
    "max_memory_bytes": LimitRange(1e6, "a number of megabytes (10^6 bytes)"),
    "max_param_count": LimitRange(1e6, "a number of millions"),
    "max_macs": LimitRange(1e9, "a number of billions (10^9)"),
}
"""Each of `schema.decision.LIMIT_COLUMNS`, and the compute budget of the checklist."""


def parse_limit(limit: str, text: str) -> float:
    """Return the number that a text gives for a limit, in the unit people give it in.

    Args:
        limit: Key of `LIMIT_RANGES`.
        text: As typed, or as it stands in a link.

    Raises:
        ValueError: It is no finite number in the limit's range. The words go on after the limit's name, whatever that
            is where it was given.
    """
    unit = LIMIT_RANGES[limit]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not unit.least <= value <= unit.most:  # also where it is not a number
        low, high = (f"{end:,.9f}".rstrip("0").rstrip(".") for end in (unit.least, unit.most))
        raise ValueError(f"must be {unit.words} from {low} to {high}. Got {text[:80]!r}. Leave it out for no limit.")
    return value


def parse_count(text: str) -> int:
    """Return how many of something a text gives: images, threads.

    Raises:
        ValueError: It is no whole number in range; the words go on as for `parse_limit`.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= MOST_COUNTED:
        raise ValueError(f"must be a whole number from 1 to {MOST_COUNTED:,}. Got {text[:80]!r}.")
    return value


def in_base_units(limit: str, value: float | None) -> float | None:
    """Return a limit in base units, `None` for no limit.

    Args:
        limit: Key of `LIMIT_RANGES`.
        value: As `parse_limit` returns it.
    """
    if value is None:
        return None
    scaled = value * LIMIT_RANGES[limit].unit
    return round(scaled) if limit == "max_macs" else scaled
