"""MACs against measured time in the setting shown, and the pairs of models on which the two disagree."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from bakeoff_core.formatting import count, markdown_code, markdown_text, significant
from bakeoff_core.profiling.throughput import Disagreement, Speed
from bakeoff_core.reporting.figures.throughput import speed_figure
from bakeoff_core.reporting.text.anatomy import explain_disagreement
from bakeoff_core.reporting.text.names import short_names
from bakeoff_core.schema.candidate import CandidateRef
from pages.parts.common import cache, plotly_chart


def draw(
    candidates: pd.DataFrame,
    measured: Sequence[Speed],
    pairs: Sequence[Disagreement],
    chosen: Sequence[CandidateRef],
    machine_name: str,
) -> None:
    """Draw the chart and explain the pairs.

    Args:
        candidates: Of the setting shown.
        measured: Those of them whose speed is known.
        pairs: Those of them that disagree.
        chosen: The models shown above, to ring.
        machine_name: Where they were measured.
    """
    st.markdown(
        "### MACs against measured time",
        help="Along a grey line every model gets through its MACs equally fast. If MACs decided time, all models would "
        "lie on one such line.",
    )
    names = short_names(candidates[candidates["error"].isna()])
    ranked = sorted(measured, key=lambda speed: speed.macs_per_second)
    if len(ranked) > 1:
        slowest, fastest = ranked[0], ranked[-1]
        st.markdown(
            f"In the setting shown at the side, {markdown_text(machine_name)} gets through "
            f"{count(slowest.macs_per_second, 'MACs')} a second of {markdown_code(names[slowest.ref])} and "
            f"{count(fastest.macs_per_second)} of {markdown_code(names[fastest.ref])}: "
            f"{significant(fastest.macs_per_second / slowest.macs_per_second, 2)} times as many."
        )
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
