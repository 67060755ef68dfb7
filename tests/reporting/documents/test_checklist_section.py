"""The advice as text, as a section of the report and as JSON: one story."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.reporting.documents.checklist_section import advice_json, advice_parts, advice_section, advice_text
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import evidence_of
from bakeoff_core.selection.checklist.advice import Advice, advise
from bakeoff_core.selection.checklist.rules import Answers, read_rules
from tests.support.candidate_tables import HOSTILE_NAMES, candidate, measured

EDGE = Answers("edge", limits=Limits(max_latency_s=0.015), labelled=4_000, domain="other")


@pytest.fixture(scope="module")
def advice() -> Advice:
    table = evidence_of(measured().drop(columns=["non_dominated", "dominated_by"]), read_catalogue())
    return advise(EDGE, table, read_rules())


def test_parts_come_in_the_order_of_the_procedure_and_none_is_empty(advice):
    parts = advice_parts(advice)
    assert [part.title for part in parts][::2] == [
        *("What was asked", "Shortlist", "Comparing like with like", "What comes next", "Sources")
    ]
    assert all(part.points for part in parts)


def test_every_source_that_is_cited_is_listed_once_at_the_end(advice):
    *parts, sources = advice_parts(advice)
    listed = [point.sources[0] for point in sources.points]
    cited = {s for part in parts for point in part.points for told in (point, *point.parts) for s in told.sources}
    assert len(set(listed)) == len(listed)
    assert {source for source in cited if source.kind != "figures"} == set(listed)


def test_section_is_markdown_with_one_heading_of_its_level_and_links_to_papers(advice):
    lines = advice_section(advice, EDGE.limits)
    assert [line for line in lines if line.startswith("## ")] == ["## The checklist"]
    assert any("](https://arxiv.org/abs/1905.11946)" in line for line in lines)
    assert not any("other limits" in line for line in lines)


def test_section_says_where_the_checklist_was_asked_with_other_limits(advice):
    text = "\n".join(advice_section(advice, Limits(min_top1=75)))
    assert "Asked with other limits than the decision above, which goes by: top-1 accuracy at least 75 %." in text


def test_text_and_json_name_the_same_models(advice):
    found = advice_json(advice)
    text = advice_text(advice)
    for entry in found["shortlist"]:
        assert entry["model_name"] in text
    assert json.loads(json.dumps(found, allow_nan=False))["pick"]["model_name"] == "efficientnet_b0.ra_in1k"


def test_counts_in_the_json_are_whole_and_unknown_figures_null(advice):
    for entry in advice_json(advice)["shortlist"]:
        assert isinstance(entry["macs"], int)
        assert (entry["latency_p50_s"] is None) == (entry["standing"] == "published")


def test_hostile_names_stay_text_in_the_section():
    rows = [candidate(name, 224, 80.0 + at, 5.0 + at, error=None) for at, name in enumerate(HOSTILE_NAMES)]
    table = pd.DataFrame(rows, dtype=object).assign(is_default=True, pretraining=HOSTILE_NAMES[0])
    text = "\n".join(advice_section(advise(EDGE, table, read_rules())))
    assert "-->" not in text.replace("--&gt;", "")
    assert not re.search(r"(?<!`)<(script|img)", text)
