"""The way to the Frontier page with limits that were given elsewhere: the link, and the sliders that stand there.

Not covered: the parameters themselves (`common.links`).
"""

from __future__ import annotations

import streamlit as st

from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.decision import Limits
from pages.parts.common import links
from pages.parts.components.live_slider import move_live_slider

NO_LIMIT_MS = 1e9
"""Beyond the end of any latency slider, which stops at its end."""


def to_limits(limits: Limits, rule: str | None, source: AccuracySource = IMAGENET) -> dict[str, str]:
    """Have the Frontier page go by these limits alone, and return the parameters of the link that says so.

    Call it when the link is followed: it moves sliders, and what the session kept of other limits is forgotten.

    Args:
        limits: The limits.
        rule: One of `schema.decision.RULES`; `None` for the default.
        source: What the accuracies are of.
    """
    parameters = links.to_limits(limits, rule)
    move_live_slider(links.LATENCY_SLIDER, float(parameters.get(links.LATENCY, NO_LIMIT_MS)))
    floor_slider = links.FLOOR_SLIDER if source.is_imagenet else f"{links.FLOOR_SLIDER}-{source.key}"
    move_live_slider(floor_slider, float(parameters[links.FLOOR]))
    if not source.is_imagenet:
        st.session_state[links.session_key(links.ACCURACY)] = parameters[links.ACCURACY] = source.key
        st.session_state[links.floor_key(source)] = parameters[links.FLOOR]
    return parameters
