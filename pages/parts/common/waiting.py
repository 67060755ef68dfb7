"""What a job that measures waits for, and the button that ends the wait."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.manager import go_on
from bakeoff_core.jobs.records import Job
from bakeoff_core.reporting.text.measuring import ON_BATTERY, waiting_sentence
from pages.parts.common import actions


def draw(job: Job) -> None:
    """Say what the job waits for, with a button that ends the wait; and that the machine runs on battery."""
    if job.status.get("on_battery"):
        st.caption(ON_BATTERY)
    sentence = waiting_sentence(job.status, markdown_text)
    if sentence is None:
        return
    text, button = st.columns([4, 1.4], vertical_alignment="center")
    text.markdown(f":material/hourglass_empty: {sentence}")
    if button.button("Measure anyway", key=f"go-on-{job.job_id}", width="stretch"):
        actions.attempt_and_redraw(lambda: go_on(job.job_id))
