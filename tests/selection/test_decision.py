"""The pick, against oracles that try everything, and by example."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, RULES, Limits, Rejection, Relaxation, Tie
from bakeoff_core.selection.decision import decide
from tests.support.bare_candidates import LAB, between, candidate, frame, ref

thorough = settings(max_examples=120, deadline=None)
INF, NAN = math.inf, math.nan


# --- decide against an oracle that tries everything ---------------------------------------------------------


def known(value: object) -> bool:
    return value is not None and not math.isnan(value)


def brute_ranking(rows: list[dict], limits: dict[str, float], rule: str, cost: str) -> list[dict]:
    """Who clears the limits, best first; straight from the words of the contract."""

    def clears(row: dict) -> bool:
        needed = [row["top1"]] + ([row[COST_COLUMNS[cost]]] if rule == "cheapest" else [])
        if row["error"] is not None or not all(known(value) for value in needed):
            return False
        for limit, bound in limits.items():
            value = row[LIMIT_COLUMNS[limit]]
            if not known(value) or (value < bound if limit == "min_top1" else value > bound):
                return False
        return True

    def order(row: dict) -> tuple:
        last = [row[name] if known(row[name]) else INF for name in ("latency_p50_s", "macs")]
        last += [row["model_name"], row["img_size"]]
        if rule == "cheapest":
            return (row[COST_COLUMNS[cost]], -row["top1"], *last)
        return (-row["top1"], *last)

    return sorted(filter(clears, rows), key=order)


def brute_changes(rows: list[dict], limits: dict[str, float], rule: str, cost: str) -> dict[str, tuple]:
    """For each limit the first looser value, among all that candidates have, that leads to another pick."""
    now = brute_ranking(rows, limits, rule, cost)[:1]
    changes = {}
    for limit, bound in limits.items():
        values = {row[LIMIT_COLUMNS[limit]] for row in rows if known(row[LIMIT_COLUMNS[limit]])}
        looser = sorted(v for v in values if (v < bound if limit == "min_top1" else v > bound))
        for value in reversed(looser) if limit == "min_top1" else looser:
            then = brute_ranking(rows, limits | {limit: value}, rule, cost)[:1]
            if then != now:
                changes[limit] = (value, then[0])
                break
    return changes


def as_ref(row: dict) -> CandidateRef:
    return CandidateRef(row["model_name"], row["img_size"])


LATENCY_ENDS = ("latency_p50_s", "latency_p50_low_s", "latency_p50_high_s")


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(strategy, strategy, strategy, st.none(), st.just(NAN))


@st.composite
def candidate_rows(draw) -> list[dict]:
    """Rows on a coarse grid, so that ties, limits that are just met and unknown numbers are common."""
    identities = draw(
        st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([160, 224, 288])), max_size=9, unique=True)
    )
    rows = []
    for name, size in identities:
        latency, top1 = draw(maybe(st.integers(1, 6))), draw(maybe(st.integers(70, 75)))
        row = candidate(name, top1, latency, img_size=size)
        row["error"] = draw(st.sampled_from([None, None, None, None, "failed"]))
        for column in ("macs", "param_count", "peak_memory_bytes"):
            row[column] = draw(maybe(st.integers(1, 4)))
        if known(latency):
            row["latency_p50_low_s"] = draw(st.sampled_from([None, latency, latency - 0.5, latency - 1]))
            row["latency_p50_high_s"] = draw(st.sampled_from([None, latency, latency + 0.5, latency + 1]))
        if known(top1):
            row["top1_low"] = draw(st.sampled_from([None, top1 - 0.5]))
            row["top1_high"] = draw(st.sampled_from([None, top1 + 0.5]))
        rows.append(row)
    return rows


limit_sets = st.fixed_dictionaries(
    {},
    optional={
        "min_top1": st.sampled_from([0, 70, 72, 72.5, 74, 76]),
        "max_latency_s": st.sampled_from([0.5, 1, 2.5, 3, 4, 5.5]),
        "max_memory_bytes": st.integers(1, 4),
        "max_param_count": st.integers(1, 4),
    },
).map(lambda chosen: {name: chosen[name] for name in LIMIT_COLUMNS if name in chosen})
rules, costs = st.sampled_from(RULES), st.sampled_from(list(COST_COLUMNS))


@thorough
@given(candidate_rows(), limit_sets, rules, costs)
def test_both_answers_and_their_runners_up_agree_with_trying_everything(rows, limits, rule, cost):
    decision = decide(frame(*rows), Limits(**limits), rule, cost)
    for name, choice in (("cheapest", decision.cheapest), ("most-accurate", decision.most_accurate)):
        expected = [as_ref(row) for row in brute_ranking(rows, limits, name, cost)]
        got = [] if choice is None else [choice.candidate, choice.runner_up]
        assert got == (expected + [None])[:2] if expected else got == []
    assert decision.pick == (decision.cheapest if rule == "cheapest" else decision.most_accurate)


@thorough
@given(candidate_rows(), limit_sets, rules, costs)
def test_relaxations_agree_with_trying_every_looser_limit(rows, limits, rule, cost):
    decision = decide(frame(*rows), Limits(**limits), rule, cost)
    changes = {
        name: Relaxation(name, limits[name], needed, as_ref(row))
        for name, (needed, row) in brute_changes(rows, limits, rule, cost).items()
    }
    if decision.pick is not None:
        assert decision.relaxation is None
        assert decision.alternatives == tuple(changes.values())
    else:
        assert decision.alternatives == ()
        free = [as_ref(row) for row in brute_ranking(rows, {}, rule, cost)]

        def size(change: Relaxation) -> tuple:
            return abs(change.needed - change.given) / change.given, free.index(change.candidate)

        assert decision.relaxation == min(changes.values(), key=size, default=None)


@thorough
@given(candidate_rows(), limit_sets, rules, costs)
def test_blame_is_the_smallest_set_of_limits_that_excludes_everyone(rows, limits, rule, cost):
    decision = decide(frame(*rows), Limits(**limits), rule, cost)
    expected: set[str] = set()
    if brute_ranking(rows, {}, rule, cost):
        for size in range(1, len(limits) + 1):
            for names in itertools.combinations(limits, size):
                if not brute_ranking(rows, {name: limits[name] for name in names}, rule, cost):
                    expected |= set(names)
            if expected:
                break
    assert decision.blame == tuple(name for name in limits if name in expected)


@thorough
@given(candidate_rows(), limit_sets, rules, costs)
def test_rejections_are_all_rows_that_cannot_be_the_pick_in_order(rows, limits, rule, cost):
    decision = decide(frame(*rows), Limits(**limits), rule, cost)
    able = [as_ref(row) for row in brute_ranking(rows, limits, rule, cost)]
    expected = [as_ref(row) for row in rows if as_ref(row) not in able]
    assert [rejection.candidate for rejection in decision.rejections] == expected


@thorough
@given(candidate_rows(), limit_sets, rules, costs, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing_but_the_order_of_rejections(rows, limits, rule, cost, random):
    first = decide(frame(*rows), Limits(**limits), rule, cost)
    random.shuffle(rows)
    second = decide(frame(*rows), Limits(**limits), rule, cost)
    assert set(first.rejections) == set(second.rejections)
    assert dataclasses.replace(first, rejections=()) == dataclasses.replace(second, rejections=())


@thorough
@given(candidate_rows(), limit_sets, rules, costs, st.data())
def test_any_new_measurement_within_the_intervals_leads_to_a_declared_answer(rows, limits, rule, cost, data):
    decision = decide(frame(*rows), Limits(**limits), rule, cost)
    again = []
    for row in rows:
        ends = [row[name] for name in LATENCY_ENDS if known(row[name])]
        drawn = data.draw(st.sampled_from(ends)) if ends else None
        again.append(row | {"latency_p50_s": drawn} | between(None, None))
    repeated = decide(frame(*again), Limits(**limits), rule, cost).pick
    if decision.pick is None or repeated is None:
        return  # without a pick there is no tie to name anyone; the next test pins what can be said
    declared = {decision.pick.candidate, *(decision.pick.tie.rivals if decision.pick.tie else ())}
    assert repeated.candidate in declared


@thorough
@given(candidate_rows(), limit_sets, rules, costs, st.data())
def test_pick_that_a_new_measurement_could_leave_without_successor_is_a_tie(rows, limits, rule, cost, data):
    decision = decide(frame(*rows), Limits(**limits), rule, cost)
    slowest = [
        row | {"latency_p50_s": row["latency_p50_high_s"]} if known(row["latency_p50_high_s"]) else row for row in rows
    ]
    if decision.pick is not None and decide(frame(*slowest), Limits(**limits), rule, cost).pick is None:
        assert decision.pick.tie is not None
        assert decision.pick.tie.measure == "limit"


@thorough
@given(candidate_rows(), limit_sets, costs)
def test_rivals_are_listed_best_first_once_and_without_the_choice(rows, limits, cost):
    decision = decide(frame(*rows), Limits(**limits), "cheapest", cost)
    for rule, choice in (("cheapest", decision.cheapest), ("most-accurate", decision.most_accurate)):
        if choice is not None and choice.tie is not None:
            order = [as_ref(row) for row in brute_ranking(rows, {}, rule, cost)]
            places = [order.index(rival) for rival in choice.tie.rivals]
            assert places == sorted(set(places))
            assert choice.candidate not in choice.tie.rivals
            assert places or choice.tie.measure == "limit"


# --- decide by example --------------------------------------------------------------------------------------


def test_lab_choice_is_the_fastest_model_over_the_floor():
    limits = Limits(min_top1=75.0, max_latency_s=0.063)
    decision = decide(LAB, limits, rule="cheapest")
    assert decision.pick.candidate == ref("efficientnet_b0")
    assert decision.pick.runner_up == ref("resnet50")
    assert decision.most_accurate.candidate == ref("convnext_tiny")
    assert decision.rejections == (Rejection(ref("mobilenetv3_small_100"), failed_limits=("min_top1",)),)


def test_lab_choice_never_follows_the_latency_budget_but_the_most_accurate_does():
    budgets = (0.005, 0.012, 0.040, 0.070)
    decisions = [decide(LAB, Limits(min_top1=75.0, max_latency_s=budget)) for budget in budgets]
    assert decisions[0].cheapest is None
    assert {d.cheapest.candidate for d in decisions[1:]} == {ref("efficientnet_b0")}
    picks = [d.pick and d.pick.candidate.model_name for d in decisions]
    assert picks == [None, "efficientnet_b0", "resnet50", "convnext_tiny"]


def test_most_accurate_is_the_rule_unless_asked_otherwise():
    decision = decide(LAB, Limits())
    assert (decision.rule, decision.cost) == ("most-accurate", "latency")
    assert decision.pick is decision.most_accurate


def test_value_equal_to_its_limit_clears_it():
    limits = Limits(min_top1=80.9, max_latency_s=0.0370, max_param_count=25_600_000)
    assert decide(LAB, limits).pick.candidate == ref("resnet50")


@pytest.mark.parametrize("unknown", [None, NAN, pd.NA])
def test_unknown_number_does_not_clear_a_limit(unknown):
    rows = frame(
        candidate("known", 70.0, 0.01, peak_memory_bytes=10**8),
        candidate("unknown", 80.0, 0.01, peak_memory_bytes=unknown),
    )
    decision = decide(rows, Limits(max_memory_bytes=10**9))
    assert decision.pick.candidate == ref("known")
    assert decision.rejections == (Rejection(ref("unknown"), ("max_memory_bytes",), ("peak_memory_bytes",)),)
    assert decide(rows, Limits()).pick.candidate == ref("unknown")


def test_failed_candidate_is_rejected_with_its_error_whatever_its_numbers():
    rows = frame(
        candidate("ok", 70.0, 0.02),
        candidate("broken", 90.0, 0.01, error="timed out"),
        candidate("unknown", None, None, img_size=None, error="no such model"),
    )
    decision = decide(rows, Limits(max_latency_s=0.05))
    assert decision.pick.candidate == ref("ok")
    assert decision.rejections == (
        Rejection(ref("broken"), error="timed out"),
        Rejection(ref("unknown", None), ("max_latency_s",), ("top1", "latency_p50_s"), "no such model"),
    )


def test_unknown_cost_keeps_a_candidate_from_being_cheapest_only():
    rows = frame(candidate("a", 70.0, 0.01, macs=5), candidate("b", 80.0, 0.02))
    decision = decide(rows, Limits(), cost="macs")
    assert decision.cheapest.candidate == ref("a")
    assert decision.most_accurate.candidate == ref("b")
    assert decision.rejections == ()
    cheapest = decide(rows, Limits(), rule="cheapest", cost="macs")
    assert cheapest.rejections == (Rejection(ref("b"), unknown_columns=("macs",)),)


def test_machine_that_was_never_measured_still_has_a_cheapest_by_macs():
    rows = LAB.assign(latency_p50_s=None)
    decision = decide(rows, Limits(min_top1=75), rule="cheapest", cost="macs")
    assert decision.pick.candidate == ref("efficientnet_b0")
    assert decide(rows, Limits(min_top1=75), rule="cheapest").pick is None


@pytest.mark.parametrize("cost", COST_COLUMNS)
def test_cheapest_is_lowest_in_the_cost_that_was_chosen(cost):
    rows = [candidate(name, 70.0, 9, macs=9, param_count=9, peak_memory_bytes=9) for name in COST_COLUMNS]
    for row in rows:
        row[COST_COLUMNS[row["model_name"]]] = 1
    assert decide(frame(*rows), Limits(), rule="cheapest", cost=cost).pick.candidate == ref(cost)


def test_equal_costs_are_broken_by_accuracy_then_latency_then_macs_then_name_then_size():
    tied = [
        candidate("c", 71.0, 0.02, macs=2, param_count=1),
        candidate("c", 70.0, 0.01, macs=1, param_count=1),
        candidate("b", 70.0, 0.01, macs=2, param_count=1, img_size=160),
        candidate("b", 70.0, 0.01, macs=2, param_count=1),
        candidate("b", 70.0, 0.02, macs=1, param_count=1, img_size=288),
        candidate("a", 70.0, None, macs=1, param_count=1),
    ]
    tied[1]["img_size"] = 160
    broken_on = ["top1", "macs", "img_size", "latency_p50_s", "latency_p50_s"]
    for first, column in enumerate(broken_on):
        choice = decide(frame(*reversed(tied[first:])), Limits(), rule="cheapest", cost="params").pick
        assert choice.candidate == as_ref(tied[first])
        assert choice.tie == Tie(tuple(map(as_ref, tied[first + 1 :])), "params", column)


def test_equal_accuracies_are_broken_by_latency_then_macs_then_name():
    tied = [
        candidate("d", 70.0, 0.01, macs=3),
        candidate("c", 70.0, 0.02, macs=1),
        candidate("a", 70.0, 0.02, macs=2),
        candidate("b", 70.0, 0.02, macs=2),
    ]
    for first, column in enumerate(["latency_p50_s", "macs", "model_name"]):
        choice = decide(frame(*reversed(tied[first:])), Limits()).pick
        assert choice.candidate == as_ref(tied[first])
        assert choice.tie == Tie(tuple(map(as_ref, tied[first + 1 :])), "accuracy", column)


def test_single_candidate_has_no_runner_up_and_no_tie():
    choice = decide(frame(candidate("a", 70.0, 0.01, **between(0.009, 0.011))), Limits()).pick
    assert (choice.runner_up, choice.tie) == (None, None)


# Ties -------------------------------------------------------------------------------------------------------


def test_overlapping_latency_intervals_tie_and_the_lower_median_still_wins():
    rows = frame(
        candidate("slower", 80.0, 0.0105, **between(0.0099, 0.0110)),
        candidate("faster", 70.0, 0.0100, **between(0.0095, 0.0102)),
        candidate("slow", 80.0, 0.0200, **between(0.0103, 0.0300)),
    )
    choice = decide(rows, Limits(), rule="cheapest").pick
    assert choice.candidate == ref("faster")
    assert choice.tie == Tie((ref("slower"),), "latency", "latency_p50_s")


def test_missing_interval_end_is_the_value_itself():
    rows = frame(
        candidate("a", 80.0, 0.010, **between(None, 0.011), top1_low=79.0),
        candidate("b", 79.0, 0.011),
        candidate("c", 78.9, 0.012),
    )
    decision = decide(rows, Limits(), rule="cheapest")
    assert decision.cheapest.tie.rivals == (ref("b"),)
    assert decision.most_accurate.tie.rivals == (ref("b"),)


def test_overlapping_accuracy_intervals_tie_and_the_higher_accuracy_still_wins():
    rows = frame(
        candidate("lower", 79.4, 0.01, top1_low=79.0, top1_high=79.8),
        candidate("higher", 80.0, 0.02, top1_low=79.6, top1_high=80.4),
        candidate("apart", 79.0, 0.01, top1_low=78.6, top1_high=79.5),
    )
    choice = decide(rows, Limits()).pick
    assert choice.candidate == ref("higher")
    assert choice.tie == Tie((ref("lower"),), "accuracy", "top1")


def test_infeasible_candidate_is_no_rival_however_close_its_accuracy():
    rows = frame(
        candidate("inside", 80.0, 0.010, top1_low=79.0, top1_high=81.0),
        candidate("outside", 80.1, 0.030, top1_low=79.0, top1_high=81.0, **between(0.029, 0.031)),
    )
    assert decide(rows, Limits(max_latency_s=0.02)).pick.tie is None


def test_better_candidate_just_beyond_the_budget_is_a_rival():
    rows = frame(
        candidate("inside", 78.0, 0.010, **between(0.0095, 0.0105)),
        candidate("just_beyond", 82.0, 0.0201, **between(0.0199, 0.0204)),
        candidate("worse_just_beyond", 70.0, 0.0201, **between(0.0199, 0.0204)),
        candidate("far_beyond", 84.0, 0.0220, **between(0.0210, 0.0230)),
    )
    choice = decide(rows, Limits(max_latency_s=0.020)).pick
    assert choice.candidate == ref("inside")
    assert choice.tie == Tie((ref("just_beyond"),), "limit", "latency_p50_s")


def test_winner_just_within_the_budget_has_its_fallback_as_rival():
    rows = frame(
        candidate("just_within", 82.0, 0.0199, **between(0.0197, 0.0202)),
        candidate("fallback", 78.0, 0.010, **between(0.0095, 0.0105)),
        candidate("third", 77.0, 0.010, **between(0.0095, 0.0105)),
    )
    choice = decide(rows, Limits(max_latency_s=0.020)).pick
    assert choice.candidate == ref("just_within")
    assert choice.tie == Tie((ref("fallback"),), "limit", "latency_p50_s")


def test_fallbacks_are_listed_down_to_the_first_that_is_within_for_certain():
    rows = frame(
        candidate("first", 82.0, 0.0199, **between(0.0197, 0.0202)),
        candidate("beyond", 81.0, 0.0201, **between(0.0199, 0.0203)),
        candidate("second", 80.0, 0.0198, **between(0.0196, 0.0201)),
        candidate("certain", 79.0, 0.010),
        candidate("never", 78.0, 0.010),
    )
    choice = decide(rows, Limits(max_latency_s=0.020)).pick
    assert choice.tie.rivals == (ref("beyond"), ref("second"), ref("certain"))


def test_winner_just_within_the_budget_that_nobody_could_replace_is_a_tie_without_rivals():
    rows = frame(candidate("only", 82.0, 0.0199, **between(0.0197, 0.0202)))
    choice = decide(rows, Limits(max_latency_s=0.020)).pick
    assert choice.tie == Tie((), "limit", "latency_p50_s")


def test_interval_that_ends_on_the_budget_leaves_no_doubt_and_one_that_begins_there_does():
    rows = frame(
        candidate("within", 82.0, 0.019, **between(0.018, 0.020)),
        candidate("other", 70.0, 0.010),
    )
    assert decide(rows, Limits(max_latency_s=0.020)).pick.tie is None
    beyond = frame(*rows.to_dict("records"), candidate("beyond", 83.0, 0.021, **between(0.020, 0.022)))
    assert decide(beyond, Limits(max_latency_s=0.020)).pick.tie.rivals == (ref("beyond"),)


def test_interval_around_no_latency_makes_nobody_a_rival():
    rows = frame(
        candidate("measured", 80.0, 0.010),
        candidate("half_a_row", 82.0, None, **between(0.019, 0.021)),
    )
    assert decide(rows, Limits(max_latency_s=0.020)).pick.tie is None


def test_candidate_just_beyond_the_budget_that_only_its_latency_puts_behind_the_winner_is_a_rival():
    rows = frame(
        candidate("a", 80.0, 0.0198, **between(0.0196, 0.0200)),
        candidate("b", 80.0, 0.0201, **between(0.0197, 0.0204)),
    )
    assert decide(rows, Limits(max_latency_s=0.020)).pick.tie == Tie((ref("b"),), "limit", "latency_p50_s")


def test_budget_tie_needs_every_other_limit_cleared():
    rows = frame(
        candidate("inside", 78.0, 0.010, param_count=5),
        candidate("too_large", 82.0, 0.0201, param_count=50, **between(0.0199, 0.0204)),
    )
    assert decide(rows, Limits(max_latency_s=0.020, max_param_count=10)).pick.tie is None


def test_cheapest_by_another_cost_has_the_cheaper_candidate_just_beyond_the_budget_as_rival():
    rows = frame(
        candidate("large", 78.0, 0.010, param_count=9),
        candidate("small", 78.0, 0.0201, param_count=5, **between(0.0199, 0.0204)),
    )
    choice = decide(rows, Limits(max_latency_s=0.020), rule="cheapest", cost="params").pick
    assert choice.candidate == ref("large")
    assert choice.tie == Tie((ref("small"),), "limit", "latency_p50_s")


def test_cheapest_by_latency_has_an_overlapping_candidate_just_beyond_the_budget_as_rival():
    rows = frame(
        candidate("a", 78.0, 0.0198, **between(0.0196, 0.0200)),
        candidate("b", 78.0, 0.0201, **between(0.0199, 0.0204)),
    )
    choice = decide(rows, Limits(max_latency_s=0.020), rule="cheapest").pick
    assert choice.candidate == ref("a")
    assert choice.tie == Tie((ref("b"),), "limit", "latency_p50_s")


def test_budget_tie_also_lists_those_tied_in_accuracy():
    rows = frame(
        candidate("inside", 80.0, 0.010, top1_low=79.5, top1_high=80.5),
        candidate("alike", 79.8, 0.010, top1_low=79.3, top1_high=80.3),
        candidate("just_beyond", 82.0, 0.0201, **between(0.0199, 0.0204)),
    )
    tie = decide(rows, Limits(max_latency_s=0.020)).pick.tie
    assert tie == Tie((ref("just_beyond"), ref("alike")), "limit", "latency_p50_s")


# Near misses ------------------------------------------------------------------------------------------------


def test_only_the_limit_that_excludes_everyone_is_blamed():
    decision = decide(LAB, Limits(min_top1=70, max_latency_s=0.004))
    assert decision.pick is None
    assert decision.blame == ("max_latency_s",)


def test_limits_that_each_exclude_everyone_are_all_blamed():
    decision = decide(LAB, Limits(min_top1=90, max_latency_s=0.004, max_param_count=10**9))
    assert decision.blame == ("min_top1", "max_latency_s")
    assert decision.relaxation is None


def test_limits_that_exclude_everyone_only_together_are_blamed_together():
    decision = decide(LAB, Limits(min_top1=75, max_latency_s=0.010, max_param_count=10**9))
    assert decision.blame == ("min_top1", "max_latency_s"), "the third limit excludes nobody"


def test_nearest_relaxation_is_the_smallest_relative_change_of_one_limit():
    decision = decide(LAB, Limits(min_top1=75, max_latency_s=0.010))
    # 67.7 for 75 is 9.7 % less; 11.8 ms for 10 ms would be 18 % more.
    assert decision.relaxation == Relaxation("min_top1", 75.0, 67.7, ref("mobilenetv3_small_100"))
    decision = decide(LAB, Limits(min_top1=75, max_latency_s=0.011))
    assert decision.relaxation == Relaxation("max_latency_s", 0.011, 0.0118, ref("efficientnet_b0"))


def test_relaxation_names_the_best_of_those_it_admits_together():
    rows = frame(candidate("a", 70.0, 0.02, macs=1), candidate("b", 75.0, 0.02, macs=2))
    limits = Limits(max_latency_s=0.01)
    assert decide(rows, limits).relaxation.candidate == ref("b")
    assert decide(rows, limits, rule="cheapest", cost="macs").relaxation.candidate == ref("a")


def test_no_limit_is_blamed_where_nothing_is_known():
    rows = frame(candidate("a", None, 0.01), candidate("b", 70.0, 0.01, error="failed"))
    for table in (rows, frame()):
        decision = decide(table, Limits(max_latency_s=0.001))
        assert (decision.pick, decision.blame, decision.relaxation) == (None, (), None)


def test_limit_on_a_number_that_nobody_has_is_blamed_and_cannot_be_relaxed():
    decision = decide(LAB, Limits(max_memory_bytes=10**12))
    assert decision.blame == ("max_memory_bytes",)
    assert decision.relaxation is None


@pytest.mark.parametrize("impossible", [INF, -1.0])
def test_no_limit_is_relaxed_to_a_value_it_cannot_take(impossible):
    column, limits = {
        INF: ("latency_p50_s", Limits(max_latency_s=0.01)),
        -1.0: ("top1", Limits(min_top1=50)),
    }[impossible]
    rows = frame(candidate("a", 70.0, 0.01) | {column: impossible})
    assert decide(rows, limits).relaxation is None


def test_alternatives_name_for_each_limit_the_first_change_of_the_pick():
    decision = decide(LAB, Limits(min_top1=75, max_latency_s=0.020, max_param_count=6_000_000))
    assert decision.pick.candidate == ref("efficientnet_b0")
    assert decision.alternatives == (), "no single limit alone would let another model win"
    decision = decide(LAB, Limits(min_top1=75, max_latency_s=0.020))
    assert decision.alternatives == (Relaxation("max_latency_s", 0.02, 0.037, ref("resnet50")),)
    decision = decide(LAB, Limits(min_top1=75, max_latency_s=0.020), rule="cheapest")
    assert decision.alternatives == (Relaxation("min_top1", 75.0, 67.7, ref("mobilenetv3_small_100")),)


# The table --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "Float64", "object"])
def test_columns_may_have_any_dtype_and_be_wholly_null(dtype):
    numbers = [name for name in LAB.columns if name not in ("model_name", "img_size", "error")]
    rows = LAB.astype(dict.fromkeys(numbers, dtype)).astype({"img_size": "Int64"})
    assert decide(rows, Limits(min_top1=75)).pick.candidate == ref("convnext_tiny")


def test_values_of_a_decision_are_plain_python():
    decision = decide(LAB.astype({"img_size": float}), Limits(min_top1=75, max_latency_s=0.020))
    assert type(decision.pick.candidate.img_size) is int
    assert type(decision.alternatives[0].needed) is float


def test_names_with_markup_are_carried_through_unchanged():
    name = "a|b<script>\n*c*"
    assert decide(frame(candidate(name, 70.0, 0.01)), Limits()).pick.candidate == ref(name)


def test_unknown_rule_cost_or_column_is_refused_by_name():
    with pytest.raises(ValueError, match="`rule` must be one of most-accurate, cheapest. Got 'best'."):
        decide(LAB, Limits(), rule="best")
    with pytest.raises(ValueError, match="`cost` must be one of latency, macs, params, memory. Got 'price'."):
        decide(LAB, Limits(), cost="price")
    with pytest.raises(ValueError, match="`candidates` must have the columns error, macs. They are missing."):
        decide(LAB.drop(columns=["macs", "error"]), Limits())
