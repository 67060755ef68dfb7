"""Small pictures of which the user chooses one, by a click or with the arrow keys.

A `st.components.v2` component, since Streamlit's own images can't be clicked. Not covered: pictures only to be looked
at (`common.pictures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.common.pictures import Picture, source_of

_HERE = Path(__file__)
_component = st.components.v2.component(
    "bakeoff.picture_picker",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def pick(label: str, pictures: Mapping[int, Picture], slot: str, key: str) -> int | None:
    """Draw the pictures and return the number of the one chosen last, which need not be among these.

    Args:
        label: The accessible name of them all.
        pictures: By their numbers.
        slot: Where in the session the choice is kept; several sets of pictures may share one.
        key: Unique name of this set in the app.

    Returns:
        `None` until one was chosen.
    """

    def keep() -> None:
        number = _reported(st.session_state.get(key), pictures)
        if number is not None:
            st.session_state[slot] = number

    chosen = st.session_state.get(slot)
    _component(
        key=key,
        data={
            "label": label,
            "chosen": chosen,
            "pictures": [
                {"id": at, "source": source_of(one), "caption": one.caption, "isWrong": one.is_wrong}
                for at, one in pictures.items()
            ],
        },
        on_chosen_change=keep,
    )
    return chosen


def _reported(state: Any, pictures: Mapping[int, Picture]) -> int | None:
    """Read the component's state; `None` unless it is one of the numbers."""
    number = state.get("chosen") if isinstance(state, Mapping) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or number not in pictures:
        return None
    return int(number)
