"""List what is published about each weights tag at each size, the user's own accuracies included."""

from __future__ import annotations

import argparse
import difflib
from typing import TYPE_CHECKING, Any

from bakeoff_core import formatting
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json
from bakeoff_core.errors import BakeoffError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("model_name", "family", "year", "img_size", "top1", "top5", "param_count"),
    *("pretraining", "supervision", "recipe", "note", "source"),
)
"""What a row says, in order; see docs/catalogue.md."""

_WHOLE = {"year", "img_size", "param_count"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("--family", metavar="F", help="only this family of architectures, e.g. ResNet")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        BakeoffError: There is no such family, or the user's file is faulty.
    """
    from bakeoff_core.cli.output.notices import remark_on_own_accuracies  # loads pandas
    from bakeoff_core.selection.candidates import read_accuracies

    table = _of_family(read_accuracies(), arguments.family)
    rows = [
        {name: _plain(name, value) for name, value in zip(COLUMNS, values, strict=True)}
        for values in table[list(COLUMNS)].itertuples(index=False, name=None)
    ]
    if arguments.json:
        print_json(rows)
    else:
        print(_text(rows))
    remark_on_own_accuracies()
    return 0


def _of_family(accuracies: pd.DataFrame, family: str | None) -> pd.DataFrame:
    table = accuracies.rename(columns={"accuracy_source": "source"})
    if family is None:
        return table
    names = sorted(table["family"].dropna().unique(), key=str.lower)
    by_folded = {name.casefold(): name for name in names}
    found = by_folded.get(family.strip().casefold())
    if found is None:
        near = difflib.get_close_matches(family.casefold(), by_folded, n=3, cutoff=0.5)
        nearest = f" Did you mean {' or '.join(by_folded[name] for name in near)}?" if near else ""
        raise BakeoffError(f"There is no family {family!r}.{nearest} The families are: {', '.join(names)}.")
    return table[table["family"] == found]


def _plain(name: str, value: object) -> object:
    if formatting.is_unknown(value):
        return None
    return int(value) if name in _WHOLE else value


def _text(rows: list[dict[str, Any]]) -> str:
    """The rows for a terminal, the note and the source left out for their length."""
    from bakeoff_core.cli.output.tables import text_table

    cells = []
    for row in rows:
        accuracies = (formatting.percent(row[name], 3) for name in ("top1", "top5"))
        whole = (formatting.UNKNOWN if row[name] is None else str(row[name]) for name in ("year", "img_size"))
        named = (row[name] or formatting.UNKNOWN for name in ("pretraining", "recipe"))
        count = formatting.count(row["param_count"])
        cells.append((row["model_name"], row["family"] or formatting.UNKNOWN, *whole, *accuracies, count, *named))
    titles = ("model", "family", "year", "size", "top-1", "top-5", "params", "pre-training", "recipe")
    return text_table(titles, cells, numbers=("year", "size", "top-1", "top-5", "params"))
