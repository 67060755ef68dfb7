"""What is derived from a frozen table is derived once, and from every other table anew."""

from __future__ import annotations

import gc

import pandas as pd
import pytest

from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection import frozen
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.frozen import freeze, once, rows_of, values_of
from tests.support.candidate_tables import measured

CALLS: list[tuple] = []


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


def count_above(table: pd.DataFrame, bound: float) -> int:
    CALLS.append((id(table), bound))
    return int((table["n"] > bound).sum())


def numbers() -> pd.DataFrame:
    return pd.DataFrame({"n": [1.0, 2.0, 3.0]})


def test_what_is_derived_from_a_frozen_table_is_kept_by_argument():
    table = freeze(numbers())
    assert [once(count_above, table, bound) for bound in (1, 1, 2, 1)] == [2, 2, 1, 2]
    assert [bound for _, bound in CALLS] == [1, 2]


def test_a_table_that_is_not_frozen_is_read_anew_after_every_change():
    table = numbers()
    assert once(count_above, table, 1) == 2
    table.loc[0, "n"] = 9.0
    assert once(count_above, table, 1) == 3


def test_a_copy_of_a_frozen_table_is_not_frozen():
    table = freeze(numbers())
    once(count_above, table, 1)
    copy = table.copy()
    copy.loc[0, "n"] = 9.0
    assert once(count_above, copy, 1) == 3
    assert once(count_above, table, 1) == 2


def test_freezing_twice_keeps_what_was_derived():
    table = freeze(numbers())
    once(count_above, table, 1)
    once(count_above, freeze(table), 1)
    assert len(CALLS) == 1


def test_nothing_is_kept_of_a_table_that_is_gone():
    table = freeze(measured())
    decide(table, Limits(min_top1=70.0))
    key = id(table)
    assert key in frozen._frozen
    del table
    gc.collect()
    assert key not in frozen._frozen


def test_a_decision_on_a_frozen_table_is_that_on_a_table_read_anew():
    table = measured()
    known = freeze(table.copy())
    for limits in (Limits(), Limits(min_top1=70.0), Limits(max_latency_s=0.02), Limits(80.0, 0.005), Limits()):
        for rule, cost in (("most-accurate", "latency"), ("cheapest", "macs"), ("cheapest", "latency")):
            assert decide(known, limits, rule, cost) == decide(table, limits, rule, cost)


def test_rows_are_found_by_model_and_size_and_values_by_row():
    table = pd.DataFrame({"model_name": ["a", "b", "a", "c"], "img_size": [224, 224, 288, None], "n": [1, 2, 3, 4]})
    assert rows_of(table, CandidateRef("a", 288)) == (2,)
    assert rows_of(table, CandidateRef("c", None)) == (3,)
    assert rows_of(table, CandidateRef("a", 160)) == ()
    assert values_of(table, "n")[2] == 3
