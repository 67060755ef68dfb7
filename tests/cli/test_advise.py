"""The command `advise`: the checklist in a terminal, as JSON, and as a section of a report that can be replayed."""

from __future__ import annotations

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import profiles_path
from tests.support.command_line import measured_here, run_json

HOSTILE = "<img src=x onerror=alert(1)>|`x`"
EDGE = ("advise", "--target", "edge", "--max-latency-ms", "15", "--labelled", "4000", "--domain", "other")


@pytest.fixture
def edge_box() -> None:
    """The textbook's edge box: EfficientNet-B0 at 9 ms, a large transformer far over."""
    rows = [
        measured_here("efficientnet_b0.ra_in1k", 0.009, param_count=5_288_548, macs=399_352_864),
        measured_here("mobilenetv3_large_100.ra_in1k", 0.0064, param_count=5_483_032, macs=225_436_416),
        measured_here("vit_base_patch16_224.augreg2_in21k_ft_in1k", 0.310, param_count=86_567_656, macs=17_582_740_224),
    ]
    profiling_store.write_profiles(profiles_path(), rows)


def test_edge_box_ends_at_efficientnet_b0_fully_fine_tuned(edge_box, capsys):
    code, found = run_json(capsys, *EDGE)
    assert code == 0
    assert found["pick"] == {"model_name": "efficientnet_b0.ra_in1k", "img_size": 224}
    assert found["recipe"]["name"] == "full"
    assert found["measured"] is True
    assert found["machine_name"] == this_machine().machine_name
    assert any("INT8" in step["what"] for step in found["next"])


def test_every_entry_of_the_json_has_figures_and_reasons_with_sources(edge_box, capsys):
    _, found = run_json(capsys, *EDGE)
    assert found["answers"] | {"target": "edge", "task": "classification", "labelled": 4000} == found["answers"]
    assert found["answers"]["max_latency_s"] == pytest.approx(0.015)
    for entry in found["shortlist"]:
        assert entry["reasons"] and any(reason["sources"] for reason in entry["reasons"])
        assert {"top1", "latency_p50_s", "param_count", "macs", "standing", "unknown"} <= set(entry)
    assert found["shortlist"][0]["latency_p50_s"] == pytest.approx(0.009)
    assert found["to_measure"] == [e["model_name"] for e in found["shortlist"] if e["latency_p50_s"] is None]


def test_text_names_the_model_the_recipe_and_the_sources_and_says_what_to_measure(edge_box, capsys):
    assert main([*EDGE]) == 0
    told = capsys.readouterr()
    assert "Start from efficientnet_b0" in told.out and "fully fine-tuned" in told.out
    assert "https://arxiv.org/abs/1905.11946" in told.out
    assert "python -m bakeoff_core profile" in told.err


def test_nothing_measured_gives_advice_from_published_figures_and_says_so(capsys):
    code, found = run_json(capsys, "advise", "--target", "server", "--min-top1", "80", "--max-gmacs", "5")
    assert (code, found["measured"], found["machine_name"]) == (0, False, None)
    assert found["shortlist"][0]["top1"] >= 80 and found["shortlist"][0]["macs"] <= 5e9
    assert any("Nothing was measured here yet" in reason["text"] for reason in found["reason"])


def test_limits_that_nothing_clears_exit_1_and_name_the_nearest(edge_box, capsys):
    code, found = run_json(capsys, "advise", "--target", "edge", "--max-latency-ms", "2", "--min-top1", "70")
    assert (code, found["pick"]) == (1, None)
    assert found["nearest"]["model_name"] == "mobilenetv3_large_100.ra_in1k"
    assert found["nearest"]["limit"] == "max_latency_s"


def test_generation_points_on_and_is_an_answer(capsys):
    code, found = run_json(capsys, "advise", "--task", "generation")
    assert (code, found["pick"], found["shortlist"]) == (0, None, [])
    assert any("diffusion" in addition["what"] for addition in found["additions"])


@pytest.mark.parametrize(
    "wrong",
    [
        ("--labelled", "0"),
        ("--labelled", "-" + "9" * 400),
        ("--min-top1", "101"),
        ("--max-latency-ms", "nan"),
        *(("--max-gmacs", text) for text in ("-1", "0", "nan", "inf", "1e300", "1e999")),
    ],
)
def test_numbers_out_of_range_are_wrong_usage(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["advise", "--target", "edge", *wrong])
    assert ended.value.code == 2
    assert f"argument {wrong[0]}: must be a" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nan", "inf", "1e300", "1e999"])
def test_a_compute_budget_that_is_none_is_wrong_usage_of_the_report_too(text, edge_box, tmp_path, capsys):
    path = tmp_path / "report.md"
    with pytest.raises(SystemExit) as ended:
        main(["report", "--max-gmacs", text, "--out", str(path)])
    assert ended.value.code == 2
    assert "argument --max-gmacs: must be a number of billions (10^9)" in capsys.readouterr().err
    assert not path.exists()


def test_a_tiny_limit_is_told_with_its_digits(edge_box, tmp_path, capsys):
    path = tmp_path / "report.md"
    assert main(["report", "--max-latency-ms", "1e-8", "--max-gmacs", "1e-9", "--out", str(path)]) == 0
    text = path.read_text()
    assert "0.00000001 ms" in text and "0.000000001 G MACs" in text and " 0 ms" not in text
    assert "pick --max-latency-ms 0.00000001 " in text


def test_a_machine_without_profiles_is_refused_in_words(capsys):
    assert main(["advise", "--target", "edge", "--machine", "nobody"]) == 1
    assert "no profiles of machine 'nobody'" in capsys.readouterr().err


def test_report_gains_the_checklist_where_a_question_is_answered_and_can_be_replayed(edge_box, tmp_path, capsys):
    path = tmp_path / "report.md"
    limits = ["--max-latency-ms", "15"]
    questions = ["--target", "edge", "--labelled", "4000", "--domain", "other"]
    assert main(["report", *limits, *questions, "--out", str(path)]) == 0
    text = path.read_text()
    assert "## The checklist" in text
    assert "### Start from `efficientnet_b0.ra_in1k` (77.7 % top-1, 9.00 ms" in text
    assert "Asked with other limits" not in text
    assert main(["replay", str(path)]) == 0
    assert "The same pick follows" in capsys.readouterr().out


def test_report_without_questions_has_no_checklist(edge_box, tmp_path):
    path = tmp_path / "report.md"
    assert main(["report", "--max-latency-ms", "15", "--out", str(path)]) == 0
    assert "checklist" not in path.read_text()


def test_hostile_names_stay_text_in_the_reports_section(tmp_path, capsys):
    rows = [measured_here(HOSTILE, 0.001), measured_here("efficientnet_b0.ra_in1k", 0.009)]
    profiling_store.write_profiles(profiles_path(), rows)
    (profiles_path().parent / "accuracy.csv").write_text(f'model_name,img_size,top1\n"{HOSTILE}",224,99\n')
    path = tmp_path / "report.md"
    assert main(["report", "--target", "edge", "--max-latency-ms", "15", "--out", str(path)]) == 0
    section = path.read_text().partition("## The checklist")[2]
    assert "<img" not in section.replace("`<img", "") and "alert" in section
    assert main(["replay", str(path)]) == 0
    capsys.readouterr()
