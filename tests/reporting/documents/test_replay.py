"""A report replayed: what counts as the same pick, and what is said where it is another."""

from __future__ import annotations

import dataclasses

import pytest

from bakeoff_core.reporting.documents.record import (
    read_record,
)
from bakeoff_core.reporting.documents.replay import Replay, compare_picks
from bakeoff_core.schema.decision import Choice, Limits, Tie
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    B0,
    LARGE,
    LIMITS,
    LITE0,
    SMALL,
    decided,
    deployed,
    measured,
    tied,
    undecided,
)
from tests.support.reports import record_of, written


def test_the_same_pick_is_the_same():
    assert compare_picks(record_of(decided()), decided()) == Replay(
        True, ("The same pick follows from the current data: efficientnet_b0.ra_in1k @ 224.",)
    )


def test_a_pick_within_the_declared_tie_is_another_pick_and_said_to_be_tied():
    outcome = compare_picks(record_of(tied("accuracy", "top1")), decided(most_accurate=Choice(LARGE, B0, None)))
    assert outcome == Replay(
        False,
        (
            "The report picked efficientnet_b0.ra_in1k @ 224; from the current data "
            "mobilenetv3_large_100.ra_in1k @ 224 follows.",
            "The report declared the two a tie, so the change is within the noise it spoke of.",
        ),
    )


def test_a_tie_that_only_the_current_data_declare_is_said_too():
    now = decided(most_accurate=Choice(LARGE, B0, Tie((B0,), "accuracy", "top1")))
    outcome = compare_picks(record_of(decided()), now)
    assert not outcome.same
    assert outcome.sentences[1] == "The current data declare the two a tie, so the change is within their noise."


def test_another_pick_without_a_tie_means_other_data():
    outcome = compare_picks(record_of(decided()), decided(most_accurate=Choice(LITE0, None, None)))
    assert not outcome.same
    assert outcome.sentences[1] == "The two were not declared a tie: the data have changed."


def test_the_same_model_at_another_size_is_another_pick():
    other = deployed(B0.model_name, 256)
    assert not compare_picks(record_of(decided()), decided(most_accurate=Choice(other, None, None))).same


def test_a_pick_that_is_gone_or_new_is_named():
    gone = compare_picks(record_of(decided()), decided(most_accurate=None, cheapest=None))
    assert gone == Replay(
        False,
        (
            "The report picked efficientnet_b0.ra_in1k @ 224; now the pick is nothing.",
            "The other answer (cheapest sufficient) was mobilenetv3_large_100.ra_in1k @ 224 and is now nothing.",
        ),
    )
    undone = undecided()
    new = dataclasses.replace(undone, most_accurate=Choice(LARGE, None, None))
    assert compare_picks(record_of(undone), new).sentences == (
        "The report picked nothing; now the pick is mobilenetv3_large_100.ra_in1k @ 224.",
    )


def test_no_pick_then_and_now_is_the_same():
    assert compare_picks(record_of(undecided()), undecided()) == Replay(
        True, ("As in the report, nothing clears every limit.",)
    )


def test_a_change_of_the_other_answer_is_said_but_not_held_against_the_pick():
    outcome = compare_picks(record_of(decided()), decided(cheapest=Choice(SMALL, None, None)))
    assert outcome.same
    assert outcome.sentences[1] == (
        "The other answer (cheapest sufficient) was mobilenetv3_large_100.ra_in1k @ 224 "
        "and is now mobilenetv3_small_100.lamb_in1k @ 224."
    )


def test_without_data_in_the_setting_the_way_to_get_them_is_named():
    outcome = compare_picks(record_of(decided()), None)
    assert outcome == Replay(
        False,
        (
            "There are no measurements in the setting of this report (AMD EPYC 7763, 2 cores, 24 GiB: cpu, 2 threads, "
            "batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31) to replay it on.",
            "Import the profiles.parquet that came with it, or measure there.",
        ),
    )


def test_an_answer_to_another_question_is_refused():
    with pytest.raises(ValueError, match="same limits, rule and cost"):
        compare_picks(record_of(decided()), decided(limits=Limits()))


@pytest.mark.parametrize("rule", ["most-accurate", "cheapest"])
@pytest.mark.parametrize("cost", ["latency", "macs", "params", "memory"])
def test_a_real_decision_replays_on_its_own_data(rule, cost):
    frame = annotate(measured(), cost)
    for limits in (LIMITS, Limits(), Limits(min_top1=99), Limits(max_latency_s=0.0121, max_param_count=6_000_000)):
        record = read_record(written(frame, decide(frame, limits, rule, cost)))
        again = compare_picks(record, decide(frame, record.limits, record.rule, record.cost))
        assert again.same and len(again.sentences) == 1
