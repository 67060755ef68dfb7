"""The report's warnings: a line a kind, the worst of each, and all of them folded."""

from __future__ import annotations

from bakeoff_core.reporting.documents.warnings_section import warnings_section
from bakeoff_core.schema.profile import MeasurementWarning
from tests.support.bare_candidates import candidate, frame


def section(*warnings: tuple[MeasurementWarning, ...]) -> list[str]:
    rows = frame(*(candidate(f"m{at}", 70.0, 0.01) for at in range(len(warnings))))
    return [line for line in warnings_section(rows.assign(warnings=list(warnings))) if line]


def test_kinds_that_occur_once_are_told_in_full_and_nothing_is_folded() -> None:
    assert section((MeasurementWarning("load", 0.98),), ()) == [
        "## Warnings",
        "- `m0 @ 224`: Other programs kept 0.98 cores busy while this was measured. Close them and measure again.",
    ]
    assert section((), ()) == ["## Warnings", "No measurement carries a warning."]


def test_a_kind_is_one_line_with_the_worst_value_and_the_rest_is_folded() -> None:
    loads = [(MeasurementWarning("load", 0.5 + at / 10),) for at in range(7)]
    lines = section(*loads)
    assert lines[1] == (
        "- `m0 @ 224`, `m1 @ 224`, `m2 @ 224`, `m3 @ 224`, `m4 @ 224` and 2 more: at worst `m6 @ 224`: Other programs "
        "kept 1.1 cores busy while this was measured. Close them and measure again."
    )
    assert lines[2] == "<details><summary>All 7, one by one</summary>"
    assert len(lines) == 2 + 1 + 7 + 1


def test_the_worst_drift_is_the_farthest_from_none_and_the_worst_count_the_fewest() -> None:
    drifts = section((MeasurementWarning("drift", 1.2),), (MeasurementWarning("drift", 0.7),))
    assert "at worst `m1 @ 224`: The last third of the passes was 30 % faster" in drifts[1]
    few = section((MeasurementWarning("few_passes", 31.0),), (MeasurementWarning("few_passes", 4.0),))
    assert "at worst `m1 @ 224`: Only 4 passes were timed" in few[1]


def test_a_value_that_is_missing_is_never_the_worst() -> None:
    lines = section((MeasurementWarning("load"),), (MeasurementWarning("load", 0.3),))
    assert "at worst `m1 @ 224`" in lines[1]
