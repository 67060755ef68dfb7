"""Profiles that come in from elsewhere, in words."""

from __future__ import annotations

from bakeoff_core.formatting import counted


def import_words(imported: int, outdated: int) -> str:
    """Return what an import did.

    Args:
        imported: How many rows came in.
        outdated: How many did not, as `profiling.store.import_profiles` counts them.
    """
    if not outdated:
        return f"Imported {counted(imported, 'row')}."
    was, ones = ("was", "a newer one is") if outdated == 1 else ("were", "newer ones are")
    return f"Imported {counted(imported, 'row')}; {outdated:,} {was} left out because the same or {ones} here."
