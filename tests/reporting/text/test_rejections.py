"""Why a candidate is not the pick: limits it fails, and where it is off the frontier."""

from __future__ import annotations

import pandas as pd

from bakeoff_core.reporting.text.decision import (
    explain_decision,
)
from bakeoff_core.reporting.text.names import CandidateNames
from bakeoff_core.reporting.text.rejections import explain_off_frontier, explain_rejection, explain_rejections
from bakeoff_core.schema.decision import Limits, Rejection
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    B0,
    LIMITS,
    LITE0,
    candidate,
    decided,
    deployed,
    measured,
    published,
    table,
)


def test_rejections_give_each_number_and_its_limit():
    sentences = explain_rejections(decided(), CandidateNames(measured()))
    assert sentences[LITE0] == (
        "Top-1 accuracy 74.85 % is under the accuracy floor of 75 %; "
        "latency 18.0 ms is over the latency budget of 15 ms."
    )
    assert sentences[deployed("resnet50.a1_in1k", 160)] == (
        "Top-1 accuracy is not known, and the accuracy floor of 75 % needs it; "
        "latency 21.0 ms is over the latency budget of 15 ms."
    )
    failed = deployed("vit_huge_patch14_224.orig_in21k", 224)
    assert sentences[failed] == "Could not be measured: out of memory"
    assert B0 not in sentences


def test_a_single_rejection_reads_like_the_one_in_the_table():
    decision = decided()
    whole = explain_rejections(decision, CandidateNames(measured()))
    for rejection in decision.rejections:
        assert explain_rejection(rejection, decision.limits, CandidateNames(measured())) == whole[rejection.candidate]


def test_an_accuracy_that_nobody_published_is_named_as_such():
    rejection = Rejection(deployed("resnet50.a1_in1k", 160), (), ("top1",))
    assert explain_rejection(rejection, Limits(), CandidateNames(measured())) == (
        "No accuracy is published for this tag at 160 px."
    )


def rows_by_name(frame: pd.DataFrame) -> dict:
    return {(row["model_name"], row["img_size"]): row for row in frame.to_dict("records")}


def test_the_dominated_learn_by_whom_and_by_how_much():
    rows = rows_by_name(measured())
    lite0, large = rows["tf_efficientnet_lite0.in1k", 224], rows["mobilenetv3_large_100.ra_in1k", 224]
    assert explain_off_frontier(lite0, large) == (
        "Dominated by mobilenetv3_large_100.ra_in1k @ 224, which is 7.80 ms faster and 0.92 points more accurate."
    )
    assert explain_off_frontier(lite0) == "Dominated by mobilenetv3_large_100.ra_in1k @ 224."
    assert explain_off_frontier(lite0, large, cost="memory") == (
        "Dominated by mobilenetv3_large_100.ra_in1k @ 224, which needs 15.0 MB less peak memory and is 0.92 points "
        "more accurate."
    )


def test_a_dominator_that_is_equal_on_one_axis_is_said_to_be():
    rows = rows_by_name(table([candidate("a.x", top1=80.0), candidate("b.x", top1=79.0)]))
    assert explain_off_frontier(rows["b.x", 224], rows["a.x", 224]) == (
        "Dominated by a.x @ 224, which is as fast and 1 point more accurate."
    )


def test_those_without_a_place_learn_why():
    rows = rows_by_name(measured())
    assert explain_off_frontier(rows["resnet50.a1_in1k", 160]) == (
        "Not on these axes: no accuracy is published for this tag at 160 px."
    )
    assert explain_off_frontier(rows["vit_huge_patch14_224.orig_in21k", 224]) == (
        "Could not be measured: out of memory"
    )
    unmeasured = rows_by_name(published())["efficientnet_b0.ra_in1k", 224]
    assert explain_off_frontier({**unmeasured, "non_dominated": None}) == ("Not on these axes: latency is not known.")


def test_the_frontier_is_explained_to_those_on_it():
    row = rows_by_name(measured())["efficientnet_b0.ra_in1k", 224]
    assert explain_off_frontier(row).startswith("On the frontier:")


def test_nullable_columns_read_like_plain_ones():
    frame = annotate(measured().convert_dtypes())
    decision = decide(frame, LIMITS)
    plain = decide(measured(), LIMITS)
    assert explain_decision(decision, CandidateNames(frame)) == explain_decision(plain, CandidateNames(measured()))
    for row in frame.to_dict("records"):
        assert "<NA>" not in explain_off_frontier(row)
