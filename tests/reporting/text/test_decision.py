"""The sentences about a decision, word for word where they matter."""

from __future__ import annotations

import pytest

from bakeoff_core.formatting import markdown_code
from bakeoff_core.reporting.text.decision import (
    explain_alternatives,
    explain_choice,
    explain_decision,
    explain_limits,
    explain_no_pick,
)
from bakeoff_core.reporting.text.names import CandidateNames, Terms
from bakeoff_core.reporting.text.rejections import explain_off_frontier, explain_rejection, explain_rejections
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.decision import Choice, Decision, Limits, Rejection, Relaxation, Tie
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    B0,
    HOSTILE_NAMES,
    LARGE,
    LIMITS,
    LITE0,
    SMALL,
    candidate,
    decided,
    hostile,
    hostile_decision,
    measured,
    table,
    tied,
    undecided,
)

# ---------------------------------------------------------------- limits


def test_limits_are_said_with_their_units():
    limits = Limits(min_top1=75, max_latency_s=0.015, max_memory_bytes=100_000_000, max_param_count=5_500_000)
    assert explain_limits(limits) == (
        "top-1 accuracy at least 75 %, latency at most 15 ms, peak memory at most 100 MB, "
        "parameter count at most 5.5 M parameters"
    )
    assert explain_limits(Limits()) == "no limit is set"


# --------------------------------------------------------------- choices


def test_the_most_accurate_is_explained_by_what_it_won():
    decision = decided()
    assert explain_choice(decision.most_accurate, decision, CandidateNames(measured())) == [
        "efficientnet_b0 (77.7 % top-1, 11.8 ms) is the most accurate of the 2 candidates that clear every limit.",
        "It is 2.7 points above the accuracy floor of 75 % and 3.16 ms under the latency budget of 15 ms.",
        "Runner-up: mobilenetv3_large_100 (75.77 % top-1, 10.2 ms).",
    ]


def test_the_cheapest_is_explained_by_the_cost_in_question():
    decision = decided(rule="cheapest", cost="params")
    assert explain_choice(decision.cheapest, decision, CandidateNames(measured()))[0] == (
        "mobilenetv3_large_100 (75.77 % top-1, 10.2 ms, 5.48 M parameters) has the lowest parameter count "
        "of the 2 candidates that clear every limit."
    )


def test_the_answer_that_is_not_the_pick_is_explained_by_its_own_rule():
    decision = decided()
    assert "has the lowest latency" in explain_choice(decision.cheapest, decision, CandidateNames(measured()))[0]


def test_an_only_candidate_is_said_to_be_the_only_one():
    rejected = (*decided().rejections, Rejection(LARGE, ("max_memory_bytes",)))
    only = Choice(B0, None, None)
    decision = decided(cheapest=only, most_accurate=only, rejections=rejected)
    sentences = explain_choice(only, decision, CandidateNames(measured()))
    assert sentences[0] == "efficientnet_b0 (77.7 % top-1, 11.8 ms) is the only candidate that clears every limit."
    assert sentences[-1] == "There is no runner-up: nobody else clears every limit."


def test_without_limits_the_choice_is_among_those_whose_numbers_are_known():
    decision = decided(limits=Limits(), rejections=())
    first, *rest = explain_choice(decision.most_accurate, decision, CandidateNames(measured()))
    assert first.endswith("is the most accurate of the 11 candidates whose numbers are known; no limit is set.")
    assert not any("under the" in sentence for sentence in rest)


def test_a_number_on_its_limit_is_said_to_be_there():
    decision = decided(limits=Limits(min_top1=77.7, max_latency_s=0.015))
    sentences = explain_choice(decision.most_accurate, decision, CandidateNames(measured()))
    assert sentences[1].startswith("It is exactly at the accuracy floor of 77.7 % and 3.16 ms under")


def test_a_choice_of_another_decision_is_refused():
    with pytest.raises(ValueError, match="one of the two answers"):
        explain_choice(Choice(SMALL, None, None), decided(), CandidateNames(measured()))


@pytest.mark.parametrize(
    ("measure", "broken_on", "sentence"),
    [
        (
            "accuracy",
            "latency_p50_s",
            "Tie with mobilenetv3_large_100: the 95 % sampling intervals of 50,000 validation images overlap "
            "(77.33 to 78.07 % and 75.4 to 76.14 %). It was broken on latency (11.8 ms against 10.2 ms).",
        ),
        (
            "latency",
            "top1",
            "Tie with mobilenetv3_large_100: the 95 % intervals of their latency overlap "
            "(11.5 to 12.2 ms and 9.89 to 10.5 ms). It was broken on top-1 accuracy (77.7 % against 75.77 %).",
        ),
        (
            "params",
            "model_name",
            "Tie with mobilenetv3_large_100: too close to tell apart by parameter count "
            "(5.29 M parameters against 5.48 M parameters). "
            "Nothing that was measured separates them, so the order of their names decided.",
        ),
    ],
)
def test_ties_say_who_what_overlaps_and_what_decided(measure, broken_on, sentence):
    decision = tied(measure, broken_on)
    assert explain_choice(decision.most_accurate, decision, CandidateNames(measured()))[2] == sentence


def test_equal_costs_are_said_to_be_equal():
    frame = measured()
    frame.loc[frame["model_name"] == LARGE.model_name, "param_count"] = 5_290_000
    decision = tied("params", "top1")
    assert explain_choice(decision.most_accurate, decision, CandidateNames(frame))[2] == (
        "Tie with mobilenetv3_large_100: their parameter count is equal (5.29 M parameters). "
        "It was broken on top-1 accuracy (77.7 % against 75.77 %)."
    )


def test_a_budget_inside_an_interval_is_a_tie_with_who_might_come_in():
    decision = tied("limit", "latency_p50_s", LITE0)
    decision = decided(most_accurate=decision.most_accurate, limits=Limits(min_top1=74, max_latency_s=0.0176))
    assert explain_choice(decision.most_accurate, decision, CandidateNames(measured()))[2] == (
        "Tie with tf_efficientnet_lite0: the latency budget of 17.6 ms lies within the 95 % interval of "
        "tf_efficientnet_lite0 (17.5 to 18.5 ms), which measured again might fit. "
        "By the median as measured, 18.0 ms, it does not fit; that decided."
    )


def test_a_pick_at_its_limit_may_be_tied_with_nobody():
    choice = Choice(B0, None, Tie((), "limit", "latency_p50_s"))
    decision = decided(most_accurate=choice, limits=Limits(max_latency_s=0.012))
    assert explain_choice(choice, decision, CandidateNames(measured()))[2] == (
        "Tied to its limit: the latency budget of 12 ms lies within the 95 % interval of efficientnet_b0 "
        "(11.5 to 12.2 ms), which measured again might not fit, and nobody else does."
    )


# --------------------------------------------------------------- no pick


def test_without_a_pick_the_blame_is_shared_and_the_way_out_named():
    assert explain_no_pick(undecided(), CandidateNames(measured())) == [
        "Nothing clears every limit: top-1 accuracy at least 75 %, latency at most 10 ms.",
        "No limit excludes everyone on its own; the accuracy floor and the latency budget do so together.",
        "Raise the latency budget from 10 ms to 10.2 ms and mobilenetv3_large_100 (75.77 % top-1, 10.2 ms) comes in.",
    ]


def test_a_limit_that_excludes_everyone_is_blamed_with_the_best_there_is():
    decision = decide(measured(), Limits(min_top1=85, max_latency_s=0.1))
    assert explain_no_pick(decision, CandidateNames(measured())) == [
        "Nothing clears every limit: top-1 accuracy at least 85 %, latency at most 100 ms.",
        "The accuracy floor of 85 % alone excludes every candidate: the highest top-1 accuracy is that of "
        "convnext_tiny, 82.1 %.",
        "Lower the accuracy floor from 85 % to 82.1 % and convnext_tiny (82.1 % top-1, 62.0 ms) comes in.",
    ]


def test_a_relaxed_budget_is_rounded_up_so_that_it_admits_the_model():
    frame = measured().iloc[[2]]
    decision = decide(frame, Limits(max_latency_s=0.01))
    assert explain_no_pick(decision, CandidateNames(frame))[-1] == (
        "Raise the latency budget from 10 ms to 11.9 ms and efficientnet_b0 (77.7 % top-1, 11.8 ms) comes in."
    )


def test_two_limits_that_each_exclude_everyone_are_both_blamed():
    decision = decide(measured(), Limits(min_top1=85, max_latency_s=0.001))
    sentences = explain_no_pick(decision, CandidateNames(measured()))
    assert sentences[1].startswith("The accuracy floor of 85 % alone excludes every candidate")
    assert sentences[2] == (
        "The latency budget of 1 ms alone excludes every candidate: the lowest latency is that of "
        "mobilenetv3_small_100, 4.38 ms."
    )
    assert sentences[3] == "No limit relaxed on its own admits a model: relax two of them."


def test_a_row_without_accuracy_does_not_share_out_the_blame():
    frame = table([candidate("a.x", top1=None, latency_ms=5.0), candidate("b.x", top1=80.0, latency_ms=20.0)])
    sentences = explain_no_pick(decide(frame, Limits(min_top1=75, max_latency_s=0.01)), CandidateNames(frame))
    assert sentences[1] == (
        "The latency budget of 10 ms alone excludes every candidate: the lowest latency is that of b, 20.0 ms."
    )


def test_a_near_miss_is_shown_with_enough_digits_to_see_it():
    frame = table([candidate("a.x", top1=80.0, latency_ms=10.004)])
    decision = decide(frame, Limits(max_latency_s=0.01))
    assert "10.004 ms" in explain_no_pick(decision, CandidateNames(frame))[1]
    assert explain_rejection(decision.rejections[0], decision.limits, CandidateNames(frame)) == (
        "Latency 10.004 ms is over the latency budget of 10 ms."
    )


def test_an_empty_table_asks_for_a_measurement():
    frame = measured().iloc[:0]
    assert explain_no_pick(decide(frame, LIMITS), CandidateNames(frame)) == [
        "There is nothing to choose from yet. Measure this machine first."
    ]


def test_candidates_without_numbers_are_not_blamed_on_a_limit():
    frame = measured().iloc[9:]
    assert explain_no_pick(decide(frame, LIMITS), CandidateNames(frame))[0] == (
        "None of the 2 candidates has both an accuracy and the numbers the limits need."
    )


# ---------------------------------------------------------- alternatives


def test_alternatives_say_what_would_change_the_pick():
    assert explain_alternatives(decided(), CandidateNames(measured())) == [
        "Raise the latency budget from 15 ms to 37 ms and resnet50 @ 224 (80.4 % top-1, 37.0 ms) becomes the pick."
    ]
    lowered = decided(alternatives=(Relaxation("min_top1", 75, 67.66, SMALL),))
    assert explain_alternatives(lowered, CandidateNames(measured())) == [
        "Lower the accuracy floor from 75 % to 67.66 % and mobilenetv3_small_100 (67.66 % top-1, 4.38 ms) "
        "becomes the pick."
    ]


def test_a_pick_that_no_limit_holds_back_says_so():
    assert explain_alternatives(decided(alternatives=()), CandidateNames(measured())) == [
        "Relaxing any one limit leaves the pick as it is."
    ]
    assert explain_alternatives(decided(alternatives=(), limits=Limits()), CandidateNames(measured())) == [
        "No limit is set, so there is none to relax."
    ]
    assert explain_alternatives(undecided(), CandidateNames(measured())) == []


def test_a_decision_is_explained_whole():
    decision = decided()
    assert explain_decision(decision, CandidateNames(measured())) == [
        *explain_choice(decision.pick, decision, CandidateNames(measured())),
        *explain_alternatives(decision, CandidateNames(measured())),
    ]
    assert explain_decision(undecided(), CandidateNames(measured())) == explain_no_pick(
        undecided(), CandidateNames(measured())
    )


# -------------------------------------------------------------- escaping


def test_only_texts_from_files_are_escaped_and_all_of_them():
    decision, frame = hostile_decision(), hostile()
    mark = "\x01".__add__  # marks what passed through; nothing hostile may stand unmarked
    sentences = [
        *explain_decision(decision, CandidateNames(frame, Terms(escape=mark))),
        *explain_rejections(decision, CandidateNames(frame, Terms(escape=mark))).values(),
        *(explain_off_frontier(row, terms=Terms(escape=mark)) for row in frame.to_dict("records")),
    ]
    for name in (*HOSTILE_NAMES, "<i>bad</i>"):
        for sentence in sentences:
            assert sentence.count(name) == sentence.count(f"\x01{name}"), sentence
    assert any("\x01" in sentence for sentence in sentences)


def test_markdown_sentences_keep_plain_names_readable():
    decision = decided()
    assert explain_choice(decision.pick, decision, CandidateNames(measured(), Terms(escape=markdown_code)))[2] == (
        "Runner-up: `mobilenetv3_large_100` (75.77 % top-1, 10.2 ms)."
    )


def test_real_decisions_of_every_kind_can_be_explained():
    frame = annotate(measured())
    for rule in ("most-accurate", "cheapest"):
        for cost in ("latency", "macs", "params", "memory"):
            for limits in (LIMITS, Limits(), Limits(min_top1=99), Limits(max_memory_bytes=36_000_000)):
                decision: Decision = decide(frame, limits, rule=rule, cost=cost)
                for choice in (decision.cheapest, decision.most_accurate):
                    if choice:
                        assert all(s.endswith(".") for s in explain_choice(choice, decision, CandidateNames(frame)))
                assert explain_decision(decision, CandidateNames(frame))


# ---------------------------------------------- accuracy on other images

CELLS = AccuracySource("elpv-1a2b3c4d", "Solar cells (ELPV)", "Solar cells, fine-tuned here", 656, "1a2b3c4d5e6f7a8b")


def test_a_tie_on_other_images_names_them_and_how_many_there_are():
    sentences = explain_choice(
        tied("accuracy", "latency_p50_s").pick,
        tied("accuracy", "latency_p50_s"),
        CandidateNames(measured(), Terms(CELLS)),
    )
    assert sentences[0].startswith("efficientnet_b0 (77.7 % on Solar cells (ELPV), 11.8 ms) is the most accurate of ")
    assert "the 95 % sampling intervals of 656 test images overlap (77.33 to 78.07 %" in sentences[2]


def test_limits_blame_and_reasons_call_the_accuracy_by_its_images():
    assert explain_limits(Limits(min_top1=75), Terms(CELLS)) == "accuracy on Solar cells (ELPV) at least 75 %"
    frame = measured()
    nothing = decide(frame, Limits(min_top1=99))
    assert explain_no_pick(nothing, CandidateNames(frame, Terms(CELLS)))[1] == (
        "The accuracy floor of 99 % alone excludes every candidate: the highest accuracy on Solar cells (ELPV) is that "
        "of convnext_tiny, 82.1 %."
    )
    row = frame.iloc[9].to_dict()
    assert explain_off_frontier(row, terms=Terms(CELLS)) == (
        "Not on these axes: not fine-tuned on Solar cells (ELPV) at 160 px."
    )


def test_without_any_accuracy_on_them_the_way_to_get_one_is_named():
    frame = measured().assign(top1=None)
    assert explain_no_pick(decide(frame, Limits()), CandidateNames(frame, Terms(CELLS)))[1] == (
        "Fine-tune more models on Solar cells (ELPV), or measure those that were, at their size."
    )


def test_the_name_of_a_folder_is_escaped_for_the_medium():
    source = AccuracySource("folder-1", "a|<b>", "a|<b>, fine-tuned here", 10, "1")
    assert explain_limits(Limits(min_top1=75), Terms(source, markdown_code)) == (
        r"accuracy on a\|&lt;b&gt; at least 75 %"
    )
