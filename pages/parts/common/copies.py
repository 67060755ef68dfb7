"""Images that are copies of others, side by side."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from bakeoff_core.datasets.copies import MOST_PAIRS
from bakeoff_core.datasets.records import Copies
from bakeoff_core.formatting import counted
from bakeoff_core.reporting.text.copies import pair_caption
from pages.parts.common import pictures


def draw(copies: Copies) -> None:
    """Draw the pairs that are named, folded up; nothing where there are none."""
    if not copies.pairs:
        return
    label = f"{counted(len(copies.pairs), 'pair')} of copies" + (
        ", the first" if len(copies.pairs) == MOST_PAIRS else ""
    )
    with st.expander(label, icon=":material/content_copy:"):
        found = []
        for pair in copies.pairs:
            captions = pair_caption(pair)
            found += [
                pictures.Picture(Path(copies.root) / name, caption)
                for name, caption in zip((pair.image, pair.of), captions, strict=True)
            ]
        pictures.draw(found)
