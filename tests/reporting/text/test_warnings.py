"""Every warning has words, word for word."""

from __future__ import annotations

import math

import pytest

from bakeoff_core.reporting.text.warnings import explain_warning, warning_line
from bakeoff_core.schema.profile import WARNING_CODES, MeasurementWarning


@pytest.mark.parametrize("code", WARNING_CODES)
@pytest.mark.parametrize("value", [None, math.nan, 1.5])
def test_every_warning_has_words_with_and_without_its_number(code, value):
    sentence = explain_warning(MeasurementWarning(code, value))
    assert sentence.endswith(".")
    assert sentence.count(". ") >= 1, "a warning ends with a next step"
    assert "nan" not in sentence and "None" not in sentence and "{" not in sentence


@pytest.mark.parametrize(
    ("warning", "sentence"),
    [
        (("load", 0.98), "Other programs kept 0.98 cores busy while this was measured. Close them and measure again."),
        (("load", None), "Other programs kept cores busy while this was measured. Close them and measure again."),
        (
            ("throttled", 0.123),
            "The container's CPU quota held the model back for 12 % of the timed seconds. "
            "Raise the quota or use fewer threads, and measure again.",
        ),
        (
            ("few_passes", 31),
            "Only 31 passes were timed; a p90 needs at least 64. "
            "Take the p90 as a rough guide, or measure with a smaller batch.",
        ),
        (
            ("few_passes", 1),
            "Only 1 pass was timed; a p90 needs at least 64. "
            "Take the p90 as a rough guide, or measure with a smaller batch.",
        ),
        (
            ("process_spread", 1.18),
            "The fresh processes that timed it disagree: the slowest and the fastest median are 18 % apart. "
            "Trust the interval rather than the median, or measure again on a quieter machine.",
        ),
        (
            ("noisy", 0.14),
            "The middle half of the passes spreads over 14 % of the median; under 10 % is steady. "
            "Close other programs and measure again.",
        ),
        (
            ("drift", 1.12),
            "The last third of the passes was 12 % slower than the first, so the median depends on how many there are. "
            "Let the machine rest and measure again.",
        ),
        (
            ("drift", 0.9),
            "The last third of the passes was 10 % faster than the first, so the median depends on how many there are. "
            "Let the machine rest and measure again.",
        ),
        (
            ("outliers", 1),
            "1 pass took a very different time from the rest (modified z-score over 14.8), as when something "
            "interrupts the run. Close other programs and measure again.",
        ),
        (
            ("too_fast", 0.00042),
            "One pass takes only 0.420 ms; under 1 ms the timer and the call itself weigh in. "
            "Measure with a larger batch.",
        ),
    ],
)
def test_warnings_are_worded(warning, sentence):
    assert explain_warning(MeasurementWarning(*warning)) == sentence


def test_the_line_of_a_warning_starts_with_its_code():
    assert warning_line(MeasurementWarning("load", 0.98)) == (
        "load: Other programs kept 0.98 cores busy while this was measured. Close them and measure again."
    )
