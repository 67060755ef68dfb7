"""The Fine-tune page: adapt the pick to one's own classes, watch it learn, and see what it is worth."""

import streamlit as st

from pages.parts.common import app_start, job_card
from pages.parts.finetune import comparison, form, history, job_cards, start

app_start.require_app()
st.markdown("## Fine-tune on your classes")
job_card.draw_active(job_cards.CARDS)
spec = form.draw()
if spec is not None:
    start.draw(spec)
comparison.draw()
history.draw()
