"""The record of a comparison: there and back, and what follows from it."""

import json

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.comparison.records import (
    FULL,
    PROBE,
    SCRATCH,
    ComparedRun,
    LabelsPoint,
    from_json,
    to_json,
)
from tests.support.comparisons import make_comparison, make_curve

CURVES = {PROBE: make_curve(70, 75), FULL: make_curve(60, 80), SCRATCH: make_curve(50, 60)}
FAILED = ComparedRun(PROBE, "20260101-120000-finetune-abcdef-1", "failed", "It needs a linear head.")
POINTS = [LabelsPoint(400, 55.0, 50.0, 60.0), LabelsPoint(1600, 80.0, 75.0, 85.0)]


@pytest.mark.parametrize(
    "comparison",
    [
        make_comparison(curves=CURVES, labels=POINTS),
        make_comparison(probe=None, failed=[FAILED]),
        make_comparison(probe=100, full=90, scratch=95, grey_share=1.0, pretrained_size=None),
    ],
    ids=["whole", "without its probe", "no help"],
)
def test_a_comparison_survives_being_written_and_read(comparison) -> None:
    assert from_json(json.loads(json.dumps(to_json(comparison)))) == comparison


def test_another_version_is_refused_by_name() -> None:
    with pytest.raises(BakeoffError, match="has the format 2; this version of the product reads 1"):
        from_json({**to_json(make_comparison()), "format": 2})


@pytest.mark.parametrize("change", [{"gaps": [{"run": "full"}]}, {"conditions": None}, {"parts": 7}])
def test_a_damaged_record_is_refused_in_words(change: dict) -> None:
    with pytest.raises(BakeoffError, match="damaged; compare again"):
        from_json({**to_json(make_comparison()), **change})
    with pytest.raises(BakeoffError, match="damaged"):
        from_json({"format": 1})


def test_only_the_settings_that_differ_are_named() -> None:
    assert make_comparison().differences() == {
        "learning_rate": {PROBE: 0.1, FULL: 0.002, SCRATCH: 0.002},
        "augmentation": {PROBE: "none", FULL: "light", SCRATCH: "light"},
    }


def test_a_run_without_a_result_is_no_part_to_ask_for() -> None:
    found = make_comparison(probe=None, failed=[FAILED])
    assert found.part(PROBE) is None and found.part(FULL).test_accuracy == 90
    assert [part.recipe for part in found.parts] == [FULL, SCRATCH, PROBE]


def test_a_comparison_of_before_there_were_other_metrics_is_read() -> None:
    content = json.loads(json.dumps(to_json(make_comparison(curves=CURVES))))
    del content["metric"]
    for part in content["parts"]:
        for name in ("val_scores", "steps", "stopped_early"):
            del part[name]
    found = from_json(content)
    assert found.metric == "accuracy" and found.part(FULL).val_accuracy == 80
