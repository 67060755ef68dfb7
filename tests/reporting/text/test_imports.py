"""What came of an import, in words: none, one and many."""

from __future__ import annotations

import pytest

from bakeoff_core.reporting.text.imports import explain_import


@pytest.mark.parametrize(
    ("taken", "left_out", "words"),
    [
        (0, 0, "The file holds no rows, so nothing was imported."),
        (1, 0, "Imported 1 row."),
        (37, 0, "Imported 37 rows."),
        (0, 1, "Imported 0 rows; 1 was left out because the same or a newer one is here."),
        (1, 1200, "Imported 1 row; 1,200 were left out because the same or newer ones are here."),
    ],
)
def test_an_import_is_told_by_what_came_in_and_what_did_not(taken: int, left_out: int, words: str) -> None:
    assert explain_import(taken, left_out) == words
