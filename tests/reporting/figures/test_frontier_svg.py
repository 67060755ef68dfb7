"""The report's picture: well-formed, the same bytes for the same input, and nothing in it that acts."""

from __future__ import annotations

import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree

import pytest

from bakeoff_core.reporting.figures.frontier_svg import frontier_svg
from tests.support.candidate_tables import (
    HOSTILE_NAMES,
    candidate,
    decided,
    hostile,
    hostile_decision,
    measured,
    published,
    table,
    undecided,
)

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_picture_names_the_frontier_the_answers_and_the_axes():
    shown = texts(frontier_svg(measured(), decided()))
    for text in (
        "efficientnet_b0",
        "resnet50 @ 224",
        "Pick: most accurate within the limits",
        "Other answer: cheapest sufficient",
        "Frontier",
        "Dominated",
        "over 15 ms",
        "under 75 %",
        "ImageNet top-1 (%)",
        "Latency: median of one pass (ms), log scale",
    ):
        assert text in shown


def test_the_same_input_gives_the_same_bytes():
    first, second = (frontier_svg(measured(), decided()) for _ in range(2))
    assert first == second


def test_another_process_gives_the_same_bytes():
    code = (
        "import sys; from tests.support.candidate_tables import measured, decided; "
        "from bakeoff_core.reporting.figures.frontier_svg import frontier_svg; "
        "sys.stdout.write(frontier_svg(measured(), decided()))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout == frontier_svg(measured(), decided())


def test_the_picture_tells_no_date_and_refers_to_nothing_outside():
    svg = frontier_svg(measured(), decided())
    assert "<dc:date>" not in svg
    assert "<script" not in svg and "<image" not in svg and "<foreignObject" not in svg
    for element in ElementTree.fromstring(svg).iter():
        link = element.get("{http://www.w3.org/1999/xlink}href")
        assert link is None or link.startswith("#")


def test_foreign_names_are_text_dollars_included():
    svg = frontier_svg(hostile(), hostile_decision())
    shown = texts(svg)
    for name in HOSTILE_NAMES:
        assert " ".join(name.split()) in shown
    assert "<script" not in svg and "<img" not in svg


def test_control_characters_leave_the_document_well_formed():
    frame = table([candidate("a\x00b\x1b[31m.x", top1=70.0), candidate("c\x0bd", top1=80.0, latency_ms=20.0)])
    assert "ab[31m" in texts(frontier_svg(frame, None))


@pytest.mark.parametrize("cost", ["macs", "params", "memory"])
def test_every_cost_can_be_the_axis(cost):
    assert frontier_svg(measured(cost), None, cost=cost) != frontier_svg(measured(), None)


def test_a_table_that_was_never_measured_can_be_drawn():
    assert "efficientnet_b0" in texts(frontier_svg(published(), None, cost="macs"))


def test_nothing_to_draw_is_said():
    assert "Nothing to draw yet:" in texts(frontier_svg(measured().iloc[9:], undecided()))


def test_limits_far_outside_the_picture_draw_without_complaint():
    from bakeoff_core.schema.decision import Limits

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for limits in (Limits(min_top1=1, max_latency_s=1e-6), Limits(min_top1=99.9, max_latency_s=1e6)):
            assert "efficientnet_b0" in texts(frontier_svg(measured(), decided(limits=limits)))


def test_importing_the_module_does_not_load_matplotlib():
    code = "import sys; import bakeoff_core.reporting.figures.frontier_svg; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
