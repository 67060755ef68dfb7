"""What the Frontier page shows on a machine that was never measured: what is published, and one button."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.formatting import duration
from bakeoff_core.profiling import request as profiling_request
from bakeoff_core.reporting.figures.frontier import frontier_figure
from pages.parts.common import cache, measuring, plotly_chart, search_form

SHORTLIST = "default"


def draw(*, can_start: bool) -> None:
    """Draw the published figures of the default shortlist and the button that measures it.

    Args:
        can_start: Whether nothing is measuring yet.
    """
    st.html(
        '<div style="font-size:0.9rem">Pick: <strong id="pick">none</strong>, '
        "since a latency has to be measured where the model will run.</div>"
    )
    spec = profiling_request.make_spec(SHORTLISTS[SHORTLIST].models)
    if can_start:
        estimate = profiling_request.estimate(spec, cache.accuracies(), cache.profiles())
        text, button = st.columns([3, 1], vertical_alignment="center")
        text.markdown(
            f"This machine has not been measured. Measuring the {len(spec.models)} models of the default shortlist "
            f"takes about **{duration(estimate.seconds)}** and needs no network. Points appear as models finish."
        )
        with button:
            if st.button("Measure this machine", type="primary", width="stretch", icon=":material/timer:"):
                measuring.start(spec)
            search_form.draw_button()
        search_form.draw(busy=False)
    else:
        st.caption("This machine is at work, as the sidebar says; it can be measured once that is done or stopped.")
    table = cache.published(SHORTLIST, "macs")
    st.markdown(
        "**Until then: published accuracy against computation.** Computation is a poor guide to speed, which is "
        "why this app measures."
    )
    plotly_chart.draw(frontier_figure(table, cost="macs", dark=plotly_chart.is_dark()), key="published")
