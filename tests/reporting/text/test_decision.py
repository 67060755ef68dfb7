"""The sentences of the product, word for word where they matter."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from bakeoff_core.formatting import markdown_code
from bakeoff_core.reporting.text.decision import (
    explain_alternatives,
    explain_choice,
    explain_decision,
    explain_limits,
    explain_no_pick,
    explain_off_frontier,
    explain_rejection,
    explain_rejections,
    explain_warning,
    warning_line,
)
from bakeoff_core.reporting.text.names import Wording, describe_setting, setting_differences, short_names
from bakeoff_core.schema.records import (
    WARNING_CODES,
    AccuracySource,
    CandidateRef,
    Choice,
    Decision,
    Limits,
    MeasurementWarning,
    Rejection,
    Relaxation,
    Tie,
)
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    B0,
    HOSTILE_NAMES,
    LARGE,
    LIMITS,
    LITE0,
    RESNET50,
    SMALL,
    candidate,
    decided,
    hostile,
    hostile_decision,
    measured,
    published,
    table,
    tied,
    undecided,
)

# ------------------------------------------------------------- warnings


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


# ---------------------------------------------------------------- names


def test_names_are_as_short_as_the_table_allows():
    frame = table(
        [
            candidate("resnet50.a1_in1k", 224),
            candidate("resnet50.a1_in1k", 288),
            candidate("resnet50.tv_in1k", 224),
            candidate("efficientnet_b0.ra_in1k", 224),
            candidate("vgg16.tv_in1k", 224),
            candidate("vgg16.tv_in1k", 256),
            candidate(".odd", None, error="unknown model"),
        ]
    )
    assert short_names(frame) == {
        CandidateRef("resnet50.a1_in1k", 224): "resnet50.a1_in1k @ 224",
        CandidateRef("resnet50.a1_in1k", 288): "resnet50.a1_in1k @ 288",
        CandidateRef("resnet50.tv_in1k", 224): "resnet50.tv_in1k",
        CandidateRef("efficientnet_b0.ra_in1k", 224): "efficientnet_b0",
        CandidateRef("vgg16.tv_in1k", 224): "vgg16 @ 224",
        CandidateRef("vgg16.tv_in1k", 256): "vgg16 @ 256",
        CandidateRef(".odd", None): ".odd",
    }


def test_somebody_who_is_not_in_the_table_goes_by_the_full_label():
    assert Wording(measured()).name(CandidateRef("gone.in1k", 224)) == "gone.in1k @ 224"


def test_long_lists_of_names_are_counted():
    refs = [B0, LARGE, SMALL, LITE0, RESNET50]
    names = "efficientnet_b0, mobilenetv3_large_100, mobilenetv3_small_100"
    assert Wording(measured()).names(refs) == f"{names} and 2 others"
    assert Wording(measured()).names(refs[:2]) == "efficientnet_b0 and mobilenetv3_large_100"


def test_a_setting_is_described_by_all_that_affects_a_number():
    row = candidate("resnet50.a1_in1k")
    assert describe_setting(row) == (
        "AMD EPYC 7763, 2 cores, 24 GiB: cpu, 2 threads, batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31"
    )
    assert describe_setting({**row, "threads": None}) == "not measured"


def test_another_setting_is_named_by_what_differs():
    row = candidate("resnet50.a1_in1k")
    other = {**row, "machine_id": "m-9", "machine_name": "Raspberry Pi 5", "threads": 4, "dtype": "bfloat16"}
    assert setting_differences(other, row) == "Raspberry Pi 5, 4 threads, bfloat16"
    assert setting_differences(row, row) == "same setting"


# --------------------------------------------------------------- limits


def test_limits_are_said_with_their_units():
    limits = Limits(min_top1=75, max_latency_s=0.015, max_memory_bytes=100_000_000, max_param_count=5_500_000)
    assert explain_limits(limits) == (
        "top-1 accuracy at least 75 %, latency at most 15 ms, peak memory at most 100 MB, "
        "parameter count at most 5.5 M parameters"
    )
    assert explain_limits(Limits()) == "no limit is set"


# -------------------------------------------------------------- choices


def test_the_most_accurate_is_explained_by_what_it_won():
    decision = decided()
    assert explain_choice(decision.most_accurate, decision, measured()) == [
        "efficientnet_b0 (77.7 % top-1, 11.8 ms) is the most accurate of the 2 candidates that clear every limit.",
        "It is 2.7 points above the accuracy floor of 75 % and 3.16 ms under the latency budget of 15 ms.",
        "Runner-up: mobilenetv3_large_100 (75.77 % top-1, 10.2 ms).",
    ]


def test_the_cheapest_is_explained_by_the_cost_in_question():
    decision = decided(rule="cheapest", cost="params")
    assert explain_choice(decision.cheapest, decision, measured())[0] == (
        "mobilenetv3_large_100 (75.77 % top-1, 10.2 ms, 5.48 M parameters) has the lowest parameter count "
        "of the 2 candidates that clear every limit."
    )


def test_the_answer_that_is_not_the_pick_is_explained_by_its_own_rule():
    decision = decided()
    assert "has the lowest latency" in explain_choice(decision.cheapest, decision, measured())[0]


def test_an_only_candidate_is_said_to_be_the_only_one():
    rejected = (*decided().rejections, Rejection(LARGE, ("max_memory_bytes",)))
    only = Choice(B0, None, None)
    decision = decided(cheapest=only, most_accurate=only, rejections=rejected)
    sentences = explain_choice(only, decision, measured())
    assert sentences[0] == "efficientnet_b0 (77.7 % top-1, 11.8 ms) is the only candidate that clears every limit."
    assert sentences[-1] == "There is no runner-up: nobody else clears every limit."


def test_without_limits_the_choice_is_among_those_whose_numbers_are_known():
    decision = decided(limits=Limits(), rejections=())
    first, *rest = explain_choice(decision.most_accurate, decision, measured())
    assert first.endswith("is the most accurate of the 11 candidates whose numbers are known; no limit is set.")
    assert not any("under the" in sentence for sentence in rest)


def test_a_number_on_its_limit_is_said_to_be_there():
    decision = decided(limits=Limits(min_top1=77.7, max_latency_s=0.015))
    sentences = explain_choice(decision.most_accurate, decision, measured())
    assert sentences[1].startswith("It is exactly at the accuracy floor of 77.7 % and 3.16 ms under")


def test_a_choice_of_another_decision_is_refused():
    with pytest.raises(ValueError, match="one of the two answers"):
        explain_choice(Choice(SMALL, None, None), decided(), measured())


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
    assert explain_choice(decision.most_accurate, decision, measured())[2] == sentence


def test_equal_costs_are_said_to_be_equal():
    frame = measured()
    frame.loc[frame["model_name"] == LARGE.model_name, "param_count"] = 5_290_000
    decision = tied("params", "top1")
    assert explain_choice(decision.most_accurate, decision, frame)[2] == (
        "Tie with mobilenetv3_large_100: their parameter count is equal (5.29 M parameters). "
        "It was broken on top-1 accuracy (77.7 % against 75.77 %)."
    )


def test_a_budget_inside_an_interval_is_a_tie_with_who_might_come_in():
    decision = tied("limit", "latency_p50_s", LITE0)
    decision = decided(most_accurate=decision.most_accurate, limits=Limits(min_top1=74, max_latency_s=0.0176))
    assert explain_choice(decision.most_accurate, decision, measured())[2] == (
        "Tie with tf_efficientnet_lite0: the latency budget of 17.6 ms lies within the 95 % interval of "
        "tf_efficientnet_lite0 (17.5 to 18.5 ms), which measured again might fit. "
        "It was broken on latency (11.8 ms against 18.0 ms)."
    )


def test_a_pick_at_its_limit_may_be_tied_with_nobody():
    choice = Choice(B0, None, Tie((), "limit", "latency_p50_s"))
    decision = decided(most_accurate=choice, limits=Limits(max_latency_s=0.012))
    assert explain_choice(choice, decision, measured())[2] == (
        "Tied to its limit: the latency budget of 12 ms lies within the 95 % interval of efficientnet_b0 "
        "(11.5 to 12.2 ms), which measured again might not fit, and nobody else does."
    )


# -------------------------------------------------------------- no pick


def test_without_a_pick_the_blame_is_shared_and_the_way_out_named():
    assert explain_no_pick(undecided(), measured()) == [
        "Nothing clears every limit: top-1 accuracy at least 75 %, latency at most 10 ms.",
        "No limit excludes everyone on its own; the accuracy floor and the latency budget do so together.",
        "Raise the latency budget from 10 ms to 10.2 ms and mobilenetv3_large_100 (75.77 % top-1, 10.2 ms) comes in.",
    ]


def test_a_limit_that_excludes_everyone_is_blamed_with_the_best_there_is():
    decision = decide(measured(), Limits(min_top1=85, max_latency_s=0.1))
    assert explain_no_pick(decision, measured()) == [
        "Nothing clears every limit: top-1 accuracy at least 85 %, latency at most 100 ms.",
        "The accuracy floor of 85 % alone excludes every candidate: the highest top-1 accuracy is that of "
        "convnext_tiny, 82.1 %.",
        "Lower the accuracy floor from 85 % to 82.1 % and convnext_tiny (82.1 % top-1, 62.0 ms) comes in.",
    ]


def test_a_relaxed_budget_is_rounded_up_so_that_it_admits_the_model():
    frame = measured().iloc[[2]]
    decision = decide(frame, Limits(max_latency_s=0.01))
    assert explain_no_pick(decision, frame)[-1] == (
        "Raise the latency budget from 10 ms to 11.9 ms and efficientnet_b0 (77.7 % top-1, 11.8 ms) comes in."
    )


def test_two_limits_that_each_exclude_everyone_are_both_blamed():
    decision = decide(measured(), Limits(min_top1=85, max_latency_s=0.001))
    sentences = explain_no_pick(decision, measured())
    assert sentences[1].startswith("The accuracy floor of 85 % alone excludes every candidate")
    assert sentences[2] == (
        "The latency budget of 1 ms alone excludes every candidate: the lowest latency is that of "
        "mobilenetv3_small_100, 4.38 ms."
    )
    assert sentences[3] == "No limit relaxed on its own admits a model: relax two of them."


def test_a_row_without_accuracy_does_not_share_out_the_blame():
    frame = table([candidate("a.x", top1=None, latency_ms=5.0), candidate("b.x", top1=80.0, latency_ms=20.0)])
    sentences = explain_no_pick(decide(frame, Limits(min_top1=75, max_latency_s=0.01)), frame)
    assert sentences[1] == (
        "The latency budget of 10 ms alone excludes every candidate: the lowest latency is that of b, 20.0 ms."
    )


def test_a_near_miss_is_shown_with_enough_digits_to_see_it():
    frame = table([candidate("a.x", top1=80.0, latency_ms=10.004)])
    decision = decide(frame, Limits(max_latency_s=0.01))
    assert "10.004 ms" in explain_no_pick(decision, frame)[1]
    assert explain_rejection(decision.rejections[0], frame, decision) == (
        "Latency 10.004 ms is over the latency budget of 10 ms."
    )


def test_an_empty_table_asks_for_a_measurement():
    frame = measured().iloc[:0]
    assert explain_no_pick(decide(frame, LIMITS), frame) == [
        "There is nothing to choose from yet. Measure this machine first."
    ]


def test_candidates_without_numbers_are_not_blamed_on_a_limit():
    frame = measured().iloc[9:]
    assert explain_no_pick(decide(frame, LIMITS), frame)[0] == (
        "None of the 2 candidates has both an accuracy and the numbers the limits need."
    )


# --------------------------------------------------------- alternatives


def test_alternatives_say_what_would_change_the_pick():
    assert explain_alternatives(decided(), measured()) == [
        "Raise the latency budget from 15 ms to 37 ms and resnet50 @ 224 (80.4 % top-1, 37.0 ms) becomes the pick."
    ]
    lowered = decided(alternatives=(Relaxation("min_top1", 75, 67.66, SMALL),))
    assert explain_alternatives(lowered, measured()) == [
        "Lower the accuracy floor from 75 % to 67.66 % and mobilenetv3_small_100 (67.66 % top-1, 4.38 ms) "
        "becomes the pick."
    ]


def test_a_pick_that_no_limit_holds_back_says_so():
    assert explain_alternatives(decided(alternatives=()), measured()) == [
        "Relaxing any one limit leaves the pick as it is."
    ]
    assert explain_alternatives(decided(alternatives=(), limits=Limits()), measured()) == [
        "No limit is set, so there is none to relax."
    ]
    assert explain_alternatives(undecided(), measured()) == []


def test_a_decision_is_explained_whole():
    decision = decided()
    assert explain_decision(decision, measured()) == [
        *explain_choice(decision.pick, decision, measured()),
        *explain_alternatives(decision, measured()),
    ]
    assert explain_decision(undecided(), measured()) == explain_no_pick(undecided(), measured())


# ----------------------------------------------------------- rejections


def test_rejections_give_each_number_and_its_limit():
    sentences = explain_rejections(decided(), measured())
    assert sentences[LITE0] == (
        "Top-1 accuracy 74.85 % is under the accuracy floor of 75 %; "
        "latency 18.0 ms is over the latency budget of 15 ms."
    )
    assert sentences[CandidateRef("resnet50.a1_in1k", 160)] == (
        "Top-1 accuracy is not known, and the accuracy floor of 75 % needs it; "
        "latency 21.0 ms is over the latency budget of 15 ms."
    )
    failed = CandidateRef("vit_huge_patch14_224.orig_in21k", 224)
    assert sentences[failed] == "Could not be measured: out of memory"
    assert B0 not in sentences


def test_a_single_rejection_reads_like_the_one_in_the_table():
    decision = decided()
    whole = explain_rejections(decision, measured())
    for rejection in decision.rejections:
        assert explain_rejection(rejection, measured(), decision) == whole[rejection.candidate]


def test_an_accuracy_that_nobody_published_is_named_as_such():
    rejection = Rejection(CandidateRef("resnet50.a1_in1k", 160), (), ("top1",))
    assert explain_rejection(rejection, measured(), decided(limits=Limits())) == (
        "No accuracy is published for this tag at 160 px."
    )


# ------------------------------------------------------------- standing


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
    assert explain_decision(decision, frame) == explain_decision(plain, measured())
    for row in frame.to_dict("records"):
        assert "<NA>" not in explain_off_frontier(row)


# -------------------------------------------------------------- escaping


def test_only_texts_from_files_are_escaped_and_all_of_them():
    decision, frame = hostile_decision(), hostile()
    mark = "\x01".__add__  # marks what passed through; nothing hostile may stand unmarked
    sentences = [
        *explain_decision(decision, frame, escape=mark),
        *explain_rejections(decision, frame, escape=mark).values(),
        *(explain_off_frontier(row, escape=mark) for row in frame.to_dict("records")),
    ]
    for name in (*HOSTILE_NAMES, "<i>bad</i>"):
        for sentence in sentences:
            assert sentence.count(name) == sentence.count(f"\x01{name}"), sentence
    assert any("\x01" in sentence for sentence in sentences)


def test_markdown_sentences_keep_plain_names_readable():
    decision = decided()
    assert explain_choice(decision.pick, decision, measured(), escape=markdown_code)[2] == (
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
                        assert all(s.endswith(".") for s in explain_choice(choice, decision, frame))
                assert explain_decision(decision, frame)


# ------------------------------------------------- accuracy on other images

CELLS = AccuracySource("elpv-1a2b3c4d", "Solar cells (ELPV)", "Solar cells, fine-tuned here", 656, "1a2b3c4d5e6f7a8b")


def test_a_tie_on_other_images_names_them_and_how_many_there_are():
    sentences = explain_choice(
        tied("accuracy", "latency_p50_s").pick, tied("accuracy", "latency_p50_s"), measured(), source=CELLS
    )
    assert sentences[0].startswith("efficientnet_b0 (77.7 % on Solar cells (ELPV), 11.8 ms) is the most accurate of ")
    assert "the 95 % sampling intervals of 656 test images overlap (77.33 to 78.07 %" in sentences[2]


def test_limits_blame_and_reasons_call_the_accuracy_by_its_images():
    assert explain_limits(Limits(min_top1=75), source=CELLS) == "accuracy on Solar cells (ELPV) at least 75 %"
    frame = measured()
    nothing = decide(frame, Limits(min_top1=99))
    assert explain_no_pick(nothing, frame, source=CELLS)[1] == (
        "The accuracy floor of 99 % alone excludes every candidate: the highest accuracy on Solar cells (ELPV) is that "
        "of convnext_tiny, 82.1 %."
    )
    row = frame.iloc[9].to_dict()
    assert explain_off_frontier(row, source=CELLS) == (
        "Not on these axes: not fine-tuned on Solar cells (ELPV) at 160 px."
    )


def test_without_any_accuracy_on_them_the_way_to_get_one_is_named():
    frame = measured().assign(top1=None)
    assert explain_no_pick(decide(frame, Limits()), frame, source=CELLS)[1] == (
        "Fine-tune more models on Solar cells (ELPV), or measure those that were, at their size."
    )


def test_the_name_of_a_folder_is_escaped_for_the_medium():
    source = AccuracySource("folder-1", "a|<b>", "a|<b>, fine-tuned here", 10, "1")
    assert explain_limits(Limits(min_top1=75), escape=markdown_code, source=source) == (
        r"accuracy on a\|&lt;b&gt; at least 75 %"
    )
