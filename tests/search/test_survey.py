"""What the rows of a search have come to: whose measurement counts for whom, and which of them matter."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.space import SPACE_COLUMNS
from bakeoff_core.search.survey import MOST_CONTENDERS, Survey, rows_of
from tests.support.examples import make_failure, make_profile, make_round

FAST, MIDDLE, SLOW = "fast.best", "middle.best", "slow.best"


def space_of(*rows: tuple[str, float, int]) -> pd.DataFrame:
    """Rows of 224 px by name, accuracy and the tags they stand for."""
    table = pd.DataFrame(rows, columns=["model_name", "top1", "candidates"]).assign(img_size=224, family="Net")
    table["architecture"] = table["model_name"].str.partition(".")[0]
    return table.reindex(columns=list(SPACE_COLUMNS))


SPACE = space_of((SLOW, 82.0, 3), (MIDDLE, 80.0, 2), (FAST, 75.0, 1))


def timed(name: str, latency_s: float, **changes: object) -> Profile:
    return make_profile(
        name,
        latency_p50_s=latency_s,
        latency_p50_low_s=latency_s * 0.9,
        latency_p50_high_s=latency_s * 1.1,
        **{"rounds": (make_round([latency_s] * 8),), **changes},
    )


def test_a_measurement_of_any_tag_counts_for_all_tags_of_its_architecture_at_that_size() -> None:
    survey = Survey(SPACE, [timed("slow.other", 0.040), timed("slow.other", 0.060, img_size=288)])
    assert survey.measured["latency_p50_s"].tolist()[0] == 0.040
    assert (survey.measured_tags, survey.failed_tags, survey.candidates) == (3, 0, 6)
    assert survey.open.tolist() == [False, True, True]


def test_rows_of_models_that_the_search_is_not_about_are_passed_over() -> None:
    assert Survey(SPACE, [timed("stranger.tag", 0.040)]).open.all()


def test_the_error_of_a_measured_latency_comes_from_its_interval() -> None:
    sd = Survey(SPACE, [timed(SLOW, 0.040)]).measured["latency_sd"].iloc[0]
    assert sd == pytest.approx(math.log(1.1 / 0.9) / 4)


def test_a_model_that_failed_is_out_until_another_tag_of_it_was_measured() -> None:
    survey = Survey(SPACE, [make_failure("slow.other")])
    assert survey.measured["failed"].tolist() == [True, False, False] and survey.failed_tags == 3
    survey.note(timed(SLOW, 0.040))
    assert not survey.measured["failed"].any() and survey.measured_tags == 3
    survey.note(make_failure(SLOW))  # measured again, and failed: what was measured stays
    assert survey.measured["latency_p50_s"].iloc[0] == 0.040


def test_a_row_that_would_be_the_answer_by_another_tags_measurement_is_due_itself() -> None:
    survey = Survey(SPACE, [timed("slow.other", 0.040), timed("middle.other", 0.050), timed("fast.other", 0.004)])
    assert survey.due(Limits(), "latency") == [0, 2]  # the middle one is beaten on both
    assert survey.due(Limits(max_latency_s=0.010), "latency") == [2]
    assert not survey.has_answer(Limits())
    survey.note(timed(SLOW, 0.041))
    assert survey.due(Limits(), "latency") == [2] and survey.has_answer(Limits(max_latency_s=0.041))


def test_who_failed_by_its_own_tag_is_not_due_again() -> None:
    survey = Survey(SPACE, [timed("slow.other", 0.040), make_failure(SLOW)])
    assert survey.due(Limits(), "latency") == []


def test_the_answer_who_may_clear_the_limits_and_the_frontier_matter_the_best_first() -> None:
    rows = [timed(SLOW, 0.040), timed(MIDDLE, 0.020), timed(FAST, 0.010)]
    survey = Survey(SPACE, rows)
    assert survey.contenders(Limits(), "most-accurate", "latency") == [0, 1, 2]
    assert survey.contenders(Limits(), "cheapest", "latency") == [2, 1, 0]
    # At 37 ms the slow one may fit, by its interval; at 35 ms it can't.
    assert survey.contenders(Limits(max_latency_s=0.037), "most-accurate", "latency") == [0, 1, 2]
    assert survey.contenders(Limits(max_latency_s=0.035), "most-accurate", "latency") == [1, 2]
    assert survey.contenders(Limits(min_top1=78.0), "cheapest", "latency") == [1, 0]


def test_not_everybody_on_a_long_frontier_matters_but_who_is_named_besides_does() -> None:
    names = [f"net{at}.best" for at in range(10)]
    space = space_of(*((name, 90.0 - at, 1) for at, name in enumerate(names)))
    survey = Survey(space, [timed(name, 0.1 / (at + 1)) for at, name in enumerate(names)])
    assert survey.contenders(Limits(), "most-accurate", "latency", also=[9]) == [*range(MOST_CONTENDERS), 9]


def test_a_screened_model_needs_rounds_until_it_has_two_processes_and_the_passes_of_a_full_measurement() -> None:
    few, full = make_round([0.01] * 8), make_round([0.01] * 32)
    for rounds, needs in (((few,), True), ((few, full), True), ((few, full, full), False), ((full, full), False)):
        survey = Survey(SPACE, [timed(SLOW, 0.01, rounds=rounds)])
        assert survey.needs_rounds(0) is needs, rounds
    capped = make_round([3.0] * 7, capped=True)
    assert not Survey(SPACE, [timed(SLOW, 3.0, rounds=(make_round([3.0], capped=True), capped))]).needs_rounds(0)
    assert not Survey(SPACE, [timed("slow.other", 0.01)]).needs_rounds(0)


def test_tags_at_sizes_are_found_in_the_space_by_their_architecture() -> None:
    wanted = pd.DataFrame({"model_name": ["fast.other", "slow.other", "slow.other"], "img_size": [224, 224, 288]})
    assert rows_of(wanted, SPACE) == [0, 2]
