"""What figures say under somebody's limits, and the table they stand in."""

from __future__ import annotations

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import evidence_of
from bakeoff_core.selection.checklist.evidence import BOUNDS, Evidence
from bakeoff_core.selection.checklist.rules import Answers, read_rules
from tests.support.candidate_tables import candidate, deployed, measured

B0 = deployed("efficientnet_b0.ra_in1k", 224)
RESNET50 = deployed("resnet50.a1_in1k", 224)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return evidence_of(measured().drop(columns=["non_dominated", "dominated_by"]), read_catalogue())


def of(answers: Answers, table: pd.DataFrame) -> Evidence:
    return Evidence(answers, table, tuple(c for c in read_rules().cautions if c.when.holds(answers)))


def test_table_holds_every_model_and_size_once_measured_ones_first(table):
    assert not table.duplicated(["model_name", "img_size"]).any()
    assert len(table) > 300
    assert table["latency_p50_s"].notna().to_numpy().argmin() == len(measured()) - 1  # the failed one is last


def test_default_of_each_architecture_is_marked_and_pretraining_is_known_where_published(table):
    b0 = table[(table["model_name"] == B0.model_name) & (table["img_size"] == 224)].iloc[0]
    assert b0["is_default"] and b0["pretraining"] == "in1k"
    failed = table[table["error"].notna()].iloc[0]
    assert pd.isna(failed["pretraining"]) and not failed["is_default"]


def test_without_measurements_the_table_is_what_is_published():
    table = evidence_of(None, read_catalogue())
    assert table["latency_p50_s"].isna().all()
    assert table["is_default"].sum() > 100


def test_every_known_figure_over_its_limit_is_a_miss_and_an_unknown_one_is_not(table):
    limits = Limits(min_top1=81, max_latency_s=0.03, max_memory_bytes=1, max_param_count=1)
    found = of(Answers(limits=limits, max_macs=1), table)
    assert [miss.limit for miss in found.misses(RESNET50)] == list(BOUNDS)
    unmeasured = CandidateRef("resnet50.tv2_in1k", 224)
    assert [miss.limit for miss in found.misses(unmeasured)] == ["min_top1", "max_param_count", "max_macs"]
    assert found.unknown(unmeasured) == ("latency_p50_s", "peak_memory_bytes")


def test_a_value_equal_to_its_limit_is_no_miss(table):
    assert of(Answers(limits=Limits(min_top1=80.4, max_latency_s=0.037)), table).misses(RESNET50) == ()


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        (Answers(), None),
        (Answers(limits=Limits(min_top1=75)), "cheapest"),
        (Answers(limits=Limits(max_latency_s=0.02)), "most-accurate"),
        (Answers(limits=Limits(min_top1=75, max_latency_s=0.02)), "cheapest"),
        (Answers(limits=Limits(min_top1=75), priority="accuracy"), "most-accurate"),
        (Answers(limits=Limits(min_top1=75), priority="efficiency"), "cheapest"),
        (Answers(max_macs=10**9), "most-accurate"),
        (Answers(priority="iteration"), None),
    ],
)
def test_the_rule_follows_from_what_was_asked(answers, rule, table):
    decision = of(answers, table).decision
    assert (decision.rule if decision else None) == rule


def test_a_budget_of_time_is_not_judged_where_nothing_was_measured():
    table = evidence_of(None, read_catalogue())
    found = of(Answers(limits=Limits(min_top1=75, max_latency_s=1e-6)), table)
    assert found.decision.pick is not None and found.decision.cost == "macs"
    assert of(Answers("edge", limits=Limits(max_latency_s=1e-6), priority="accuracy"), table).decision is None


def test_dominators_are_within_the_limits(table):
    free = of(Answers(), table)
    assert free.dominators[deployed("resnet18.a1_in1k", 224)] == B0
    slim = of(Answers(limits=Limits(max_param_count=5_000_000)), table)
    assert slim.dominators == {}  # B0, the one that beats lite0, has more parameters than that


def test_another_size_may_still_be_proposed_where_one_was_too_slow():
    rows = [candidate("x.a", 288, 81.0, 60.0), candidate("x.a", 224, 80.0, None), candidate("y.a", 224, 70.0, 9.0)]
    table = pd.DataFrame(rows, dtype=object).assign(is_default=[False, True, True], pretraining=None)
    found = of(Answers(limits=Limits(max_latency_s=0.02)), table)
    assert found.row_of("x") == deployed("x.a", 224)


def test_a_size_without_an_accuracy_does_not_stand_for_an_architecture_whose_accuracy_is_known():
    rows = [candidate("x.a", 160, None, 5.0), candidate("x.a", 224, 80.0, 9.0)]
    table = pd.DataFrame(rows, dtype=object).assign(is_default=[False, True], pretraining=None)
    assert of(Answers(limits=Limits(min_top1=90)), table).row_of("x") == deployed("x.a", 224)


def test_time_of_a_tag_without_an_accuracy_counts_for_the_others_of_its_size():
    rows = [candidate("x.b", 224, None, 60.0), candidate("x.a", 224, 80.0, None), candidate("y.a", 224, 70.0, 9.0)]
    table = pd.DataFrame(rows, dtype=object).assign(is_default=[False, True, True], pretraining=None)
    assert of(Answers(limits=Limits(max_latency_s=0.02)), table).row_of("x") == deployed("x.b", 224)


def test_a_few_untried_models_are_named_where_nothing_measured_clears_the_limits(table):
    found = of(Answers(limits=Limits(min_top1=84)), table)
    assert found.pick is None
    untried = found.untried()
    assert 1 <= len(untried) <= 2
    assert all(found.number(ref, "top1") >= 84 and found.number(ref, "latency_p50_s") is None for ref in untried)
    assert of(Answers(limits=Limits(min_top1=75)), table).untried() == []
