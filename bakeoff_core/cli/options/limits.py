"""The hard limits as options, which every decision shares."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from bakeoff_core.reporting.text.commands import LIMIT_OPTIONS
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.limits import in_base_units, parse_limit

_UPPER = {
    "max_latency_s": ("L", "highest acceptable median latency"),
    "max_memory_bytes": ("M", "highest acceptable peak memory (10^6 bytes)"),
    "max_param_count": ("M", "highest acceptable number of parameters in millions"),
}
"""Placeholder and help of each option."""


def add_lowest_accuracy(parser: argparse.ArgumentParser, summary: str) -> None:
    """Add the floor of accuracy, whose images are not the same for every command; `summary` says which."""
    add_limit(parser, LIMIT_OPTIONS["min_top1"], "min_top1", metavar="P", help=summary)


def add_upper_limits(parser: argparse.ArgumentParser) -> None:
    """Add the limits of what a model may cost."""
    for limit, (metavar, summary) in _UPPER.items():
        add_limit(parser, LIMIT_OPTIONS[limit], limit, metavar=metavar, help=summary)


def add_limit(parser: Any, option: str, limit: str, **details: str) -> None:
    """Add the option of a limit, whose value is kept in base units.

    Args:
        parser: The parser, or a group of it.
        option: As it is typed.
        limit: Key of `schema.limits.LIMIT_RANGES`, and where the value is kept.
        details: What `add_argument` is to know besides.
    """
    parser.add_argument(
        option,
        dest=limit,
        type=refusing(lambda text: in_base_units(limit, parse_limit(limit, text))),
        **details,
    )


def refusing(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a parser of an option's value whose refusal argparse prints in its own words, after the option's name."""

    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as err:
            raise argparse.ArgumentTypeError(str(err)) from err

    return parsed


def number(kind: type) -> Callable[[str], Any]:
    """Return the parser of an option that is an `int` or a `float`; the record that takes it checks its range."""
    words = {int: "a whole number", float: "a number"}[kind]

    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError as err:
            raise ValueError(f"must be {words}. Got {text[:80]!r}.") from err

    return refusing(parse)


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return the hard limits that the options set; `arguments` has each by its name, in base units."""
    return Limits(**{limit: getattr(arguments, limit) for limit in LIMIT_OPTIONS})
