"""Who wins in draws: against an oracle that compares every pair, and by example."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_core.search.contest import MARGIN_COST, MARGIN_POINTS, Contest, contest_frontier, contest_pick

thorough = settings(max_examples=80, deadline=None)


@st.composite
def draws(draw):
    """Measured rows and contenders with costs in a few draws, many of them equal; accuracies in steps of the margin."""
    count, contenders, worlds = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    rows = count - 1 + contenders
    costs = draw(st.lists(st.integers(0, 4), min_size=rows * worlds, max_size=rows * worlds))
    top1 = draw(st.lists(st.integers(700, 704), min_size=rows, max_size=rows))
    feasible = draw(st.lists(st.booleans(), min_size=rows * worlds, max_size=rows * worlds))
    shape = (rows, worlds)
    return (
        np.arange(contenders) + 50,
        np.array(costs, dtype=float).reshape(shape),
        np.array(top1) / 10,
        np.array(feasible).reshape(shape),
    )


def shares(contenders, tells, costs) -> tuple[list[float], list[float], float]:
    """Turn what holds of each contender in each draw, `(wins, better)`, into shares."""
    rows, worlds = costs.shape
    told = np.array([[tells(i, w) for w in range(worlds)] for i in range(rows - len(contenders), rows)], dtype=bool)
    wins, better = told[:, :, 0], told[:, :, 1]
    return wins.mean(axis=1).tolist(), better.mean(axis=1).tolist(), float(better.any(axis=0).mean())


def told_by(contest: Contest) -> tuple[list[float], list[float], float]:
    return contest.wins.tolist(), contest.better.tolist(), contest.chance_better_left


@thorough
@given(draws())
def test_places_on_the_frontier_agree_with_comparing_every_pair(drawn) -> None:
    contenders, costs, top1, feasible = drawn
    answers = len(top1) - len(contenders)

    def tells(i: int, w: int) -> tuple[bool, bool]:
        if not feasible[i, w]:
            return False, False
        others = [j for j in range(len(top1)) if feasible[j, w] and j != i and costs[j, w] <= costs[i, w]]
        beaten = any(top1[j] > top1[i] or (top1[j] == top1[i] and (costs[j, w], j) < (costs[i, w], i)) for j in others)
        reached = max((top1[j] for j in others if j < answers), default=-np.inf)
        return not beaten, top1[i] >= reached + MARGIN_POINTS - 1e-6

    assert told_by(contest_frontier(*drawn)) == shares(contenders, tells, costs)


@thorough
@given(draws(), st.sampled_from(["most-accurate", "cheapest"]))
def test_the_pick_agrees_with_comparing_every_row(drawn, rule: str) -> None:
    contenders, costs, top1, feasible = drawn
    answers = len(top1) - len(contenders)

    def worth(j: int, w: int) -> float:
        return top1[j] if rule == "most-accurate" else -costs[j, w]

    def tells(i: int, w: int) -> tuple[bool, bool]:
        if not feasible[i, w]:
            return False, False
        answer = max((worth(j, w) for j in range(answers) if feasible[j, w]), default=-np.inf)
        margin = MARGIN_POINTS if rule == "most-accurate" else -np.log(1 - MARGIN_COST)
        better = worth(i, w) >= answer + margin - 1e-6
        rivals = [j for j in range(answers, len(top1)) if feasible[j, w]]
        best = max(rivals, key=lambda j: (worth(j, w), -j))
        return better and best == i, better

    assert told_by(contest_pick(*drawn, rule)) == shares(contenders, tells, costs)


@pytest.mark.parametrize(("points", "chance"), [(80.05, 0.0), (80.1, 1.0)])
def test_what_is_better_by_less_than_the_margin_is_not_worth_a_measurement(points: float, chance: float) -> None:
    contest = contest_pick(
        np.array([7]), np.zeros((2, 3)), np.array([80.0, points]), np.ones((2, 3), bool), "most-accurate"
    )
    assert contest.chance_better_left == chance


def test_without_an_answer_whatever_clears_the_limits_is_better() -> None:
    feasible = np.array([[False, False, False, False], [True, False, False, False]])
    contest = contest_pick(np.array([7]), np.zeros((2, 4)), np.array([80.0, 50.0]), feasible, "most-accurate")
    assert (contest.chance_better_left, contest.wins.tolist()) == (0.25, [0.25])
