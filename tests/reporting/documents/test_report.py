"""The report: what it says, and that nothing foreign acts in it."""

from __future__ import annotations

import dataclasses
import re

import pytest

from bakeoff_core.reporting.documents.record import (
    read_record,
)
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate
from tests.support.candidate_tables import (
    HOSTILE_NAMES,
    LIMITS,
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
from tests.support.reports import BALANCED, CELLS, PRECISE, RANKED, written


def section(text: str, title: str) -> list[str]:
    """The lines under a heading, the empty ones left out."""
    body = text.split(f"## {title}\n")[1].split("\n## ")[0].split("\n<!--")[0]
    return [line for line in body.splitlines() if line]


def table_rows(text: str) -> list[list[str]]:
    """The cells of the body of the table; a pipe that is escaped ends no cell."""
    lines = [line for line in section(text, "Candidates") if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_report_begins_with_the_pick_its_numbers_and_the_question():
    assert written().splitlines()[:14] == [
        "# Backbone decision",
        "",
        "**Pick: `efficientnet_b0.ra_in1k @ 224` (77.7 % top-1, 11.8 ms)**",
        "",
        "**Not to be relied on: the pick rests on a doubtful measurement, that of `mobilenetv3_large_100` (other "
        "programs were busy). Measure it again.**",
        "",
        "Would be picked again every time.",
        "",
        "1 of 10 measurements is doubtful: other programs were busy (1). By its interval a latency may be off by up to "
        "3.1 %.",
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
    assert read_record(text).pick is None


def test_a_table_that_was_never_measured_makes_a_report_on_published_figures():
    text = written(published(), decide(published(), Limits(min_top1=75), "cheapest", "macs"))
    assert section(text, "Where it was measured")[0].startswith("Nothing was measured: these are published figures.")
    assert "profile" not in "".join(section(text, "How to reproduce")[1:])
    assert "Frontier: top-1 accuracy against MACs." in text
    assert read_record(text).setting is None


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


def test_a_report_by_a_ranking_says_linear_probe_and_never_fine_tuned():
    text = written(measured(), decide(measured(), LIMITS), source=RANKED)
    visible = text.split("<!--")[0]
    assert "(77.7 % by linear probe (train+val) on Solar cells (ELPV), 11.8 ms)" in text
    assert "a linear probe got right" in text and "features on the training and validation images" in text
    assert table_rows(text)[9][-2:] == ["not ranked on it", "fails accuracy floor and latency budget"]
    assert "Accuracies were measured here, each by a ranking:" in text
    assert not re.search(r"fine-tuned|top-1|imagenet", visible.replace("--min-top1", ""), re.IGNORECASE)
    assert "--accuracy elpv-1a2b3c4d-ranked-trainval" in text
    assert read_record(text).source == RANKED


def test_a_report_by_another_metric_says_so_in_its_first_line_and_tables_and_never_plain_accuracy():
    text = written(measured(), decide(measured(), LIMITS), source=BALANCED, svg_name="frontier.svg")
    assert text.splitlines()[2] == (
        "**Pick: `efficientnet_b0.ra_in1k @ 224` (77.7 % balanced accuracy on Solar cells (ELPV), 11.8 ms)**"
    )
    assert "- Rule: best balanced accuracy within the limits; cost is latency." in text
    assert "- Limits: balanced accuracy on Solar cells (ELPV) at least 75 %, latency at most 15 ms." in text
    assert "is the best by balanced accuracy of the 2 candidates" in text
    assert "2.7 points above the balanced accuracy floor of 75 %" in text
    assert "![Balanced accuracy against latency](frontier.svg)" in text
    assert "Frontier: balanced accuracy on Solar cells (ELPV) against latency." in text
    assert "| Model | Size | Balanced accuracy | Latency p50" in text
    assert "fails balanced accuracy floor" in text and "better by balanced accuracy" in text
    assert "Balanced accuracy was measured here, each by a run:" in text
    assert "- **Balanced accuracy**: mean over the classes of the share of their images that are found" in text
    assert "--accuracy elpv-1a2b3c4d-balanced-accuracy" in text
    visible = re.sub("```sh.*?```", "", text.split("<!--")[0], flags=re.DOTALL)
    assert not re.search(r"(?<!balanced )\baccura", visible, re.IGNORECASE)


def test_a_report_by_average_precision_names_the_class_that_it_is_of():
    text = written(measured(), decide(measured(), LIMITS), source=PRECISE)
    assert "(77.7 % average precision by linear probe (train+val) on Solar cells (ELPV), 11.8 ms)" in text
    assert "The class that matters is defective. Here it is that of a linear probe's answers to the 656" in text
    hostile_class = dataclasses.replace(PRECISE, positive_class=HOSTILE_NAMES[2])
    assert not re.search(r"(?<!\\)<", written(source=hostile_class).split("<!-- bakeoff-report")[0])


def test_a_folder_with_a_hostile_name_stays_text_in_the_report():
    source = dataclasses.replace(CELLS, name=HOSTILE_NAMES[2])
    visible, record = written(source=source).split("<!-- bakeoff-report")
    assert not re.search(r"(?<!\\)<", visible)
    assert record.count("-->") == 1
    assert read_record(written(source=source)).source == source


def test_further_sections_stand_before_the_commands_and_empty_ones_are_left_out():
    text = written(sections=[[], ["## Compared", "", "Full wins."]])
    assert "\n\n## Compared\n\nFull wins.\n\n## How to reproduce\n" in text
    assert written(sections=[[], []]) == written()


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
