"""Doubt where the decision is taken: how many measurements are doubtful, by what, and one button that repeats them."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.profiling.request import repeating
from bakeoff_core.reporting.text.doubts import doubts_sentence
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.doubts import find_doubts
from bakeoff_core.system import locks
from pages.parts.common import cache, measuring


def draw(shown: MeasuredSetting) -> None:
    """Draw the line above the answers; nothing where no measurement of the setting is doubtful."""
    doubts = find_doubts(cache.candidates_of(shown))
    sentence = doubts_sentence(doubts)
    if sentence is None:
        return
    spec = None
    if shown.is_this_machine:
        spec = repeating(doubts.rows, shown.setting, shown.deployment, cache.timm_models())
    text, button = st.columns([4.2, 1.8], vertical_alignment="center") if spec else (st.container(), None)
    text.caption(f":material/warning: {sentence}")
    if button is not None and button.button(
        "Measure these again",
        key="measure-doubtful",
        width="stretch",
        icon=":material/timer:",
        disabled=bool(locks.machine_holder()),
        help="In the same setting, when nothing else has the machine.",
    ):
        measuring.start(spec)
