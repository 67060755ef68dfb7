"""The heart of the Frontier page: the controls, the two answers, the chart, and the candidate that was clicked."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from bakeoff_core.reporting.figures.frontier import frontier_figure
from bakeoff_core.selection.candidates import MeasuredSetting
from pages.parts.common import cache, plotly_chart
from pages.parts.common.links import FLOOR, LATENCY, LATENCY_SLIDER
from pages.parts.common.session import last_question, remember_question
from pages.parts.frontier import (
    accuracy,
    answer_cards,
    candidate_details,
    controls,
    doubts,
    live_answers,
    live_route,
    pretraining_switch,
)

CHART_KEY = "frontier-chart"
CHARTED = "charted"
"""Session key of the criteria that the chart was drawn for; missing while it is yet to be drawn."""


def draw(shown: MeasuredSetting, comparison: MeasuredSetting | None) -> None:
    """Draw the sliders, the answers and the chart of one setting, with another's frontier for comparison."""
    table = cache.candidates_of(shown)
    if not table["latency_p50_s"].notna().any():
        st.info(
            "No model has been measured in this setting yet; the table below says what went wrong, if anything did."
        )
        return
    st.session_state.pop(CHARTED, None)  # in this run the chart comes after the controls, and will be right
    doubts.draw(shown)
    _draw_live(shown)
    _draw_chart(shown, comparison)


@st.fragment
def _draw_live(shown: MeasuredSetting) -> None:
    """All that depends on the limits, the marks on the chart included; reruns alone when a thumb comes to rest."""
    criteria = accuracy.current()
    everyone = cache.candidates_of(shown, criteria)
    counts = cache.pretraining_counts(shown, criteria)
    criteria = replace(criteria, pretraining_class=pretraining_switch.current(counts))
    question = controls.draw(everyone, criteria)  # matching recipes leaves the sliders as they are
    remember_question(question)
    if question.criteria != st.session_state.get(CHARTED, question.criteria):
        st.rerun()  # the chart and the table, which are outside, need another axis
    thumbs = {LATENCY: LATENCY_SLIDER, FLOOR: controls.floor_slider(criteria.source)}
    decision = live_answers.draw(shown, question, thumbs, path=live_route.path(), over=CHART_KEY)
    # Beside the reasons and above the axis they set, where the choices take no height of their own.
    reasons, matching, choice = st.columns([3.7, 4.7, 3.2] if criteria.pretraining_class else [4, 3, 3], gap="small")
    with choice:
        accuracy.draw_choice()
    with matching:
        pretraining_switch.draw_switch(counts)
    with reasons:
        answer_cards.draw_reasons(decision, live_answers.table_of(shown, question), criteria.source)


@st.fragment
def _draw_chart(shown: MeasuredSetting, comparison: MeasuredSetting | None) -> None:
    """The chart, which no limit changes, and the candidate that was clicked in it."""
    st.session_state[CHARTED] = criteria = last_question().criteria
    table = cache.candidates_of(shown, criteria)
    figure = frontier_figure(
        table,
        cost=criteria.cost,
        comparison=cache.candidates_of(comparison, criteria) if comparison else None,
        dark=plotly_chart.is_dark(),
        answers=True,
        selected=plotly_chart.clicked(CHART_KEY),
        hovers=cache.hovers(shown, criteria),
        source=criteria.source,
    )
    label = plotly_chart.draw(figure, key=CHART_KEY)
    if label:
        candidate_details.draw(label, table, criteria, on_close=lambda: plotly_chart.forget_click(CHART_KEY))
    else:
        st.caption("Hover over a point for its numbers, click it for all of them.")
    counts = cache.pretraining_counts(shown, criteria)
    pretraining_switch.draw_notice(counts, criteria.pretraining_class, criteria.source)
    accuracy.draw_notes(criteria, cache.candidates_of(shown, criteria.unrestricted))
