"""The report: what it says, that nothing foreign acts in it, and that it can be replayed."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import zipfile

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.reporting.documents import report
from bakeoff_core.reporting.documents.replay import AnswerFacts, ReportFacts, write_record
from bakeoff_core.schema.records import IMAGENET, AccuracySource, CandidateRef, Choice, Limits, Setting, Tie
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    B0,
    HOSTILE_NAMES,
    LARGE,
    LIMITS,
    LITE0,
    SETTING,
    SMALL,
    candidate,
    decided,
    hostile,
    hostile_decision,
    measured,
    published,
    table,
    tied,
    undecided,
)
from tests.support.places import ROOT


def written(frame=None, decision=None, **changes) -> str:
    arguments = {"created_at": "2026-01-02 03:04 UTC", "product_version": "0.1.0", **changes}
    return report.decision_report(
        measured() if frame is None else frame, decided() if decision is None else decision, **arguments
    )


def section(text: str, title: str) -> list[str]:
    """The lines under a heading, the empty ones left out."""
    body = text.split(f"## {title}\n")[1].split("\n## ")[0].split("\n<!--")[0]
    return [line for line in body.splitlines() if line]


def table_rows(text: str) -> list[list[str]]:
    """The cells of the body of the table; a pipe that is escaped ends no cell."""
    lines = [line for line in section(text, "Candidates") if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


# --------------------------------------------------------------- contents


def test_the_report_begins_with_the_pick_its_numbers_and_the_question():
    assert written().splitlines()[:8] == [
        "# Backbone decision",
        "",
        "**Pick: `efficientnet_b0.ra_in1k @ 224` (77.7 % top-1, 11.8 ms)**",
        "",
        "- Rule: most accurate within the limits; cost is latency.",
        "- Limits: top-1 accuracy at least 75 %, latency at most 15 ms.",
        "- Other answer, cheapest sufficient: `mobilenetv3_large_100.ra_in1k @ 224` (75.77 % top-1, 10.2 ms).",
        "",
    ]


def test_the_report_says_where_it_was_measured_and_when():
    assert section(written(), "Where it was measured") == [
        "AMD EPYC 7763, 2 cores, 24 GiB: cpu, 2 threads, batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31. "
        "Written 2026-01-02 03:04 UTC by Backbone Bake-off 0.1.0.",
        "- Processor: AMD EPYC 7763",
        "- Cores usable: 2",
        "- Memory: 25.8 GB",
        "- System: Linux 6.1",
        "- Python: 3.11.9",
        "- Measured: 2026-01-02T03:04:05Z",
    ]


def test_the_report_gives_the_reasons_the_tie_and_what_would_change_it():
    text = written(decision=tied("accuracy", "latency_p50_s"))
    assert section(text, "Why")[2:] == [
        "- Tie with `mobilenetv3_large_100`: the 95 % sampling intervals of 50,000 validation images overlap "
        "(77.33 to 78.07 % and 75.4 to 76.14 %). It was broken on latency (11.8 ms against 10.2 ms).",
        "- Runner-up: `mobilenetv3_large_100` (75.77 % top-1, 10.2 ms).",
    ]
    assert section(text, "What would change it") == [
        "- Raise the latency budget from 15 ms to 37 ms and `resnet50 @ 224` (80.4 % top-1, 37.0 ms) becomes the pick."
    ]


def test_the_table_has_the_frontier_first_then_the_dominated_then_the_rest():
    rows = table_rows(written())
    assert [row[8] for row in rows] == [
        *["on it"] * 6,
        *["dominated by `mobilenetv3_large_100`"] * 3,
        "no published accuracy",
        "not measured",
    ]
    assert [row[0] for row in rows[:3]] == [
        "`mobilenetv3_small_100.lamb_in1k`",
        "`mobilenetv3_large_100.ra_in1k`",
        "★ `efficientnet_b0.ra_in1k`",
    ]
    assert {len(row) for row in rows} == {10}


def test_every_row_has_its_numbers_and_which_limits_it_fails():
    rows = {(row[0], row[1]): row[2:] for row in table_rows(written())}
    assert rows["`tf_efficientnet_lite0.in1k`", "224"] == [
        "74.85 %",
        "18.0 ms (17.5 to 18.5)",
        "19.8 ms",
        "410 M",
        "4.65 M",
        "50.0 MB",
        "dominated by `mobilenetv3_large_100`",
        "fails accuracy floor and latency budget",
    ]
    assert rows["★ `efficientnet_b0.ra_in1k`", "224"][-2:] == ["on it", "cleared"]
    assert rows["`vit_huge_patch14_224.orig_in21k`", "224"] == [
        *("–", "–", "–", "167 G", "632 M", "–"),
        "not measured",
        "–",
    ]


def test_a_number_that_is_unknown_without_a_limit_on_it_is_named():
    frame = table([candidate("a.x"), candidate("b.x", top1=None)])
    assert table_rows(written(frame, decide(frame, Limits())))[1][-2:] == [
        "no published accuracy",
        "top-1 accuracy unknown",
    ]


def test_everybody_but_the_pick_is_given_a_reason():
    reasons = section(written(), "Why not the others")
    assert len(reasons) == 10
    assert "- `mobilenetv3_large_100.ra_in1k @ 224`: Clears every limit; the rule puts the pick first." in reasons
    assert "- `resnet50.a1_in1k @ 224`: Latency 37.0 ms is over the latency budget of 15 ms." in reasons
    assert (
        "- `tf_efficientnet_lite0.in1k @ 224`: Top-1 accuracy 74.85 % is under the accuracy floor of 75 %; "
        "latency 18.0 ms is over the latency budget of 15 ms. Dominated by `mobilenetv3_large_100.ra_in1k @ 224`, "
        "which is 7.80 ms faster and 0.92 points more accurate."
    ) in reasons
    assert "- `vit_huge_patch14_224.orig_in21k @ 224`: Could not be measured: `out of memory`" in reasons
    assert not any("efficientnet_b0.ra_in1k" in reason for reason in reasons)


def test_warnings_stand_with_their_model_and_in_words():
    assert section(written(), "Warnings") == [
        "- `mobilenetv3_large_100.ra_in1k @ 224`: Other programs kept 0.98 cores busy while this was measured. "
        "Close them and measure again.",
        "- `mobilenetv3_large_100.ra_in1k @ 224`: Only 31 passes were timed; a p90 needs at least 64. "
        "Take the p90 as a rough guide, or measure with a smaller batch.",
    ]
    assert section(written(measured().iloc[2:4]), "Warnings") == ["No measurement carries a warning."]


def test_the_commands_measure_the_same_models_in_the_same_setting_and_decide_alike():
    commands = [line for line in section(written(), "How to reproduce") if line.startswith("python")]
    assert commands[1:] == [
        "python -m bakeoff_core profile resnet50.a1_in1k "
        "--img-size 288 --batch-size 1 --threads 2 --device cpu --dtype float32",
        "python -m bakeoff_core profile resnet50.a1_in1k "
        "--img-size 160 --batch-size 1 --threads 2 --device cpu --dtype float32",
        "python -m bakeoff_core pick --min-top1 75 --max-latency-ms 15 --rule most-accurate --cost latency",
        "python -m bakeoff_core replay report.md",
    ]
    assert commands[0].startswith("python -m bakeoff_core profile mobilenetv3_small_100.lamb_in1k ")
    assert commands[0].endswith(" --img-size 224 --batch-size 1 --threads 2 --device cpu --dtype float32")


def test_every_limit_has_its_option():
    limits = Limits(max_memory_bytes=57_100_000, max_param_count=5_500_000)
    text = written(decision=decided(limits=limits, rule="cheapest", cost="params", rejections=()))
    assert "pick --max-memory-mb 57.1 --max-params-m 5.5 --rule cheapest --cost params\n" in text


def test_a_failure_before_the_size_was_known_is_listed_and_measured_at_its_own_size():
    frame = table([candidate("a.x"), candidate("b.x", None, None, None, None, None, error="timed out")])
    decision = decide(frame, Limits())
    text = written(frame, decision)
    assert table_rows(text)[1][:3] == ["`b.x`", "–", "–"]
    assert "profile b.x --batch-size 1 --threads 2" in text


def test_a_report_without_a_pick_says_what_is_to_blame_and_the_way_out():
    text = written(decision=undecided())
    assert "**Pick: none**" in text
    assert "★ " not in "".join(row[0] for row in table_rows(text))
    assert len(section(text, "Why none of them")) == 11
    assert section(text, "Why") == [
        "- Nothing clears every limit: top-1 accuracy at least 75 %, latency at most 10 ms.",
        "- No limit excludes everyone on its own; the accuracy floor and the latency budget do so together.",
        "- Raise the latency budget from 10 ms to 10.2 ms and `mobilenetv3_large_100` (75.77 % top-1, 10.2 ms) "
        "comes in.",
    ]
    assert "## What would change it" not in text
    assert report.read_facts(text).pick is None


def test_a_table_that_was_never_measured_makes_a_report_on_published_figures():
    text = written(published(), decide(published(), Limits(min_top1=75), "cheapest", "macs"))
    assert section(text, "Where it was measured")[0].startswith("Nothing was measured: these are published figures.")
    assert "profile" not in "".join(section(text, "How to reproduce")[1:])
    assert "Frontier: top-1 accuracy against MACs." in text
    assert report.read_facts(text).setting is None


def test_the_frontier_is_named_by_the_axis_it_was_made_for():
    cheapest = decided(rule="cheapest", cost="memory")
    assert "Frontier: top-1 accuracy against peak memory." in written(annotate(measured(), "memory"), cheapest)
    assert "Frontier: top-1 accuracy against latency." in written(decision=decided(cost="memory"))
    assert "Frontier: top-1 accuracy against latency." in written(decision=cheapest, frontier_cost="latency")


def test_the_picture_is_shown_where_there_is_one():
    assert "![Accuracy against latency](frontier.svg)" in written(svg_name="frontier.svg")
    assert "![" not in written()


def test_two_settings_are_never_put_into_one_report():
    frame = measured()
    frame.loc[0, "threads"] = 4
    with pytest.raises(ValueError, match="`candidates` must come from one setting. Got 2."):
        written(frame)


def test_an_empty_table_makes_a_report_that_says_so():
    frame = measured().iloc[:0]
    assert section(written(frame, decide(frame, LIMITS)), "Why") == [
        "- There is nothing to choose from yet. Measure this machine first."
    ]


def test_nullable_columns_are_written_like_plain_ones():
    frame = annotate(measured().convert_dtypes())
    assert written(frame, decide(frame, LIMITS)) == written(annotate(measured()), decide(measured(), LIMITS))


# ------------------------------------------------- accuracy on other images

CELLS = AccuracySource(
    "elpv-1a2b3c4d", "Solar cells (ELPV)", "Solar cells, fine-tuned here", 656, "1a2b3c4d5e6f7a8b", 3
)


def test_a_report_on_other_images_never_says_top_1_or_imagenet():
    frame = measured()
    decision = decide(frame, LIMITS)
    text = written(frame, decision, source=CELLS, chosen=("20260301-120000-finetune-aaaaaa",))
    visible = text.split("<!--")[0]
    assert not re.search("top-1|imagenet", visible.replace("--min-top1", ""), re.IGNORECASE)
    assert text.splitlines()[2] == "**Pick: `efficientnet_b0.ra_in1k @ 224` (77.7 % on Solar cells (ELPV), 11.8 ms)**"
    assert "- Limits: accuracy on Solar cells (ELPV) at least 75 %, latency at most 15 ms." in text
    assert "Frontier: accuracy on Solar cells (ELPV) against latency. The pick is marked ★." in text
    assert "| Model | Size | Accuracy | Latency p50" in text
    assert table_rows(text)[9][-2:] == ["not fine-tuned on it", "fails accuracy floor and latency budget"]
    assert "- `resnet50.a1_in1k @ 224`: timm results" in section(text, "Candidates")
    assert (
        "python -m bakeoff_core pick --min-top1 75 --max-latency-ms 15 --rule most-accurate --cost latency "
        "--accuracy elpv-1a2b3c4d --run 20260301-120000-finetune-aaaaaa"
    ) in text
    assert "the 656 test images of Solar cells (ELPV)" in text


def test_the_record_holds_what_the_accuracies_were_of_and_the_runs_that_were_chosen():
    facts = report.read_facts(written(source=CELLS, chosen=("a-run",)))
    assert (facts.source, facts.chosen) == (CELLS, ("a-run",))


RANKED = dataclasses.replace(CELLS, key="elpv-1a2b3c4d-ranked-trainval", train_on="train+val")


def test_a_report_by_a_ranking_says_linear_probe_and_never_fine_tuned():
    text = written(measured(), decide(measured(), LIMITS), source=RANKED)
    visible = text.split("<!--")[0]
    assert "(77.7 % by linear probe (train+val) on Solar cells (ELPV), 11.8 ms)" in text
    assert "a linear probe got right" in text and "features on the training and validation images" in text
    assert table_rows(text)[9][-2:] == ["not ranked on it", "fails accuracy floor and latency budget"]
    assert "Accuracies were measured here, each by a ranking:" in text
    assert not re.search(r"fine-tuned|top-1|imagenet", visible.replace("--min-top1", ""), re.IGNORECASE)
    assert "--accuracy elpv-1a2b3c4d-ranked-trainval" in text
    assert report.read_facts(text).source == RANKED


def test_a_folder_with_a_hostile_name_stays_text_in_the_report():
    source = dataclasses.replace(CELLS, name=HOSTILE_NAMES[2])
    visible, record = written(source=source).split("<!-- bakeoff-report")
    assert not re.search(r"(?<!\\)<", visible)
    assert record.count("-->") == 1
    assert report.read_facts(written(source=source)).source == source


def test_further_sections_stand_before_the_commands_and_empty_ones_are_left_out():
    text = written(sections=[[], ["## Compared", "", "Full wins."]])
    assert "\n\n## Compared\n\nFull wins.\n\n## How to reproduce\n" in text
    assert written(sections=[[], []]) == written()


# ---------------------------------------------------------------- hostile


def test_foreign_text_stays_in_its_cell_and_is_no_markup():
    text = written(hostile(), hostile_decision(), title=HOSTILE_NAMES[0])
    visible, record = text.split("<!-- bakeoff-report")
    assert not re.search(r"(?<!\\)<", visible), "no tag, and no comment before the record"
    assert {len(row) for row in table_rows(text)} == {10}
    assert len(table_rows(text)) == len(hostile())
    assert record.count("-->") == 1 and record.endswith("\n-->\n")
    assert "--" not in record.removesuffix("-->\n")
    assert "<" not in record


def test_dollars_and_backticks_do_not_pair_up():
    visible = written(hostile(), hostile_decision()).split("<!--")[0]
    assert not re.search(r"(?<!\\)\$", visible)
    assert r"\`code\`" in visible


def test_names_that_timm_cannot_have_never_reach_a_command():
    frame = table([candidate(name, latency_ms=10.0 + at) for at, name in enumerate(("x.y; rm -rf /", "-x", "good.x"))])
    lines = section(written(frame, decide(frame, Limits())), "How to reproduce")
    assert lines[0].endswith("Rows whose names no timm model can have, and that cannot be measured again: 2.")
    assert lines[2].startswith("python -m bakeoff_core profile good.x --img-size 224 ")
    assert not any("rm -rf" in line for line in lines)


def test_hostile_names_come_back_from_the_record_as_they_were():
    facts = report.read_facts(written(hostile(), hostile_decision()))
    assert facts.most_accurate.candidate.model_name == HOSTILE_NAMES[2]
    assert facts.most_accurate.tied_with == (CandidateRef(HOSTILE_NAMES[0], 224),)
    assert facts.machine_name == HOSTILE_NAMES[0]


# ------------------------------------------------------------------ facts


def test_the_record_holds_the_question_the_setting_and_both_answers():
    facts = report.read_facts(written(decision=tied("accuracy", "latency_p50_s")))
    setting = {name: SETTING[name] for name in (field.name for field in dataclasses.fields(Setting))}
    assert facts == ReportFacts(
        product_version="0.1.0",
        created_at="2026-01-02 03:04 UTC",
        setting=Setting(**setting),
        machine_name="AMD EPYC 7763, 2 cores, 24 GiB",
        limits=LIMITS,
        rule="most-accurate",
        cost="latency",
        cheapest=AnswerFacts(LARGE, (), facts.cheapest.numbers),
        most_accurate=AnswerFacts(B0, (LARGE,), facts.most_accurate.numbers),
    )
    assert facts.pick == facts.most_accurate
    assert facts.pick.numbers["top1"] == 77.7
    assert facts.pick.numbers["latency_p50_s"] == 0.01184
    assert facts.pick.numbers["param_count"] == 5_290_000


def test_a_preview_can_leave_the_record_out():
    text = written()
    shown = report.without_record(text)
    assert text.startswith(shown.rstrip())
    assert "<!--" not in shown and "-->" not in shown
    assert shown.endswith("the noise of the measurement.\n")


def test_a_report_survives_a_ticket_with_windows_line_ends():
    facts = report.read_facts(written().replace("\n", "\r\n"))
    assert facts == report.read_facts(written())


def test_an_infinite_limit_is_recorded_as_none():
    decision = decided(limits=Limits(min_top1=75, max_latency_s=float("inf")))
    assert report.read_facts(written(decision=decision)).limits == Limits(min_top1=75)


@pytest.mark.parametrize("text", ["", "# Some other report", "<!-- a comment -->"])
def test_text_that_is_no_report_is_refused(text):
    with pytest.raises(BakeoffError) as caught:
        report.read_facts(text)
    assert str(caught.value) == (
        "This is not a decision report of Backbone Bake-off: the record to replay is missing. "
        "Give the report.md as it was downloaded."
    )


def test_two_reports_in_one_text_are_refused():
    with pytest.raises(BakeoffError, match="holds 2 decision reports. Give one report at a time."):
        report.read_facts(written() + written())


def test_a_newer_report_asks_for_an_update():
    with pytest.raises(BakeoffError) as caught:
        report.read_facts(written().replace('"format": 4', '"format": 5'))
    assert str(caught.value) == (
        "This report comes from a newer version of Backbone Bake-off (format 5; this one reads up to 4). "
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
        report.read_facts(text.replace(whole, damaged))


def test_a_report_of_the_first_format_still_replays_and_was_about_imagenet():
    old = report.read_facts((ROOT / "tests" / "data" / "report_v1.md").read_text())
    assert (old.source, old.chosen) == (IMAGENET, ())
    assert old == facts_of(decided())
    assert report.replay(old, decided()).same


def test_a_report_of_the_second_format_still_reads_and_matched_no_recipes():
    text = written()
    assert ',\n "recipe": null' in text
    old = report.read_facts(text.replace(',\n "recipe": null', "").replace('"format": 4', '"format": 2'))
    assert old == report.read_facts(text) and old.recipe is None


def test_a_report_of_the_third_format_still_reads_and_was_about_no_ranking():
    text = written(source=CELLS)
    assert ',\n  "train_on": null' in text
    old = report.read_facts(text.replace(',\n  "train_on": null', "").replace('"format": 4', '"format": 3'))
    assert old == report.read_facts(text) and not old.source.is_ranked


def test_the_record_is_plain_json_between_its_marks():
    facts = report.read_facts(written())
    inside = write_record(facts).removeprefix("<!-- bakeoff-report\n").removesuffix("\n-->")
    assert json.loads(inside)["format"] == 4


# ----------------------------------------------------------------- replay


def facts_of(decision) -> ReportFacts:
    return report.read_facts(written(decision=decision))


def test_the_same_pick_is_the_same():
    assert report.replay(facts_of(decided()), decided()) == report.Replay(
        True, ("The same pick follows from the current data: efficientnet_b0.ra_in1k @ 224.",)
    )


def test_a_pick_within_the_declared_tie_is_another_pick_and_said_to_be_tied():
    outcome = report.replay(facts_of(tied("accuracy", "top1")), decided(most_accurate=Choice(LARGE, B0, None)))
    assert outcome == report.Replay(
        False,
        (
            "The report picked efficientnet_b0.ra_in1k @ 224; from the current data "
            "mobilenetv3_large_100.ra_in1k @ 224 follows.",
            "The report declared the two a tie, so the change is within the noise it spoke of.",
        ),
    )


def test_a_tie_that_only_the_current_data_declare_is_said_too():
    now = decided(most_accurate=Choice(LARGE, B0, Tie((B0,), "accuracy", "top1")))
    outcome = report.replay(facts_of(decided()), now)
    assert not outcome.same
    assert outcome.sentences[1] == "The current data declare the two a tie, so the change is within their noise."


def test_another_pick_without_a_tie_means_other_data():
    outcome = report.replay(facts_of(decided()), decided(most_accurate=Choice(LITE0, None, None)))
    assert not outcome.same
    assert outcome.sentences[1] == "The two were not declared a tie: the data have changed."


def test_the_same_model_at_another_size_is_another_pick():
    other = CandidateRef(B0.model_name, 256)
    assert not report.replay(facts_of(decided()), decided(most_accurate=Choice(other, None, None))).same


def test_a_pick_that_is_gone_or_new_is_named():
    gone = report.replay(facts_of(decided()), decided(most_accurate=None, cheapest=None))
    assert gone == report.Replay(
        False,
        (
            "The report picked efficientnet_b0.ra_in1k @ 224; now the pick is nothing.",
            "The other answer (cheapest sufficient) was mobilenetv3_large_100.ra_in1k @ 224 and is now nothing.",
        ),
    )
    undone = undecided()
    new = dataclasses.replace(undone, most_accurate=Choice(LARGE, None, None))
    assert report.replay(facts_of(undone), new).sentences == (
        "The report picked nothing; now the pick is mobilenetv3_large_100.ra_in1k @ 224.",
    )


def test_no_pick_then_and_now_is_the_same():
    assert report.replay(facts_of(undecided()), undecided()) == report.Replay(
        True, ("As in the report, nothing clears every limit.",)
    )


def test_a_change_of_the_other_answer_is_said_but_not_held_against_the_pick():
    outcome = report.replay(facts_of(decided()), decided(cheapest=Choice(SMALL, None, None)))
    assert outcome.same
    assert outcome.sentences[1] == (
        "The other answer (cheapest sufficient) was mobilenetv3_large_100.ra_in1k @ 224 "
        "and is now mobilenetv3_small_100.lamb_in1k @ 224."
    )


def test_without_data_in_the_setting_the_way_to_get_them_is_named():
    outcome = report.replay(facts_of(decided()), None)
    assert outcome == report.Replay(
        False,
        (
            "There are no measurements in the setting of this report (AMD EPYC 7763, 2 cores, 24 GiB: cpu, 2 threads, "
            "batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31) to replay it on.",
            "Import the profiles.parquet that came with it, or measure there.",
        ),
    )


def test_an_answer_to_another_question_is_refused():
    with pytest.raises(ValueError, match="same limits, rule and cost"):
        report.replay(facts_of(decided()), decided(limits=Limits()))


@pytest.mark.parametrize("rule", ["most-accurate", "cheapest"])
@pytest.mark.parametrize("cost", ["latency", "macs", "params", "memory"])
def test_a_real_decision_replays_on_its_own_data(rule, cost):
    frame = annotate(measured(), cost)
    for limits in (LIMITS, Limits(), Limits(min_top1=99), Limits(max_latency_s=0.0121, max_param_count=6_000_000)):
        facts = report.read_facts(written(frame, decide(frame, limits, rule, cost)))
        again = report.replay(facts, decide(frame, facts.limits, facts.rule, facts.cost))
        assert again.same and len(again.sentences) == 1


# ----------------------------------------------------------------- bundle


def test_the_bundle_holds_the_report_the_picture_and_the_data():
    packed = report.bundle("# Report ★\n", "<svg/>", b"PAR1\x00")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "report.md": "# Report ★\n".encode(),
            "frontier.svg": b"<svg/>",
            "profiles.parquet": b"PAR1\x00",
        }
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}


def test_the_same_contents_make_the_same_bundle():
    assert report.bundle("a", "b", b"c") == report.bundle("a", "b", b"c")
