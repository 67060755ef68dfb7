"""Options made of a dataclass's fields."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pytest

from bakeoff_core.cli.options.shared import add_fields


@dataclass
class Spec:
    model_name: str
    batch_size: int = 32
    learning_rate: float | None = None
    any_way_up: bool = False


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_fields(parser, Spec, {name: {} for name in ("model_name", "batch_size", "learning_rate", "any_way_up")})
    return parser.parse_args(words)


def test_an_option_fills_its_field_with_the_fields_type_and_default():
    assert Spec(**vars(parse("--model", "net"))) == Spec("net")
    words = ("--model", "net", "--batch-size", "8", "--lr", "0.1", "--any-way-up")
    assert Spec(**vars(parse(*words))) == Spec("net", 8, 0.1, True)


@pytest.mark.parametrize("words", [(), ("--model", "net", "--batch-size", "many"), ("--model", "net", "--lr", "x")])
def test_a_field_without_default_is_required_and_its_type_is_checked(words, capsys):
    with pytest.raises(SystemExit) as refused:
        parse(*words)
    assert refused.value.code == 2
    assert "--model" in capsys.readouterr().err
