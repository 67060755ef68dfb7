"""The heart of the Frontier page: the controls, the two answers, the chart, and the candidate that was clicked."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from bakeoff_core.reporting.figures.frontier import frontier_figure
from bakeoff_core.reporting.figures.frontier_layout import build_marks
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.decision import decide
from pages.parts.common import cache, plotly_chart
from pages.parts.common.session import Asked, asked_before, remember
from pages.parts.components import limit_marks
from pages.parts.frontier import accuracy, answers, candidate_details, controls, pretraining_switch

CHART_KEY = "frontier-chart"
CHARTED = "charted"
"""Session key of the axes that the chart was drawn for; missing while it is yet to be drawn."""


def draw(shown: MeasuredSetting, comparison: MeasuredSetting | None) -> None:
    """Draw the sliders, the answers and the chart of one setting, with another's frontier for comparison."""
    table = cache.candidates_of(shown.setting, "latency")
    if not table["latency_p50_s"].notna().any():
        st.info(
            "No model has been measured in this setting yet; the table below says what went wrong, if anything did."
        )
        return
    st.session_state.pop(CHARTED, None)  # in this run the chart comes after the controls, and will be right
    _live(shown)
    _chart(shown, comparison)


@st.fragment
def _live(shown: MeasuredSetting) -> None:
    """All that follows the thumb, the marks on the chart included; reruns alone while a slider is dragged."""
    by = accuracy.current()
    everyone = cache.candidates_of(shown.setting, "latency", by.source, by.chosen)
    counts = cache.pretraining_counts(shown.setting, by.source, by.chosen)
    pretraining_class = pretraining_switch.current(counts)
    table = (
        cache.candidates_of(shown.setting, "latency", by.source, by.chosen, pretraining_class)
        if pretraining_class
        else everyone
    )
    # Matching recipes leaves the sliders as they are.
    asked = replace(controls.draw(everyone, by), pretraining_class=pretraining_class)
    remember(asked)
    if _axes(asked) != st.session_state.get(CHARTED, _axes(asked)):
        st.rerun()  # the chart and the table, which are outside, need another axis
    decision = decide(table, asked.limits, rule=asked.rule, cost=asked.cost)
    with st.container(gap=None):  # the marks have no place of their own here
        answers.draw(decision, table, by.source)
        limit_marks.draw(build_marks(table, decision, cost=asked.cost), over=CHART_KEY)
    # Beside the reasons and above the axis they set, where the choices take no height of their own.
    reasons, matching, choice = st.columns([3.7, 4.7, 3.2] if pretraining_class else [4, 3, 3], gap="small")
    with choice:
        accuracy.draw_choice()
    with matching:
        pretraining_switch.draw_switch(counts)
    with reasons:
        answers.draw_reasons(decision, table, by.source)


def _axes(asked: Asked) -> tuple[object, ...]:
    return asked.cost, asked.source, asked.chosen, asked.pretraining_class


@st.fragment
def _chart(shown: MeasuredSetting, comparison: MeasuredSetting | None) -> None:
    """The chart, which no limit changes, and the candidate that was clicked in it."""
    asked = asked_before()
    st.session_state[CHARTED] = cost, source, chosen, pretraining_class = _axes(asked)
    table = cache.candidates_of(shown.setting, cost, source, chosen, pretraining_class)
    figure = frontier_figure(
        table,
        cost=cost,
        comparison=cache.candidates_of(comparison.setting, cost, source, chosen, pretraining_class)
        if comparison
        else None,
        dark=plotly_chart.is_dark(),
        answers=True,
        selected=plotly_chart.clicked(CHART_KEY),
        hovers=cache.hovers(shown.setting, cost, source, chosen, pretraining_class),
        source=source,
    )
    label = plotly_chart.draw(figure, key=CHART_KEY)
    if label:
        candidate_details.draw(label, table, cost, source, on_close=lambda: plotly_chart.forget_click(CHART_KEY))
    else:
        st.caption("Hover over a point for its numbers, click it for all of them.")
    pretraining_switch.draw_notice(cache.pretraining_counts(shown.setting, source, chosen), pretraining_class, source)
    accuracy.draw_notes(accuracy.Shown(source, chosen), cache.candidates_of(shown.setting, cost, source, chosen))
