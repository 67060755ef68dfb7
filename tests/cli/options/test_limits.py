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


@pytest.mark.parametrize("text", ["-5", "0", "nan", "inf", "-inf", "1e999", "1e300", "1e-300", "12,5", "fast", ""])
@pytest.mark.parametrize("option", ["--max-latency-ms", "--max-memory-mb", "--max-params-m"])
def test_a_limit_that_is_none_is_refused_by_its_option_in_its_unit(option, text, capsys):
    with pytest.raises(SystemExit) as refused:
        parse(f"{option}={text}")
    assert refused.value.code == 2
    error = capsys.readouterr().err
    assert (
        f"argument {option}: must be a number of mi" in error or f"argument {option}: must be a number of me" in error
    )
    assert f"from 0.000000001 to 1,000,000,000. Got {text!r}. Leave it out for no limit." in error
    assert "max_" not in error and "-0.005" not in error


def test_a_floor_of_accuracy_is_a_percentage(capsys):
    with pytest.raises(SystemExit):
        parse("--min-top1", "100.5")
    assert "argument --min-top1: must be a percentage from 0 to 100. Got '100.5'." in capsys.readouterr().err
    assert parse("--min-top1", "0") == Limits(0.0)
