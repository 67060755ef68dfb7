"""How sure a pick is: against `decide` and `find_frontier` draw by draw, and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_core.profiling.intervals import PRIOR_DRIFT
from bakeoff_core.schema.candidate import candidate_refs
from bakeoff_core.schema.decision import RULES, Limits
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import find_frontier
from bakeoff_core.selection.remeasuring import DRAWS, dominated_shares, remeasure
from bakeoff_core.selection.stability import stability_of
from tests.support.bare_candidates import between, candidate, frame, ref


def table(rows: list[tuple[str, float, float, float]]) -> pd.DataFrame:
    """Name, accuracy, latency, and half its interval as a share of it."""
    return frame(*(candidate(name, top1, s, **between(s * (1 - half), s * (1 + half))) for name, top1, s, half in rows))


def test_a_pick_far_from_everything_is_picked_again_every_time() -> None:
    candidates = table([("a", 80, 0.010, 0.05), ("b", 78, 0.005, 0.05), ("c", 82, 0.040, 0.05)])
    decision = decide(candidates, Limits(max_latency_s=0.020))
    found = stability_of(decision, candidates, remeasure(candidates))
    assert (found.share, found.others, found.is_sure) == (100, (), True)


def test_a_pick_at_the_limit_is_picked_half_of_the_time_and_the_other_is_named() -> None:
    candidates = table([("a", 80, 0.010, 0.1), ("b", 78, 0.005, 0.05)])
    decision = decide(candidates, Limits(max_latency_s=0.010))
    found = stability_of(decision, candidates, remeasure(candidates, draws=2000))
    assert found.share == pytest.approx(50, abs=4)
    assert found.others[0][0] == ref("b")
    assert found.share + found.others[0][1] == pytest.approx(100)
    assert not found.is_sure


def test_nobody_is_an_answer_too() -> None:
    candidates = table([("a", 80, 0.010, 0.1)])
    decision = decide(candidates, Limits(max_latency_s=0.0101))
    found = stability_of(decision, candidates, remeasure(candidates))
    assert found.others[0][0] is None
    nothing = decide(candidates, Limits(max_latency_s=0.001))
    assert stability_of(nothing, candidates, remeasure(candidates)).share == 100


def test_drift_moves_all_alike_so_that_the_cheaper_stays_the_cheaper() -> None:
    candidates = table([("a", 80, 0.0100, 0.2), ("b", 80, 0.0103, 0.2)])
    decision = decide(candidates, Limits(), rule="cheapest")
    apart = stability_of(decision, candidates, remeasure(candidates))
    drifting = candidates.assign(latency_drift_sd=0.5)
    assert stability_of(decision, drifting, remeasure(drifting)) == apart
    within = decide(candidates, Limits(max_latency_s=0.02), rule="cheapest")
    sure, unsure = (stability_of(within, rows, remeasure(rows)) for rows in (candidates, drifting))
    assert (sure.share, sure.others) == (apart.share, apart.others)
    assert (None, pytest.approx(16, abs=4)) in unsure.others, "half of what moves by more than ln 2 is too slow"


def test_rounds_beyond_the_interleaved_ones_have_a_drift_of_their_own() -> None:
    candidates = table([("a", 80, 0.0100, 0.02), ("b", 80, 0.0110, 0.02)]).assign(latency_drift_sd=0.2)
    decision = decide(candidates, Limits(), rule="cheapest")
    shares = [
        stability_of(decision, rows, remeasure(rows)).share
        for rows in (candidates.assign(round_count=2), candidates.assign(round_count=5))
    ]
    assert shares[0] == 100 > shares[1]


def test_the_draws_are_the_same_each_time_and_twice_as_variable_as_a_measurement() -> None:
    candidates = table([("a", 80, 0.010, 0.1)])
    once, again = remeasure(candidates, draws=20_000), remeasure(candidates, draws=20_000)
    assert (once == again).all()
    # Tails of Student's t with 12 degrees of freedom: sqrt(12 / 10) wider than the normal distribution's.
    own = 0.1 / 2.18 * np.sqrt(1.2)
    assert np.log(once / 0.010).std() == pytest.approx(np.sqrt(2 * (own**2 + PRIOR_DRIFT.sd**2)), rel=0.03)


def test_what_was_not_measured_is_never_picked_and_has_no_place() -> None:
    candidates = table([("a", 80, 0.010, 0.1), ("b", 90, np.nan, 0.1)])
    decision = decide(candidates, Limits(max_latency_s=1.0))
    latencies = remeasure(candidates)
    assert stability_of(decision, candidates, latencies).share == 100
    assert np.isnan(dominated_shares(latencies, candidates["top1"].to_numpy(float))).tolist() == [False, True]


_ROW = st.tuples(
    st.sampled_from([70.0, 75.0, 75.5, 80.0]),
    st.sampled_from([0.001, 0.002, 0.0021, 0.01]),
    st.sampled_from([0.01, 0.3]),
)


@given(
    st.lists(_ROW, min_size=1, max_size=7),
    st.sampled_from(RULES),
    st.sampled_from(["latency", "macs"]),
    st.sampled_from([None, 72.0]),
    st.sampled_from([None, 0.002, 0.005]),
)
@settings(max_examples=60, deadline=None)
def test_every_draw_is_decided_as_decide_would(rows, rule, cost, floor, budget) -> None:
    candidates = table([(f"m{at}", *row) for at, row in enumerate(rows)])
    candidates["macs"] = np.arange(len(rows), dtype=float)[::-1] + 1
    limits = Limits(min_top1=floor, max_latency_s=budget)
    decision, latencies = decide(candidates, limits, rule=rule, cost=cost), remeasure(candidates, draws=12)
    picked = []
    for drawn in latencies:
        measured = candidates.assign(latency_p50_s=drawn, latency_p50_low_s=drawn, latency_p50_high_s=drawn)
        again = decide(measured, limits, rule=rule, cost=cost).pick
        picked.append(again.candidate if again else None)
    own = decision.pick.candidate if decision.pick else None
    found = stability_of(decision, candidates, latencies)
    assert found.share == pytest.approx(100 * picked.count(own) / 12)
    assert {who: round(share) for who, share in found.others} == {
        who: round(100 * picked.count(who) / 12) for who in set(picked) - {own}
    }


@given(st.lists(_ROW, min_size=1, max_size=9), st.sampled_from(["latency", "macs"]))
@settings(max_examples=60, deadline=None)
def test_every_draw_has_the_frontier_that_find_frontier_finds(rows, cost) -> None:
    candidates = table([(f"m{at}", *row) for at, row in enumerate(rows)])
    candidates["macs"] = [1.0 + at % 3 for at in range(len(rows))]
    latencies = remeasure(candidates, draws=8)
    costs = latencies if cost == "latency" else candidates["macs"].to_numpy(float)[None, :]
    top1 = candidates["top1"].to_numpy(float)
    dominated = [find_frontier(of_draw, top1).dominated for of_draw in costs]
    assert dominated_shares(costs, top1) == pytest.approx(100 * np.mean(dominated, axis=0))


def test_there_are_as_many_draws_as_are_said() -> None:
    candidates = table([("a", 80, 0.010, 0.1), ("b", 78, 0.005, 0.05)])
    assert remeasure(candidates).shape == (DRAWS, len(list(candidate_refs(candidates))))
