"""The hard limits as options, which every decision shares."""

from __future__ import annotations

import argparse

from bakeoff_core.reporting.text.commands import LIMIT_OPTIONS
from bakeoff_core.schema.decision import Limits

_UPPER = {
    "max_latency_s": ("L", "highest acceptable median latency"),
    "max_memory_bytes": ("M", "highest acceptable peak memory (10^6 bytes)"),
    "max_param_count": ("M", "highest acceptable number of parameters in millions"),
}
"""Placeholder and help of each option."""


def add_lowest_accuracy(parser: argparse.ArgumentParser, summary: str) -> None:
    """Add the floor of accuracy, whose images are not the same for every command; `summary` says which."""
    parser.add_argument(LIMIT_OPTIONS["min_top1"].name, dest="min_top1", type=float, metavar="P", help=summary)


def add_upper_limits(parser: argparse.ArgumentParser) -> None:
    """Add the limits of what a model may cost."""
    for limit, (metavar, summary) in _UPPER.items():
        parser.add_argument(LIMIT_OPTIONS[limit].name, dest=limit, type=float, metavar=metavar, help=summary)


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return the hard limits that the options set.

    Args:
        arguments: Each limit by its name, in the unit of its option.

    Raises:
        ValueError: One is out of range; the words say what must hold.
    """
    values = {limit: getattr(arguments, limit) for limit in LIMIT_OPTIONS}
    return Limits(
        **{limit: None if value is None else value * LIMIT_OPTIONS[limit].unit for limit, value in values.items()}
    )
