"""A search in words: how far it is, why it ended, and what its answer is worth beside the shortlist's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.formatting import markdown_code
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.reporting.text.names import Terms
from bakeoff_core.reporting.text.search import (
    chance_text,
    count_sentence,
    failures_sentence,
    outcome_sentences,
    prediction_text,
    progress_line,
    space_sentence,
)
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.narrowing import find_candidates
from bakeoff_core.search.records import PredictedModel
from bakeoff_core.search.results import SearchRun, answer_of
from bakeoff_core.search.spec import SearchSpec
from tests.support.command_line import measured_here

PUBLISHED = read_catalogue()
STATUS = {"candidates": 1551, "measured": 84, "failed": 0, "chance_better_left": 0.07}
NONE = Limits()
OTHER = "regnety_008_tv.tv2_in1k"


def told(*rows: Profile, limits: Limits = NONE, rule: str = "most-accurate", state: str = "done", **status) -> str:
    """What is said of a search that ended with these rows in the store."""
    spec = SearchSpec(limits=limits, rule=rule, threads=2, device="cpu")
    job = Job("20260101-120000-search-abcdef", Path(), "search", {}, state, {**STATUS, "device": "cpu", **status})
    search = SearchRun(job, spec)
    answer = answer_of(search, find_candidates(spec, (), PUBLISHED), to_frame(rows))
    return " ".join(outcome_sentences(search, answer))


def test_how_far_it_is_is_told_with_the_chance_that_is_left() -> None:
    assert count_sentence(STATUS) == "Measured 84 of 1,551; chance that something better is left: 7 %"
    assert count_sentence({**STATUS, "failed": 2}).startswith("Measured 84 of 1,551, 2 failed; ")
    assert count_sentence({}) == "Counting the candidates"


@pytest.mark.parametrize(
    ("chance", "text"), [(0.0, "under 1 %"), (0.049, "5 %"), (1.0, "over 99 %"), (None, "not known yet")]
)
def test_a_chance_is_never_told_as_certainty(chance: float | None, text: str) -> None:
    assert chance_text(chance) == text


def test_a_terminal_is_told_the_model_in_work_and_the_time_left() -> None:
    status = {**STATUS, "message": "Screening", "current": "net.tag", "img_size": 224, "time_left_s": 90.0}
    assert progress_line(status) == f"{count_sentence(STATUS)}. Screening: net.tag at 224 px (1 min 30 s left)"


def test_a_prediction_is_named_as_one() -> None:
    model = PredictedModel("a<b>.tag", 224, 80.0, 0.0231, 0.018, 0.029)
    text = prediction_text(model, Terms(escape=markdown_code))
    assert text.endswith(": predicted, not measured: 23.1 ms (18.0 to 29.0 ms)") and "<b>" not in text


def test_a_pick_that_the_shortlist_does_not_hold_is_compared_with_the_shortlists() -> None:
    rows = [measured_here(OTHER, 0.010), measured_here("resnet18.tv_in1k", 0.009, img_size=224)]
    said = told(*rows, stopped_because="sure", chance_better_left=0.04)
    assert "The pick is regnety_008_tv (" in said and "which the default shortlist does not hold" in said
    # resnet18's own tag of the shortlist was not timed: another tag of it tells what it costs.
    assert "more accurate than the shortlist's best within the limits, resnet18.a1_in1k." in said
    assert "Little is left to find: the chance that a model which was not measured is better is 4 %." in said


def test_a_pick_of_the_shortlist_is_said_to_be_as_good_as_any() -> None:
    said = told(measured_here("resnet50.a1_in1k", 0.010), stopped_because="time")
    assert "The pick is resnet50 (" in said
    assert "of the default shortlist: it is as good as any that was measured." in said
    assert "The time was up: the chance that a model which was not measured is better is 7 %." in said


def test_the_cheapest_is_compared_by_its_cost() -> None:
    rows = [measured_here(OTHER, 0.005), measured_here("resnet50.a1_in1k", 0.020)]
    said = told(*rows, limits=Limits(min_top1=75.0), rule="cheapest", stopped_because="nothing-left")
    assert "which the default shortlist does not hold; the shortlist's is resnet50.a1_in1k, at 20.0 ms." in said
    assert "Every candidate was measured or failed" in said


def test_limits_that_nothing_meets_are_told_with_the_way_out_named_as_a_prediction() -> None:
    relaxation = {"limit": "max_latency_s", "given": 1e-6, "needed": 0.00254, "model_name": "net.tag", "img_size": 224}
    said = told(limits=Limits(max_latency_s=1e-6), stopped_because="impossible", measured=0, relaxation=relaxation)
    assert "Nothing in the catalogue is likely to clear the limits, so nothing was measured." in said
    assert "By prediction, which is no measurement: raise the latency budget from 0.001 ms to 2.54 ms, and net" in said


def test_a_time_too_short_for_one_model_says_what_to_do() -> None:
    assert "The time was up before a model could be measured" in told(stopped_because="time", measured=0)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("stopped", "It was stopped. Until then, the chance"),
        ("failed", "The search failed; what was measured until"),
    ],
)
def test_a_search_that_did_not_get_to_its_end_says_so(state: str, words: str) -> None:
    assert words in told(measured_here(OTHER, 0.010), state=state)


def test_the_first_model_that_failed_is_named_and_the_others_are_counted() -> None:
    failures = [{"model_name": f"net{at}.tag", "error": "Out of memory"} for at in range(3)]
    assert failures_sentence({"failures": failures}) == ("Could not be measured: net0.tag, and 2 others. Out of memory")
    assert failures_sentence({}) is None


def test_how_much_there_is_to_measure_is_less_than_there_are_weights() -> None:
    assert space_sentence(PUBLISHED).startswith("Among **1,551** weights at their sizes; 1,1")
