"""The Rank page: which backbone's frozen features tell one's own classes apart best."""

import streamlit as st

from pages.parts.common import app_start, job_card
from pages.parts.rank import form, history
from pages.parts.rank.job_card import CARD

app_start.require_app()
st.markdown("## Rank backbones on your own images")
st.caption(
    "ImageNet accuracy is a proxy. Here each backbone stays as it is, and a small classifier learns your classes from "
    "what it sees (its features): minutes for all of them, where fine-tuning takes hours."
)
job_card.draw_active([CARD])
form.draw()
history.draw()
