"""Keep answers that stand on the page to the sliders while these are dragged, beside Streamlit.

A small `st.components.v2` component without a look; its browser half is `live_answers.js`. Not covered: the sliders
(`components.live_slider`), the marks (`components.limit_marks`), and what is answered (`frontier.live_answers`).
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "bakeoff.live_answers",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def draw(path: str, token: str, limits: str, thumbs: dict[str, list], *, over: str) -> None:
    """Have the page's sliders answered from `path` during a drag.

    The element of the class `answers` is filled with what comes as `html` as long as its `data-asked` begins with the
    token; `marks` go to the `limit_marks` over the chart.

    Args:
        path: Where to ask, on this server.
        token: Which question to ask.
        limits: Where the thumbs are, in any text that differs where they do.
        thumbs: For each parameter of the address the key and the value of the slider that sets it.
        over: The `key` of the chart.
    """
    _component(
        key=f"{over}-live",
        data={"path": path, "asked": token, "limits": limits, "thumbs": thumbs, "chart": over},
    )
