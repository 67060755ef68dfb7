"""The advice in sentences: what was asked, why, and what the figures can't say."""

from __future__ import annotations

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.formatting import markdown_code
from bakeoff_core.reporting.text.checklist import (
    RECIPE_WORDS,
    describe_answers,
    explain_advice,
    explain_dispute,
    explain_entry,
    explain_mixture,
    explain_recipe,
    explain_set_aside,
    headline,
)
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import evidence_of
from bakeoff_core.selection.checklist.advice import Advice, advise
from bakeoff_core.selection.checklist.rules import Answers, read_rules
from tests.support.candidate_tables import HOSTILE_NAMES, candidate, measured


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return evidence_of(measured().drop(columns=["non_dominated", "dominated_by"]), read_catalogue())


def on(table: pd.DataFrame, *given: object, **answers: object) -> Advice:
    return advise(Answers(*given, **answers), table, read_rules())


def test_answers_are_said_a_line_a_question():
    limits = Limits(min_top1=75, max_latency_s=0.015)
    asked = Answers("edge", "detection", limits, 5_000_000_000, "efficiency", 4_000, "other")
    assert describe_answers(asked) == [
        "For object detection on an edge box.",
        "Top-1 accuracy at least 75 %, latency at most 15 ms, at most 5 G MACs an image.",
        "What matters most is accuracy for its cost.",
        "4,000 labelled images unlike natural photographs.",
    ]


def test_questions_left_open_are_not_named():
    assert describe_answers(Answers()) == ["For image classification.", "No limit is set."]
    assert describe_answers(Answers(domain="natural"))[-1] == "Images like natural photographs."
    assert describe_answers(Answers(labelled=7))[-1] == "7 labelled images."
    assert describe_answers(Answers(labelled=1))[-1] == "1 labelled image."


def test_every_recipe_has_words_for_a_headline():
    assert set(RECIPE_WORDS) == set(RECIPES)


def test_headline_of_limits_that_nothing_measured_clears_starts_from_nothing(table):
    assert "has yet to be measured" in headline(on(table, "server", limits=Limits(min_top1=84)))
    assert headline(on(table, limits=Limits(min_top1=100))) == "No model at hand clears every limit."


def test_latency_of_another_machine_is_no_phones(table):
    told = [reason.text for reason in explain_advice(on(table, "mobile", limits=Limits(min_top1=70)))]
    assert any("which is no phone" in text for text in told)


def test_what_was_not_measured_is_said_not_to_have_been_judged():
    blind = on(evidence_of(None, read_catalogue()), "edge", limits=Limits(70, 0.01, 10**6))
    assert "No limit on latency and peak memory was judged." in explain_advice(blind)[-1].text


def test_compute_budget_is_given_as_the_reason_where_it_is(table):
    advice = on(table, "server", max_macs=1_000_000_000)
    aside = next(a for a in advice.set_aside if a.candidate.model_name == "resnet50.a1_in1k")
    assert explain_set_aside(aside, advice).text == "4.11 G MACs are over the compute budget of 1 G MACs."


def test_mixed_recipes_and_pretraining_are_pointed_out():
    mixed = explain_mixture(on(evidence_of(None, read_catalogue()), "server"))
    assert mixed.startswith("The shortlist was not trained alike, so part of an accuracy's lead may be its training. ")
    assert "modern, in1k: resnet50.a1_in1k" in mixed
    assert "from more labels, in12k: convnext_tiny.in12k_ft_in1k" in mixed


def test_a_shortlist_that_was_trained_alike_is_said_to_be():
    published = read_catalogue()
    alike = on(evidence_of(None, published[published["recipe"] == "tuned"]), "mobile")
    assert explain_mixture(alike) == "All of the shortlist was trained alike (tuned, in1k), as far as it is known."


def test_dispute_says_both_sides_the_figures_and_what_to_make_of_it(table):
    advice = on(table, "edge")
    weighed = next(w for w in advice.disputes if w.dispute.name == "resnet18-on-edge")
    point = explain_dispute(weighed, advice)
    texts = [reason.text for reason in point.parts]
    assert point.text == "ResNet-18 on an edge box?"
    assert any("20.6 ms" in text and "11.8 ms" in text for text in texts)
    assert texts[-1].endswith("So let the box decide.")


def test_figures_of_the_weights_settle_how_accurate_resnet50_is(table):
    advice = on(table, "server")
    weighed = next(w for w in advice.disputes if w.dispute.name == "resnet50-accuracy")
    told = " ".join(reason.text for reason in explain_dispute(weighed, advice).parts)
    assert "resnet50.tv_in1k 76.16 % top-1" in told
    assert "resnet50.tv2_in1k @ 224 80.85 % top-1" in told


def test_recipe_is_explained_by_the_labels_first(table):
    point = explain_recipe(on(table, "edge", labelled=500, domain="other"))
    assert point.text.startswith("Progressive unfreezing.")
    assert point.parts[0].text.startswith("By the number of labels alone: top layers. 500 labelled images")
    assert explain_recipe(on(table, "edge")) is None


def test_text_from_files_is_escaped_in_every_sentence():
    name = HOSTILE_NAMES[0]
    rows = [candidate(name, 224, 90.0, 1.0), candidate("resnet18.a1_in1k", 224, 71.0, 9.0)]
    table = pd.DataFrame(rows, dtype=object).assign(is_default=True, pretraining="in1k")
    advice = on(table, "edge", limits=Limits(max_latency_s=0.06))
    told = [reason.text for entry in advice.shortlist for reason in explain_entry(entry, advice, escape=markdown_code)]
    told += [explain_set_aside(aside, advice, escape=markdown_code).text for aside in advice.set_aside]
    told += [reason.text for reason in explain_advice(advice, escape=markdown_code)]
    assert any("alert" in text for text in told)
    assert not any("<script>" in text for text in told)
