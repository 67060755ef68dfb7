"""Tables of text for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tabulate import tabulate


def text_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[str] = ()) -> str:
    """Return rows as aligned text below their titles, two spaces between the columns.

    Args:
        titles: One a column.
        rows: Cells as they are to be shown; a row may end early.
        numbers: Titles of the columns that are aligned on the right; the others are on the left.
    """
    lines = [titles, *([*row, *[""] * (len(titles) - len(row))] for row in rows)]
    sides = ["right" if title in numbers else "left" for title in titles]
    # Titles are lines like the others, for as headers they would be given more room. Cells are text: a model that is
    # called `1e5` keeps its name.
    return tabulate(lines, tablefmt="plain", colalign=sides, disable_numparse=True)
