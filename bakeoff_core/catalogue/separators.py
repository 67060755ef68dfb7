"""How spreadsheets write tables: which columns there are, and what the commas in a column of numbers mean.

Spreadsheets write 123456 as `123,456` in one country and 123.456 in another: a column tells it where a single cell
doesn't. Not covered: reading the tables (`catalogue.timm_results`, `catalogue.own_accuracies`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

THOUSANDS, DECIMALS, UNCLEAR = "thousands", "decimals", "unclear"
"""What commas separate."""

_GROUPED = r"[1-9]\d{0,2}(,\d{3})"
_THOUSANDS = re.compile(rf"{_GROUPED}+\.\d*(e[+-]?\d+)?|{_GROUPED}{{2,}}", re.IGNORECASE)
_EITHER = re.compile(rf"{_GROUPED}")
_NUMERIC = re.compile(r"[+\-\u2212]?[\d.,'\u2019\s\u066b\u066c]*\d[\d.,'\u2019\s\u066b\u066c]*%?")


def named_columns(cells: Sequence[str]) -> list[str]:
    """Return the columns that the first line names, without spaces around them and empty ones after the last."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def commas_mean(cells: Iterable[str]) -> str:
    """Return what the commas of a column separate, `UNCLEAR` where it could be either.

    A comma separates thousands where a point follows (`1,234.5`) or there are several (`1,234,567`), and decimals where
    no three digits follow, or a 0 comes before (`12,5`, `0,123`). A column has one meaning: where cells speak for both,
    or for neither, it is unclear.

    Args:
        cells: Those of the column; what holds no comma, or is no number, says nothing.
    """
    with_comma = [cell for cell in cells if "," in cell and is_numeric(cell)]
    thousands = any(_THOUSANDS.fullmatch(cell) for cell in with_comma)
    decimals = any(not _THOUSANDS.fullmatch(cell) and not _EITHER.fullmatch(cell) for cell in with_comma)
    if thousands == decimals:
        return UNCLEAR
    return THOUSANDS if thousands else DECIMALS


def comma_means(cell: str, column: str) -> str:
    """Return what the commas of one cell separate: what its own form says, else what the column says.

    Args:
        cell: It holds a comma.
        column: As `commas_mean` returns it.
    """
    if _THOUSANDS.fullmatch(cell):
        return THOUSANDS
    return column if _EITHER.fullmatch(cell) else DECIMALS


def is_numeric(text: str) -> bool:
    """Tell whether a cell is meant as a number in some country: digits, separators of any kind, perhaps a `%`."""
    return bool(_NUMERIC.fullmatch(text))
