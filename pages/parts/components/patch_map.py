"""An image in patches: click one, and a heat map shows what the backbone finds alike.

A `st.components.v2` component; everything it needs is sent once, so clicks are answered in the browser. Not covered:
the features (`bakeoff_core.features.patches.store`).
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from bakeoff_core.features.patches.store import Looked, PatchMap, similarities

_HERE = Path(__file__)
_component = st.components.v2.component(
    "bakeoff.patch_map",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def draw(looked: Looked, patches: PatchMap, name: str, key: str) -> None:
    """Draw the image and the heat map of the patch that is chosen there, the middle one at first.

    Args:
        looked: The image as the backbone got it.
        patches: One of its maps.
        name: Identifies image and map: with another one the choice begins anew.
        key: Unique name in the app.
    """
    rows, columns = patches.grid
    alike = np.rint((similarities(patches) + 1) * 127.5).astype(np.uint8)
    _component(
        key=key,
        data={
            "map": name,
            "image": f"data:image/png;base64,{_png(looked.crop)}",
            "rows": rows,
            "columns": columns,
            "alike": base64.b64encode(alike.tobytes()).decode(),
        },
    )


def _png(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
