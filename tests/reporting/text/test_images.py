"""Files that were skipped and copies, in words, whatever an older version or a damaged file left in their place."""

from __future__ import annotations

import pytest

from bakeoff_core.datasets.records import MOST_NAMES
from bakeoff_core.reporting.text.images import copies_offer, skipped_sentences


def test_the_first_files_are_named_and_the_others_counted():
    files = [{"reason": f"{at}.png is empty."} for at in range(12)]
    (sentence,) = skipped_sentences({"skipped": files, "skipped_count": 30})
    assert sentence.startswith("Skipped 30: 0.png is empty. 1.png is empty. ")
    assert sentence.endswith(f"{MOST_NAMES - 1}.png is empty. And {30 - MOST_NAMES} more.")


def test_where_all_are_named_no_more_are_told():
    assert skipped_sentences({"skipped": [{"reason": "a is empty."}], "skipped_count": 1}) == ["Skipped 1: a is empty."]


@pytest.mark.parametrize("status", [{}, {"skipped": [], "skipped_count": 0}, {"skipped": 3, "skipped_count": "many"}])
def test_without_skipped_files_nothing_is_said(status):
    assert skipped_sentences(status) == []


@pytest.mark.parametrize("copies", [None, "damaged", {}, {"test_identical": 0, "within_identical": 4}])
def test_without_copies_that_spoil_anything_nothing_is_offered(copies):
    assert copies_offer(copies) == []
