"""Limits as people give them: one parser for options, links and fields."""

from __future__ import annotations

import pytest

from bakeoff_core.schema.decision import LIMIT_COLUMNS
from bakeoff_core.schema.limits import LIMIT_RANGES, in_base_units, parse_count, parse_limit


def test_every_limit_has_a_range():
    assert set(LIMIT_RANGES) == {*LIMIT_COLUMNS, "max_macs"}


@pytest.mark.parametrize(
    ("limit", "text", "value"),
    [
        ("min_top1", "75.5", 75.5),
        ("max_latency_s", "5", 0.005),
        ("max_memory_bytes", "0.000001", 1.0),
        ("max_param_count", "25.6", 25.6e6),
        ("max_macs", "1e-9", 1),
        ("max_macs", "4.11", 4_110_000_000),
        ("max_macs", "1e9", 10**18),
    ],
)
def test_a_limit_is_parsed_in_its_unit_and_kept_in_base_units(limit, text, value):
    assert in_base_units(limit, parse_limit(limit, text)) == pytest.approx(value, rel=1e-15)


def test_no_limit_stays_none():
    assert in_base_units("max_macs", None) is None


@pytest.mark.parametrize("limit", LIMIT_RANGES)
@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "1e300", "-5", "", "5 ms", "1e400", "0x10"])
def test_what_is_no_limit_is_refused_and_quoted(limit, text):
    with pytest.raises(ValueError, match="^must be a ") as refused:
        parse_limit(limit, text)
    assert f"Got {text!r}." in str(refused.value)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "9" * 5000, "1000000001", "inf", ""])
def test_a_count_is_a_whole_number(text):
    with pytest.raises(ValueError, match="must be a whole number from 1 to 1,000,000,000"):
        parse_count(text)
