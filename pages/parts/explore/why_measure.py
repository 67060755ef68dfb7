"""Why measure here: how much of a machine's frontier anybody else's figures would have found."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.figures.landscape import proxy_figure
from bakeoff_core.reporting.text.landscape import explain_proxy
from bakeoff_core.selection.proxies import MIN_MODELS, Judgement, judge_proxies
from pages.parts.common import plotly_chart
from pages.parts.explore.origins import Origin


def draw(origins: Sequence[Origin]) -> None:
    """Judge MACs, parameters and the other machines as stand-ins for one machine.

    Args:
        origins: Those whose speeds are of inference, this machine first where it is measured.
    """
    st.caption(
        "Papers give multiply-accumulates (MACs) and parameters, others publish the speed of their machines. Whoever "
        "chooses by those is offered another frontier: this is how much of a machine's own is on it.",
        help="A model is on the frontier if no other is both more accurate and faster. Of an architecture at one size "
        "the most accurate weights count; all its weights are equally fast.",
    )
    if not origins:
        st.info("Once this machine is measured, or a published one imported, it is seen here what stands in for it.")
        return
    _draw({origin.label: origin for origin in origins})


@st.fragment
def _draw(by_label: dict[str, Origin]) -> None:
    if st.session_state.get("why_origin") not in by_label:
        st.session_state.pop("why_origin", None)
    label = st.selectbox(
        "Whose frontier",
        list(by_label),
        key="why_origin",
        format_func=lambda label: by_label[label].name,
        persist_state="session",
    )
    subject = by_label[label]
    judged = judge_proxies(
        subject.points,
        {other.name: other.points for other in by_label.values() if other is not subject and other.machine},
    )
    if not judged:
        st.info("No model has a speed, an accuracy and a stand-in here yet.")
        return
    name = "this machine" if subject.measured and subject.measured.is_this_machine else markdown_text(subject.name)
    _warn_of_few(judged, name)
    figure = proxy_figure(judged, dark=plotly_chart.is_dark())
    figure.update_layout(height=90 + 38 * len(judged))
    plotly_chart.draw_static(figure, key="proxies")
    st.markdown("\n".join(f"- {explain_proxy(judgement, name, markdown_text)}" for judgement in judged))
    if not any(other.machine for other in by_label.values() if other is not subject):
        st.caption("Import a published machine to see how far it stands for this one.")


def _warn_of_few(judged: Sequence[Judgement], name: str) -> None:
    most = max(judgement.models for judgement in judged)
    if most < MIN_MODELS:
        st.warning(
            f"Only {most} {'models are' if most != 1 else 'model is'} known on {name}, too few for these shares to "
            f"mean much: with {MIN_MODELS} or more they begin to. Measure more models.",
            icon=":material/warning:",
        )
