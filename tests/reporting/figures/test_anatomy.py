"""The figures of anatomies and speeds as data: lengths, order, names, lines; the look is tested in the browser."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from bakeoff_core.profiling.anatomy.records import LAYER_KINDS, QUANTITIES
from bakeoff_core.profiling.throughput import Speed, find_disagreements
from bakeoff_core.reporting.figures.anatomy import (
    LOOKS,
    kinds_figure,
    kinds_of,
    largest_stage,
    legend_html,
    stages_figure,
)
from bakeoff_core.reporting.figures.throughput import speed_figure
from bakeoff_core.schema.candidate import CandidateRef
from tests.support.anatomies import heavy_head, light_layers

HOSTILE = "<img src=x onerror=alert(1)>$x$"


def bars(figure: go.Figure) -> dict[str, list[float]]:
    return {bar.name: list(bar.x) for bar in figure.data}


def test_every_kind_looks_different_from_every_other() -> None:
    assert set(LOOKS) == set(LAYER_KINDS)
    assert len({colour for colour, _ in LOOKS.values()}) == len(LAYER_KINDS)


@pytest.mark.parametrize("dark", [False, True])
def test_each_quantity_is_a_bar_of_shares_that_add_up_to_all(dark: bool) -> None:
    figure = kinds_figure([heavy_head()], dark=dark)
    lengths = bars(figure)
    assert lengths["Fully connected"] == pytest.approx([90, 1, 1])
    assert [sum(values) for values in zip(*lengths.values(), strict=True)] == pytest.approx([100] * 3)
    assert list(figure.layout.yaxis.ticktext) == ["Parameters 100 k", "MACs 10.0 M", "Activations 100 k"]
    assert [text for bar in figure.data for text in bar.text if text].count("<b>90 %</b>") == 1


def test_two_models_stand_together_quantity_by_quantity() -> None:
    figure = kinds_figure([heavy_head(), light_layers()])
    assert [text.split()[:2] for text in figure.layout.yaxis.ticktext] == [
        [heading, letter] for heading in QUANTITIES.values() for letter in "AB"
    ]
    assert bars(figure)["Attention products"][2:4] == pytest.approx([0, 100 * 180_000 / 1_004_500])


def test_stages_run_from_the_input_down_to_the_head_and_add_up() -> None:
    figure = stages_figure(light_layers(), "macs")
    assert list(figure.layout.yaxis.ticktext) == ["Stem", "Stage 1", "Stage 2", "Head"]
    top, bottom = figure.layout.yaxis.range
    assert top > bottom  # the first stage on top
    assert sum(map(sum, bars(figure).values())) == pytest.approx(100)
    assert bars(figure)["Pointwise (1×1, per token)"] == pytest.approx([0, 100 * 700_000 / 1_004_500, 0, 0])


def test_numbers_carry_a_prefix_and_two_models_can_share_an_axis() -> None:
    most = max(largest_stage(a, "macs") for a in (heavy_head(), light_layers()))
    figure = stages_figure(light_layers(), "macs", absolute=True, most=most)
    assert figure.layout.xaxis.title.text == "MACs (M)"
    assert figure.layout.xaxis.range[1] == pytest.approx(4 * 1.03)
    assert bars(figure)["Pointwise (1×1, per token)"][1] == pytest.approx(0.7)


def test_a_quantity_that_is_nowhere_is_drawn_as_nothing() -> None:
    nothing = heavy_head()
    figure = stages_figure(type(nothing)(**{**vars(nothing), "parts": nothing.parts[:0]}), "macs", absolute=True)
    assert list(figure.data) == []


def test_the_legend_names_what_is_drawn_with_its_colour_and_meaning() -> None:
    text = legend_html(kinds_of([heavy_head(), light_layers()]))
    for kind in ("spatial", "depthwise", "pointwise", "fully_connected", "attention", "normalisation"):
        assert LAYER_KINDS[kind].title in text and LOOKS[kind][0] in text
    assert LAYER_KINDS["grouped"].title not in text


SPEEDS = [
    Speed(CandidateRef(HOSTILE, 224), 200_000_000, 0.010, 0.0098, 0.0102, 1),
    Speed(CandidateRef("net.tag", 224), 4_000_000_000, 0.040, 0.039, 0.041, 1),
    Speed(CandidateRef("other.tag", 224), 2_000_000_000, 0.021, 0.020, 0.022, 1),
]
NAMES = {speed.ref: speed.ref.model_name for speed in SPEEDS}


def test_pairs_are_joined_and_every_model_is_a_point_at_its_macs_and_time() -> None:
    figure = speed_figure(SPEEDS, find_disagreements(SPEEDS), NAMES, selected=[CandidateRef("net.tag", 224)])
    named = {trace.name: trace for trace in figure.data if trace.name}
    assert list(named["Slower than its MACs promise"].x) == pytest.approx([0.2])
    assert list(named["Slower than its MACs promise"].y) == pytest.approx([10])
    assert list(named["Disagreeing pair"].x) == pytest.approx([0.2, 4])
    assert list(named["Other models"].y) == pytest.approx([21])
    assert list(named["Taken apart"].x) == pytest.approx([4])


def test_along_a_line_macs_a_second_are_equal_and_it_says_how_many() -> None:
    figure = speed_figure(SPEEDS, [], NAMES)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert len(lines) == len(figure.layout.annotations) >= 3
    for line, label in zip(lines, figure.layout.annotations, strict=True):
        rates = [x / y * 1e12 for x, y in zip(line.x, line.y, strict=True)]  # G MACs over ms
        assert rates[0] == pytest.approx(rates[1])
        number, prefix = label.text.removesuffix("/s").split()
        assert float(number) * {"G": 1e9, "T": 1e12, "M": 1e6}[prefix] == pytest.approx(rates[0], rel=0.02)


def test_names_from_files_are_escaped() -> None:
    figure = speed_figure(SPEEDS, find_disagreements(SPEEDS), NAMES)
    assert "<img" not in figure.to_json()
    assert "<img" not in kinds_figure([heavy_head(model_name=HOSTILE)]).to_json()


def test_of_many_models_those_that_disagree_are_named() -> None:
    many = [Speed(CandidateRef(f"m{n}.x", 224), 10**9 + n * 10**7, 0.01 + n / 1e4, 0.0, 1.0, 1) for n in range(30)]
    figure = speed_figure(
        [*SPEEDS, *many], find_disagreements(SPEEDS), {s.ref: s.ref.model_name for s in [*SPEEDS, *many]}
    )
    named = {trace.name: [text for text in trace.text if text] for trace in figure.data if trace.text}
    assert named["Other models"] == []
    assert len(named["Slower than its MACs promise"]) == 1


def test_one_model_alone_can_be_drawn() -> None:
    assert len(speed_figure(SPEEDS[:1], [], NAMES).data) >= 1
