"""Options of the command line that several commands share, and options made of a dataclass's fields."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_args, get_type_hints

from bakeoff_core.cli.options.limits import number
from bakeoff_core.reporting.text.commands import option_of


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument(
        "--json", action="store_true", help="print JSON to stdout; field names as in bakeoff_core.schema"
    )


def add_fields(parser: argparse.ArgumentParser, record: type, details: Mapping[str, Mapping[str, Any]]) -> None:
    """Add an option for each of a dataclass's fields, called as the field is.

    The field says what is parsed and the default; without a default the option is required. A truth is a switch.

    Args:
        parser: Where to add them.
        record: The dataclass. Its fields are text, numbers or truths, or `None`.
        details: The fields by name, in the order of the options, and what `add_argument` is to know besides: `help`,
            `choices`, `metavar`.
    """
    types = get_type_hints(record)
    defaults = {field.name: field.default for field in fields(record)}
    for name, detail in details.items():
        if types[name] is bool:
            parser.add_argument(option_of(name), dest=name, action="store_true", **detail)
            continue
        kind, *_ = get_args(types[name]) or (types[name],)
        rule = {"required": True} if defaults[name] is MISSING else {"default": defaults[name]}
        parse = number(kind) if kind in (int, float) else kind
        parser.add_argument(option_of(name), dest=name, type=parse, **rule, **detail)
