"""The hard limits as options: one for each, in the unit that its name says."""

from __future__ import annotations

import argparse

import pytest

from bakeoff_core.cli.options.limits import add_lowest_accuracy, add_upper_limits, limits_of
from bakeoff_core.schema.decision import Limits


def parse(*words: str) -> Limits:
    parser = argparse.ArgumentParser()
    add_lowest_accuracy(parser, "the floor")
    add_upper_limits(parser)
    return limits_of(parser.parse_args(words))


def test_limits_are_typed_in_the_unit_of_their_option():
    words = ("--min-top1", "75", "--max-latency-ms", "12.5", "--max-memory-mb", "300", "--max-params-m", "5")
    assert parse(*words) == Limits(75.0, 0.0125, 300e6, 5e6)
    assert parse() == Limits()


def test_a_limit_out_of_range_is_refused_by_its_name():
    with pytest.raises(ValueError, match="`max_latency_s` must be"):
        parse("--max-latency-ms", "0")
