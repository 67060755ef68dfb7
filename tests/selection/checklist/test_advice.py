"""From answers to advice: the textbook's worked examples, and what no advice may ever do."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.finetuning.recipes import RECIPES, recommend_recipe
from bakeoff_core.reporting.text.checklist import (
    explain_advice,
    explain_entry,
    explain_recipe,
    explain_set_aside,
    headline,
)
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import LIMIT_COLUMNS, Limits
from bakeoff_core.selection.candidates import evidence_of
from bakeoff_core.selection.checklist.advice import MOST_ENTRIES, STANDINGS, Advice, advise
from bakeoff_core.selection.checklist.rules import DOMAINS, PRIORITIES, TARGETS, TASKS, Answers, read_rules
from tests.support.candidate_tables import HOSTILE_NAMES, candidate, deployed

RULES = read_rules()

# The five rows of the textbook's table: parameters in M, G MACs, top-1.
TEXTBOOK = (
    ("mobilenetv3_small_100", 2.5, 0.06, 67.7),
    ("efficientnet_b0", 5.3, 0.39, 77.7),
    ("resnet50", 25.6, 4.1, 80.9),
    ("convnext_tiny", 28.6, 4.5, 82.1),
    ("convnext_base", 88.6, 15.4, 83.8),
)


def evidence(*rows: dict, published: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows as `evidence_of` returns them; those of `published` are the default tags."""
    table = pd.DataFrame(list(rows), dtype=object)
    return table.assign(is_default=[row["model_name"] in published for row in rows], pretraining=None)


def textbook_table() -> pd.DataFrame:
    rows = [candidate(name, 224, top1, None, params, gmacs, error=None) for name, params, gmacs, top1 in TEXTBOOK]
    return evidence(*rows, published=tuple(name for name, *_ in TEXTBOOK))


def timed(name: str, top1: float, latency_ms: float, **more: object) -> dict:
    return candidate(name, 224, top1, latency_ms, **more)


def names(advice: Advice) -> list[str]:
    return [entry.candidate.model_name for entry in advice.shortlist]


def told(advice: Advice) -> str:
    return " ".join(reason.text for reason in explain_advice(advice))


# The textbook's examples


def test_at_least_80_percent_under_5_gmacs_on_a_server_is_resnet50_as_the_cheapest_and_says_why():
    answers = Answers("server", limits=Limits(min_top1=80), max_macs=5_000_000_000)
    advice = advise(answers, textbook_table(), RULES)
    assert names(advice)[0] == "resnet50"
    assert advice.decision.rule == "cheapest"
    assert "resnet50 (80.9 % top-1, 4.10 G MACs) has the lowest MACs of the 2 candidates that clear" in told(advice)
    assert "Over the compute budget of 5 G MACs, and so left out before: convnext_base." in told(advice)
    assert names(advice)[1] == "convnext_tiny"


def test_with_a_phone_as_target_the_answer_flips_and_says_why():
    answers = Answers("mobile", limits=Limits(min_top1=80), max_macs=5_000_000_000)
    advice = advise(answers, textbook_table(), RULES)
    assert "resnet50" not in names(advice)
    assert advice.barred[0].model_name == "resnet50"
    assert "By the limits alone the answer would be resnet50 (80.9 % top-1" in told(advice)
    assert "paid for by the battery" in told(advice)
    assert advice.decision.relaxation.candidate.model_name == "efficientnet_b0"
    assert "Lower the accuracy floor from 80 % to 77.7 % and efficientnet_b0 (77.7 % top-1" in told(advice)


def test_on_a_phone_with_a_floor_that_small_networks_clear_efficientnet_b0_is_the_answer():
    advice = advise(Answers("mobile", limits=Limits(min_top1=77)), textbook_table(), RULES)
    assert names(advice)[0] == "efficientnet_b0"
    assert "mobilenetv3_small_100" not in names(advice)


def test_edge_box_with_15_ms_and_4000_images_ends_at_efficientnet_b0_fully_fine_tuned():
    table = evidence(
        timed("efficientnet_b0.ra_in1k", 77.7, 9.0),
        timed("mobilenetv3_large_100.ra_in1k", 75.8, 6.4),
        timed("vit_large_patch16_224.augreg_in21k_ft_in1k", 85.8, 410.0, params_m=304, gmacs=61.6),
    )
    answers = Answers("edge", limits=Limits(max_latency_s=0.015), labelled=4_000, domain="other")
    advice = advise(answers, table, RULES)
    assert headline(advice) == ("Start from efficientnet_b0 (77.7 % top-1, 9.00 ms, 400 M MACs), fully fine-tuned.")
    assert advice.adaptation.recipe == "full"
    assert not any(name.startswith("vit") for name in names(advice))
    assert any(caution.name == "transformers-on-a-device" for caution in advice.cautions)
    assert any(step.name == "edge-int8" for step in advice.next_steps)


# The figures against the guides


def test_a_favourite_that_another_measured_model_beats_is_set_aside_by_whom_and_by_how_much():
    table = evidence(timed("resnet18.a1_in1k", 71.5, 20.6), timed("efficientnet_b0.ra_in1k", 77.7, 11.8))
    advice = advise(Answers("edge", limits=Limits(max_latency_s=0.06)), table, RULES)
    assert "resnet18.a1_in1k" not in names(advice)
    aside = next(a for a in advice.set_aside if a.candidate.model_name == "resnet18.a1_in1k")
    assert aside.dominator == deployed("efficientnet_b0.ra_in1k", 224)
    text = explain_set_aside(aside, advice).text
    assert text == "Dominated by efficientnet_b0.ra_in1k @ 224, which is 8.80 ms faster and 6.2 points more accurate."
    assert names(advice)[0] == "efficientnet_b0.ra_in1k"


def test_a_favourite_that_is_beaten_within_the_noise_is_set_aside_and_the_noise_is_named():
    table = evidence(timed("resnet50.a1_in1k", 80.4, 10.0), timed("my_net.v1", 80.5, 9.9))
    advice = advise(Answers("server"), table, RULES)
    aside = next(a for a in advice.set_aside if a.candidate.model_name == "resnet50.a1_in1k")
    assert explain_set_aside(aside, advice).text == (
        "Dominated by my_net.v1 @ 224, which is 0.100 ms faster and 0.1 points more accurate. "
        "Both differences are within the noise of the measurement and of the test images."
    )


def test_who_beats_a_favourite_comes_in_though_no_guide_names_it():
    table = evidence(
        timed("resnet50.a1_in1k", 80.4, 37.0), timed("my_net.v1", 81.0, 20.0), timed("other.v1", 60.0, 5.0)
    )
    advice = advise(Answers("server"), table, RULES)
    entry = next(e for e in advice.shortlist if e.candidate.model_name == "my_net.v1")
    assert (entry.standing, entry.beats) == ("ahead", (deployed("resnet50.a1_in1k", 224),))
    assert explain_entry(entry, advice)[0].text == "Beats resnet50: 17.0 ms faster, 0.6 points more accurate."


def test_a_favourite_that_misses_a_measured_limit_is_set_aside_with_the_figure():
    table = evidence(timed("efficientnet_b0.ra_in1k", 77.7, 30.0), timed("mobilenetv3_large_100.ra_in1k", 75.8, 9.0))
    advice = advise(Answers("edge", limits=Limits(max_latency_s=0.015)), table, RULES)
    assert names(advice)[0] == "mobilenetv3_large_100.ra_in1k"
    aside = next(a for a in advice.set_aside if architecture_of(a.candidate.model_name) == "efficientnet_b0")
    assert explain_set_aside(aside, advice).text == "Latency 30.0 ms is over the latency budget of 15 ms."


def test_computation_beats_nobody_for_it_is_a_poor_guide_to_time():
    table = evidence(
        candidate("resnet50.a1_in1k", 224, 80.4, None, 25.6, 4.1),
        candidate("tiny_but_good.v1", 224, 83.0, None, 5.0, 0.5),
        published=("resnet50.a1_in1k", "tiny_but_good.v1"),
    )
    advice = advise(Answers("server"), table, RULES)
    assert "resnet50.a1_in1k" in names(advice)


def test_another_tag_that_was_measured_stands_for_its_architecture():
    table = evidence(
        timed("resnet50.tv2_in1k", 80.8, 12.0),
        candidate("resnet50.a1_in1k", 224, 80.4, None),
        published=("resnet50.a1_in1k",),
    )
    advice = advise(Answers("server"), table, RULES)
    assert "resnet50.tv2_in1k" in names(advice) and "resnet50.a1_in1k" not in names(advice)


def test_a_default_is_not_proposed_where_another_tag_of_its_size_was_too_slow():
    table = evidence(
        timed("resnet50.tv2_in1k", 80.8, 40.0),
        timed("efficientnet_b0.ra_in1k", 77.7, 9.0),
        candidate("resnet50.a1_in1k", 224, 80.4, None),
        published=("resnet50.a1_in1k",),
    )
    advice = advise(Answers("server", limits=Limits(max_latency_s=0.02)), table, RULES)
    assert not any(name.startswith("resnet50") for name in names(advice))


def test_a_model_that_failed_to_run_is_set_aside_with_its_error():
    table = evidence(candidate("efficientnet_b0.ra_in1k", 224, 77.7, None, error="Out of memory"))
    advice = advise(Answers("edge"), table, RULES)
    aside = next(a for a in advice.set_aside if a.candidate.model_name == "efficientnet_b0.ra_in1k")
    assert explain_set_aside(aside, advice).text == "Could not be measured: Out of memory"


def test_an_excluded_model_is_not_the_answer_though_only_it_was_measured():
    advice = advise(Answers("server", limits=Limits(min_top1=70)), evidence(timed("vgg16.tv_in1k", 71.6, 290.0)), RULES)
    assert "vgg16.tv_in1k" not in names(advice)
    assert advice.barred[0].model_name == "vgg16.tv_in1k"


def test_where_figures_put_first_what_a_guide_warns_of_both_are_said():
    table = evidence(timed("vit_tiny_patch16_224.augreg_in21k_ft_in1k", 75.5, 9.0))
    advice = advise(Answers("edge", limits=Limits(max_latency_s=0.015)), table, RULES)
    texts = [reason.text for reason in explain_entry(advice.shortlist[0], advice)]
    assert any("Vision transformers" in text and "put it first all the same" in text for text in texts)


# The recipe


@pytest.mark.parametrize("labelled", [1, 99, 100, 999, 1_000, 9_999, 100_000, 100_001])
def test_on_natural_photographs_the_recipe_is_that_of_the_fine_tune_page(labelled):
    advice = advise(Answers("server", labelled=labelled, domain="natural"), textbook_table(), RULES)
    assert advice.adaptation.recipe == recommend_recipe(labelled).recipe


@pytest.mark.parametrize(
    ("labelled", "recipe"), [(50, "linear-probe"), (100, "progressive"), (999, "progressive"), (1_000, "full")]
)
def test_images_unlike_photographs_have_more_trained_where_labels_carry_it(labelled, recipe):
    advice = advise(Answers("edge", labelled=labelled, domain="other"), textbook_table(), RULES)
    assert advice.adaptation.recipe == recipe
    assert any("unlike natural photographs" in reason.text for reason in explain_recipe(advice).parts)


def test_a_frozen_foundation_model_comes_with_the_probe_whatever_the_rest_is_trained_with():
    advice = advise(Answers("server", labelled=500, domain="other"), textbook_table(), RULES)
    entry = next(e for e in advice.shortlist if e.candidate.model_name.startswith("vit_small_patch14_dinov2"))
    assert (entry.recipe, advice.adaptation.recipe) == ("linear-probe", "progressive")


def test_without_a_number_of_labels_no_recipe_is_named():
    assert advise(Answers("edge"), textbook_table(), RULES).adaptation is None


# Other tasks


def test_detection_gets_a_backbone_and_is_told_of_the_pyramid():
    advice = advise(Answers("server", "detection"), textbook_table(), RULES)
    assert names(advice)[0] == "resnet50"
    assert any("FPN" in addition.why for addition in advice.additions)


def test_generation_is_no_choice_of_backbone_and_points_on():
    advice = advise(Answers("server", "generation", labelled=50), textbook_table(), RULES)
    assert (advice.shortlist, advice.pick, advice.adaptation) == ((), None, None)
    assert "not a choice of backbone" in headline(advice)
    assert advice.additions and not advice.cautions


# Where sources differ


def disputes(advice: Advice) -> dict[str, tuple[CandidateRef, ...]]:
    return {weighed.dispute.name: weighed.figures for weighed in advice.disputes}


def test_disputes_come_with_the_figures_at_hand():
    table = evidence_of(None, read_catalogue())
    edge = disputes(advise(Answers("edge", labelled=4_000), table, RULES))
    assert {architecture_of(ref.model_name) for ref in edge["resnet18-on-edge"]} == {"resnet18", "efficientnet_b0"}
    tags = disputes(advise(Answers("server"), table, RULES))["resnet50-accuracy"]
    assert {"resnet50.tv_in1k", "resnet50.tv2_in1k", "resnet50.a1_in1k"} <= {ref.model_name for ref in tags}


def test_from_scratch_is_in_dispute_only_with_very_many_labels():
    assert "scratch" in disputes(advise(Answers(labelled=200_000), textbook_table(), RULES))
    assert "scratch" not in disputes(advise(Answers(labelled=20_000), textbook_table(), RULES))


# Whatever is answered, and whatever was measured

NAMES = (
    *("efficientnet_b0.ra_in1k", "resnet18.a1_in1k", "resnet50.a1_in1k", "mobilenetv3_large_100.ra_in1k"),
    *("vgg16.tv_in1k", "vit_tiny_patch16_224.augreg_in21k_ft_in1k", "convnext_tiny.in12k_ft_in1k", "own.v1"),
    HOSTILE_NAMES[0],
)
CATALOGUE = read_catalogue()
PUBLISHED = evidence_of(None, CATALOGUE)
PUBLISHED_ROWS = PUBLISHED.to_dict("records")


def choice(options: tuple[str, ...]) -> st.SearchStrategy:
    return st.none() | st.sampled_from(options)


limits = st.builds(
    Limits,
    min_top1=st.none() | st.floats(0, 100),
    max_latency_s=st.none() | st.floats(1e-4, 1.0),
    max_memory_bytes=st.none() | st.integers(1, 10**9),
    max_param_count=st.none() | st.integers(1, 10**8),
)
answers_given = st.builds(
    Answers,
    target=choice(TARGETS),
    task=st.sampled_from(TASKS),
    limits=limits,
    max_macs=st.none() | st.integers(10**7, 10**11),
    priority=choice(PRIORITIES),
    labelled=st.none() | st.integers(1, 10**6),
    domain=choice(DOMAINS),
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """What is published alone, or a few measured rows with or without it."""
    if draw(st.booleans()):
        return PUBLISHED
    rows = [
        candidate(
            name,
            224,
            draw(st.none() | st.floats(50, 90)),
            draw(st.none() | st.floats(1, 300)),
            draw(st.floats(1, 150)),
            draw(st.floats(0.05, 20)),
            draw(st.none() | st.floats(10, 900)),
        )
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=6))
    ]
    return evidence(*rows, published=tuple(draw(st.sets(st.sampled_from(NAMES)))))


def rows_of(table: pd.DataFrame) -> list[dict]:
    return PUBLISHED_ROWS if table is PUBLISHED else table.to_dict("records")


@settings(deadline=None, max_examples=200)
@given(answers_given, tables())
def test_every_combination_of_answers_gets_reasons_and_nobody_that_breaks_a_known_limit_or_is_beaten(answers, table):
    advice = advise(answers, table, RULES)
    assert_nobody_is_beaten_within_the_limits(advice, answers, table)
    assert headline(advice)
    assert explain_advice(advice) or advice.shortlist
    assert len(advice.shortlist) <= MOST_ENTRIES
    by_ref = {(row["model_name"], row["img_size"]): row for row in rows_of(table)}
    for entry in advice.shortlist:
        assert explain_entry(entry, advice)
        assert entry.standing in STANDINGS
        row = by_ref.get((entry.candidate.model_name, entry.candidate.img_size), {})
        for name, column in {**LIMIT_COLUMNS, "max_macs": "macs"}.items():
            bound = answers.max_macs if name == "max_macs" else getattr(answers.limits, name)
            value = row.get(column)
            if bound is not None and value is not None and not pd.isna(value):
                assert value >= bound if name == "min_top1" else value <= bound
    if advice.adaptation is not None:
        assert advice.adaptation.recipe in RECIPES
    for aside in advice.set_aside:
        assert explain_set_aside(aside, advice).text
        assert aside.candidate not in [entry.candidate for entry in advice.shortlist]


def assert_nobody_is_beaten_within_the_limits(advice, answers, table):
    rows = [row for row in rows_of(table) if row["error"] is None and not pd.isna(row["latency_p50_s"])]
    fit = [row for row in rows if not pd.isna(row["top1"]) and _fits(row, answers)]
    excluded = [c for c in RULES.cautions if c.excludes and c.when.holds(answers)]
    fit = [r for r in fit if not any(c.is_about(architecture_of(r["model_name"]), r["macs"]) for c in excluded)]
    for entry in advice.shortlist:
        mine = next((row for row in fit if (row["model_name"], row["img_size"]) == _key(entry.candidate)), None)
        if mine is not None:
            assert not any(_beats(other, mine) for other in fit)


def _key(ref: CandidateRef) -> tuple[str, int | None]:
    return ref.model_name, ref.img_size


def _fits(row: dict, answers: Answers) -> bool:
    for name, column in {**LIMIT_COLUMNS, "max_macs": "macs"}.items():
        bound = answers.max_macs if name == "max_macs" else getattr(answers.limits, name)
        value = row[column]
        if bound is None or value is None or pd.isna(value):
            continue
        if value < bound if name == "min_top1" else value > bound:
            return False
    return True


def _beats(one: dict, other: dict) -> bool:
    faster, better = other["latency_p50_s"] - one["latency_p50_s"], one["top1"] - other["top1"]
    return faster >= 0 and better >= 0 and (faster > 0 or better > 0)


@settings(deadline=None, max_examples=100)
@given(answers_given)
def test_who_clears_the_limits_by_measurement_and_is_asked_for_comes_first(answers):
    table = evidence(timed("resnet18.a1_in1k", 71.5, 20.6), timed("efficientnet_b0.ra_in1k", 77.7, 11.8))
    advice = advise(answers, table, RULES)
    if advice.decision is not None and advice.decision.pick is not None:
        assert advice.shortlist[0].candidate == advice.decision.pick.candidate
        assert advice.shortlist[0].standing == "pick"
