"""MACs against measured time in the setting shown, and the pairs of models on which the two disagree."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from bakeoff_core.formatting import count, markdown_code, markdown_text, significant
from bakeoff_core.profiling.anatomy.request import Wanted
from bakeoff_core.profiling.throughput import Speed, find_disagreements, measured_speeds
from bakeoff_core.reporting.figures.throughput import speed_figure
from bakeoff_core.reporting.text.anatomy import explain_disagreement
from bakeoff_core.reporting.text.names import short_names
from bakeoff_core.schema.candidate import CandidateRef
from pages.parts.common import cache, plotly_chart, sidebar
from pages.parts.common.links import ANATOMY, ANATOMY_OTHER
from pages.parts.explore import anatomy_job


def speeds_shown() -> tuple[pd.DataFrame | None, list[Speed]]:
    """Return the candidates of the setting shown, `None` where nothing is measured, and the speeds of the measured."""
    shown = sidebar.shown()
    table = cache.candidates_of(shown) if shown else None
    return table, [] if table is None else measured_speeds(table)


def disagreeing(measured: Sequence[Speed]) -> list[CandidateRef]:
    """Return the models on which MACs and time disagree most, pair by pair."""
    return [speed.ref for pair in find_disagreements(measured) for speed in (pair.fewer, pair.more)]


def draw() -> None:
    """Draw MACs against time in the setting shown, and explain the pairs that disagree."""
    st.caption(
        "Along a grey line every model gets through its MACs equally fast. If MACs decided time, all models would lie "
        "on one such line."
    )
    table, measured = speeds_shown()
    if not measured:
        st.info(
            "Once models are measured here, their MACs are drawn against their times, and the pairs that disagree are "
            "named."
        )
        return
    anatomy_job.get_or_start((), [Wanted(ref.model_name, ref.img_size) for ref in disagreeing(measured)])
    _draw_speeds(table, measured)


def _draw_speeds(candidates: pd.DataFrame, measured: Sequence[Speed]) -> None:
    names = short_names(candidates[candidates["error"].isna()])
    ranked = sorted(measured, key=lambda speed: speed.macs_per_second)
    if len(ranked) > 1:
        slowest, fastest = ranked[0], ranked[-1]
        st.markdown(
            f"In the setting shown at the side, {markdown_text(sidebar.shown().machine_name)} gets through "
            f"{count(slowest.macs_per_second, 'MACs')} a second of {markdown_code(names[slowest.ref])} and "
            f"{count(fastest.macs_per_second)} of {markdown_code(names[fastest.ref])}: "
            f"{significant(fastest.macs_per_second / slowest.macs_per_second, 2)} times as many."
        )
    pairs = find_disagreements(measured)
    taken_apart = {st.session_state.get(ANATOMY), st.session_state.get(ANATOMY_OTHER)}
    chosen = [speed.ref for speed in measured if speed.ref.model_name in taken_apart]
    figure = speed_figure(measured, pairs, names, selected=chosen, dark=plotly_chart.is_dark())
    plotly_chart.draw_static(figure, key="speeds")
    if not pairs:
        st.caption("No two of these models disagree about MACs and time by more than the noise.")
        return
    st.markdown("**Where MACs and time disagree most**")
    for pair in pairs:
        anatomies = [cache.anatomy(s.ref.model_name, s.ref.img_size) for s in (pair.fewer, pair.more)]
        fact, *reasons = explain_disagreement(pair, *anatomies, lambda ref: markdown_code(names[ref]))
        st.markdown("\n".join([f"- {fact}", *(f"    - {reason}" for reason in reasons)]))
