"""A report's record: what it holds, and that only a whole one is read."""

from __future__ import annotations

import json

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.reporting.documents.record import (
    AnswerRecord,
    DecisionRecord,
    read_record,
    without_record,
    write_record,
)
from bakeoff_core.reporting.documents.replay import compare_picks
from bakeoff_core.schema.accuracy import IMAGENET
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import SETTING_COLUMNS, Setting
from tests.support.candidate_tables import (
    B0,
    DEPLOYMENT,
    HOSTILE_NAMES,
    LARGE,
    LIMITS,
    SETTING,
    decided,
    deployed,
    hostile,
    hostile_decision,
    tied,
)
from tests.support.places import ROOT
from tests.support.reports import BALANCED, CELLS, PRECISE, RANKED, record_of, written


def test_the_record_holds_what_the_accuracies_were_of_and_the_runs_that_were_chosen():
    record = read_record(written(source=CELLS, chosen=("a-run",)))
    assert (record.source, record.chosen) == (CELLS, ("a-run",))


def test_limits_come_back_though_megabytes_and_millions_are_not_always_whole():
    limits = Limits(min_top1=75, max_latency_s=0.015, max_memory_bytes=57.3 * 1e6, max_param_count=6.0 * 1e6)
    assert read_record(written(decision=decided(limits=limits))).limits == limits


def test_hostile_names_come_back_from_the_record_as_they_were():
    record = read_record(written(hostile(), hostile_decision()))
    assert record.most_accurate.candidate.model_name == HOSTILE_NAMES[2]
    assert record.most_accurate.tied_with == (deployed(HOSTILE_NAMES[0], 224),)
    assert record.machine_name == HOSTILE_NAMES[0]


def test_the_record_holds_the_question_the_setting_and_both_answers():
    record = read_record(written(decision=tied("accuracy", "latency_p50_s")))
    assert record == DecisionRecord(
        product_version="0.1.0",
        created_at="2026-01-02 03:04 UTC",
        setting=Setting(**{name: SETTING[name] for name in SETTING_COLUMNS}),
        deployment=DEPLOYMENT,
        machine_name="AMD EPYC 7763, 2 cores, 24 GiB",
        limits=LIMITS,
        rule="most-accurate",
        cost="latency",
        cheapest=AnswerRecord(LARGE, (), record.cheapest.numbers),
        most_accurate=AnswerRecord(B0, (LARGE,), record.most_accurate.numbers),
    )
    assert record.pick == record.most_accurate
    assert record.pick.numbers["top1"] == 77.7
    assert record.pick.numbers["latency_p50_s"] == 0.01184
    assert record.pick.numbers["param_count"] == 5_290_000


def test_a_preview_can_leave_the_record_out():
    text = written()
    shown = without_record(text)
    assert text.startswith(shown.rstrip())
    assert "<!--" not in shown and "-->" not in shown
    assert shown.endswith("the noise of the measurement.\n")


def test_a_report_survives_a_ticket_with_windows_line_ends():
    record = read_record(written().replace("\n", "\r\n"))
    assert record == read_record(written())


def test_an_infinite_limit_is_recorded_as_none():
    decision = decided(limits=Limits(min_top1=75, max_latency_s=float("inf")))
    assert read_record(written(decision=decision)).limits == Limits(min_top1=75)


@pytest.mark.parametrize("text", ["", "# Some other report", "<!-- a comment -->"])
def test_text_that_is_no_report_is_refused(text):
    with pytest.raises(BakeoffError) as caught:
        read_record(text)
    assert str(caught.value) == (
        "This is not a decision report of Backbone Bake-off: the record to replay is missing. "
        "Give the report.md as it was downloaded."
    )


def test_two_reports_in_one_text_are_refused():
    with pytest.raises(BakeoffError, match="holds 2 decision reports. Give one report at a time."):
        read_record(written() + written())


def test_a_newer_report_asks_for_an_update():
    with pytest.raises(BakeoffError) as caught:
        read_record(written().replace('"format": 4', '"format": 6'))
    assert str(caught.value) == (
        "This report comes from a newer version of Backbone Bake-off (format 6; this one reads up to 5). "
        "Update Backbone Bake-off and replay it again."
    )


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [
        ('"rule": "most-accurate"', '"rule": "luckiest"'),
        ('"cost": "latency"', '"cost": 7'),
        ('"min_top1": 75', '"min_top1": 750'),
        ('"min_top1": 75', '"min_top1": "75"'),
        ('"threads": 2', '"threads": "two"'),
        ('"threads": 2', '"threads": null'),
        ('"img_size": 224', '"img_size": []'),
        ('"format": 4', '"format": 0'),
        ('"format": 4', '"format": "4"'),
        ('"format": 4,', ""),
        ('"source": {', '"source": [{'),
        ('"test_images": 50000', '"test_images": "many"'),
        ('"chosen": []', '"chosen": 3'),
        ('"tied_with": []', '"tied_with": 3'),
        ('"numbers": {', '"numbers": [{'),
        ("bakeoff-report\n{", "bakeoff-report\n"),
        ("bakeoff-report\n{", "bakeoff-report\n" + "[" * 100_000 + "{"),
    ],
)
def test_a_damaged_record_is_refused_and_never_half_read(whole, damaged):
    text = written()
    assert whole in text
    with pytest.raises(BakeoffError, match=r"The record in this report is damaged .* Download the report again\."):
        read_record(text.replace(whole, damaged))


def test_a_report_of_the_first_format_still_replays_and_was_about_imagenet():
    old = read_record((ROOT / "tests" / "data" / "report_v1.md").read_text())
    assert (old.source, old.chosen) == (IMAGENET, ())
    assert old == record_of(decided())
    assert compare_picks(old, decided()).same


def test_a_report_of_the_second_format_still_reads_and_matched_no_recipes():
    text = written()
    assert ',\n "recipe": null' in text
    old = read_record(text.replace(',\n "recipe": null', "").replace('"format": 4', '"format": 2'))
    assert old == read_record(text) and old.pretraining_class is None


def test_a_report_of_the_third_format_still_reads_and_was_about_no_ranking():
    text = written(source=CELLS)
    assert ',\n  "train_on": null' in text
    old = read_record(text.replace(',\n  "train_on": null', "").replace('"format": 4', '"format": 3'))
    assert old == read_record(text) and not old.source.is_ranked


@pytest.mark.parametrize("source", [IMAGENET, CELLS, RANKED])
def test_a_report_by_accuracy_is_one_of_the_fourth_format_which_versions_of_before_replay(source):
    text = written(source=source)
    assert '"format": 4' in text and '"metric"' not in text and '"positive_class"' not in text
    assert read_record(text).source == source


@pytest.mark.parametrize("source", [BALANCED, PRECISE])
def test_a_record_keeps_the_metric_and_the_class_that_it_is_about(source):
    text = written(source=source)
    assert '"format": 5' in text and read_record(text).source == source
    assert read_record(text.replace('"format": 5', '"format": 4')).source.is_accuracy  # that format knows no other
    with pytest.raises(BakeoffError, match="The record in this report is damaged"):
        read_record(text.replace(f'"metric": "{source.metric}"', '"metric": "luck"'))


def test_the_record_is_plain_json_between_its_marks():
    record = read_record(written())
    inside = write_record(record).removeprefix("<!-- bakeoff-report\n").removesuffix("\n-->")
    assert json.loads(inside)["format"] == 4
