"""What came of an import of profiles, in words."""

from __future__ import annotations

from bakeoff_core.formatting import counted


def explain_import(taken: int, left_out: int) -> str:
    """Return how many rows came in, how many did not, and why.

    Args:
        taken: Rows that came in.
        left_out: Rows that did not, since rows as new, or newer, or measured where they failed, were there.
    """
    if not taken and not left_out:
        return "The file holds no rows, so nothing was imported."
    were, ones = ("was", "a newer one is") if left_out == 1 else ("were", "newer ones are")
    rest = f"; {left_out:,} {were} left out because the same or {ones} here" if left_out else ""
    return f"Imported {counted(taken, 'row')}{rest}."
