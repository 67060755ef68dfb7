"""The checklist's rules as data: every one cites a source, names what exists, and is for somebody."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.checklist.rules import CHOICES, RANGED, UNANSWERED, Answers, When, parse_rules, read_rules

RULES = read_rules()
RANKED = (*RULES.nominations, *RULES.cautions, *RULES.transfers, *RULES.additions, *RULES.next_steps)
ALL = (*RANKED, *RULES.disputes)
SOURCES = '[paper]\nkind = "paper"\ntitle = "Somebody 2020, Something"\nwhere = "https://example.org"\n'
EMPTY = "steps = []\nnominations = []\ncautions = []\ntransfers = []\nadditions = []\nnext_steps = []\ndisputes = []\n"


def answers_for(when: When) -> Answers:
    """Answers that a rule is for."""
    given = {name: None if fitting[0] == UNANSWERED else fitting[0] for name, fitting in when.choices}
    numbers = {}
    for name, low, high in when.ranges:
        numbers[name] = low if low > -math.inf else (high - 1 if math.isfinite(high) else 1)
    limits = Limits(
        max_latency_s=numbers["latency_ms"] / 1e3 if "latency_ms" in numbers else None,
        max_param_count=numbers["max_params_m"] * 1e6 if "max_params_m" in numbers else None,
    )
    return Answers(limits=limits, labelled=numbers.get("labelled"), **given)


def named_architectures() -> set[str]:
    """Every architecture that a rule names in full."""
    named = {model for rule in RULES.nominations for model in rule.models}
    for dispute in RULES.disputes:
        named |= {*dispute.compare, *dispute.about, *([dispute.tags_of] if dispute.tags_of else [])}
    return named


@pytest.fixture(scope="module")
def timm_architectures() -> set[str]:
    from bakeoff_core.models.timm_models import list_timm_models

    return {model.architecture for model in list_timm_models()}


@pytest.mark.parametrize("rule", RANKED, ids=lambda rule: rule.name)
def test_every_rule_cites_a_source_and_says_why(rule):
    assert rule.sources
    assert rule.why.endswith(".")


@pytest.mark.parametrize("dispute", RULES.disputes, ids=lambda dispute: dispute.name)
def test_every_dispute_has_two_sides_with_sources_of_their_own_and_belongs_to_a_step(dispute):
    assert len(dispute.claims) >= 2
    assert all(claim.sources for claim in dispute.claims)
    assert len({claim.text for claim in dispute.claims}) == len(dispute.claims)
    assert dispute.step in {step.name for step in RULES.steps}


def test_there_are_seven_steps_and_each_cites_a_source():
    assert len(RULES.steps) == 7
    assert all(step.sources for step in RULES.steps)


def test_names_of_rules_are_unique():
    for kind in (RULES.steps, RULES.nominations, RULES.cautions, RULES.transfers, RULES.disputes):
        assert len({rule.name for rule in kind}) == len(kind)


def test_papers_and_docs_have_an_address_and_every_source_is_cited():
    cited = {source for rule in (*RANKED, *RULES.steps) for source in rule.sources}
    for dispute in RULES.disputes:
        cited |= {source for claim in dispute.claims for source in claim.sources} | set(dispute.settled_sources)
    assert cited == set(RULES.sources)
    for source in RULES.sources:
        assert (source.where or "https://").startswith("https://")
        assert (source.where is None) == (source.kind == "guide")


def test_short_names_tell_sources_apart():
    shorts = [source.short for source in RULES.sources if source.kind == "guide"]
    assert len(set(shorts)) == len(shorts)
    assert all(len(source.short) < 45 for source in RULES.sources)


def test_every_model_that_a_rule_names_exists_in_timm(timm_architectures):
    assert named_architectures() <= timm_architectures


def test_most_models_that_rules_name_have_published_figures():
    known = set(read_catalogue()["model_name"].map(architecture_of))
    assert len(named_architectures() & known) >= 0.85 * len(named_architectures())


@pytest.mark.parametrize("caution", RULES.cautions, ids=lambda caution: caution.name)
def test_every_pattern_of_a_caution_meets_a_model_of_timm(caution, timm_architectures):
    for pattern in caution.models:
        alone = replace(caution, models=(pattern,), macs_from=None)
        assert any(alone.is_about(name, None) for name in timm_architectures), pattern


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_every_rule_is_for_somebody(rule):
    assert rule.when.holds(answers_for(rule.when))


def test_no_transfer_rule_hides_the_recipe_of_another():
    deciding = [rule for rule in RULES.transfers if rule.recipe]
    for first, second in combinations(deciding, 2):
        assert not (first.when.holds(answers_for(second.when)) and first.recipe != second.recipe), second.name


def test_recipes_that_rules_name_exist():
    named = {rule.recipe for rule in (*RULES.nominations, *RULES.transfers) if rule.recipe}
    assert named <= set(RECIPES)


@pytest.mark.parametrize("target", CHOICES["target"])
@pytest.mark.parametrize("task", ("classification", "detection", "segmentation"))
def test_every_target_and_task_has_a_nomination_and_a_next_step(target, task):
    answers = Answers(target, task)
    assert any(rule.when.holds(answers) for rule in RULES.nominations)
    assert any(rule.when.holds(answers) for rule in RULES.next_steps)


@pytest.mark.parametrize("task", ("detection", "segmentation", "generation"))
def test_every_other_task_than_classification_says_what_must_be_added(task):
    assert any(rule.when.holds(Answers(task=task)) for rule in RULES.additions)


def test_a_rule_about_a_question_left_open_is_not_for_somebody_who_left_it_open():
    assert not When((("target", ("edge",)),)).holds(Answers())
    assert not When(ranges=(("labelled", -math.inf, 1000),)).holds(Answers())
    assert When((("target", (UNANSWERED,)),)).holds(Answers())


def test_ranges_include_where_they_start_and_not_where_they_end():
    when = When(ranges=(("labelled", 100, 1000),))
    assert [when.holds(Answers(labelled=n)) for n in (99, 100, 999, 1000)] == [False, True, True, False]


def test_questions_that_rules_may_ask_are_answered_in_the_rules_units():
    answers = Answers(limits=Limits(max_latency_s=0.015, max_param_count=10_000_000), labelled=7)
    assert {name: answers.number(name) for name in RANGED} == {"labelled": 7, "latency_ms": 15, "max_params_m": 10}


@pytest.mark.parametrize(
    "rule",
    [
        'name = "x"\nwhen = {}\nmodels = ["resnet50"]\nwhy = "So."\nsources = []\n',
        'name = "x"\nwhen = {}\nmodels = ["resnet50"]\nwhy = "So."\nsources = ["nobody"]\n',
        'name = "x"\nwhen = {}\nmodels = ["resnet50"]\nwhy = "So."\n',
        'name = "x"\nwhen = { target = ["moon"] }\nmodels = ["resnet50"]\nwhy = "So."\nsources = ["paper"]\n',
        'name = "x"\nwhen = { weather = ["fine"] }\nmodels = ["resnet50"]\nwhy = "So."\nsources = ["paper"]\n',
        'name = "x"\nwhen = { labelled = { above = 3 } }\nmodels = ["resnet50"]\nwhy = "So."\nsources = ["paper"]\n',
        'name = "x"\nwhen = {}\nmodels = ["resnet50"]\nwhy = "So."\nsources = ["paper"]\nmood = "good"\n',
    ],
    ids=(
        "no source",
        "unknown source",
        "sources forgotten",
        "unknown answer",
        "unknown question",
        "bad range",
        "extra",
    ),
)
def test_a_faulty_rule_is_refused_by_name(rule):
    text = EMPTY.replace("nominations = []\n", "") + "[[nominations]]\n" + rule
    with pytest.raises(ValueError, match="'x'"):
        parse_rules(text, SOURCES)


def test_a_guide_with_an_address_or_a_paper_without_is_refused():
    with pytest.raises(ValueError, match="'paper'"):
        parse_rules(EMPTY, SOURCES.replace('kind = "paper"', 'kind = "guide"'))


def test_a_kind_of_rule_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="hunches"):
        parse_rules(EMPTY + "hunches = []\n", SOURCES)


@pytest.mark.parametrize(
    ("field", "value"), [("target", "moon"), ("task", None), ("labelled", 0), ("max_macs", -1), ("domain", "odd")]
)
def test_answers_that_are_none_are_refused_with_what_must_hold(field, value):
    with pytest.raises(ValueError, match=f"`{field}` must be"):
        Answers(**{field: value})
