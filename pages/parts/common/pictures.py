"""Images of a data set as small pictures with a line of text each."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from bakeoff_core.datasets.images import thumbnail
from bakeoff_core.errors import ImageFileError
from bakeoff_core.formatting import html_text

SIDE_PX = 112


@dataclass(frozen=True)
class Picture:
    """One picture to show."""

    path: Path
    caption: str
    """Plain text below it."""
    is_wrong: bool | None = None
    """Whether the answer it stands for is wrong; `None` where it stands for none."""
    value_ranges: Mapping[str, Sequence[float]] = field(default_factory=dict, hash=False)
    """What is black and white in the data set's images of more than 8 bits."""


def draw(pictures: Sequence[Picture]) -> None:
    """Draw pictures in rows; one that can't be opened says so in its place."""
    st.html(f'{_STYLE}<div class="pictures">{"".join(_figure(picture) for picture in pictures)}</div>')


def source_of(picture: Picture) -> str | None:
    """Return a picture as the address of a small image; `None` where it can't be opened any more."""
    encoded = _encoded(str(picture.path), dict(picture.value_ranges))
    return f"data:image/jpeg;base64,{encoded}" if encoded else None


def _figure(picture: Picture) -> str:
    mark = {None: "", True: '<span class="wrong">✗</span> ', False: '<span class="right">✓</span> '}[picture.is_wrong]
    caption = html_text(picture.caption)
    source = source_of(picture)
    image = f'<img src="{source}" alt="{caption}">' if source else '<div class="missing">can’t be opened</div>'
    return f"<figure>{image}<figcaption>{mark}{caption}</figcaption></figure>"


@st.cache_data(max_entries=400, show_spinner=False)
def _encoded(path: str, value_ranges: Mapping[str, Sequence[float]]) -> str | None:
    """A file's thumbnail in base64; `None` where it can't be opened any more."""
    try:
        return base64.b64encode(thumbnail(Path(path), SIDE_PX, value_ranges)).decode()
    except (ImageFileError, OSError):
        return None


_STYLE = f"""<style>
.pictures {{display: flex; flex-wrap: wrap; gap: .5rem}}
.pictures figure {{width: {SIDE_PX}px; margin: 0}}
.pictures img, .pictures .missing {{width: {SIDE_PX}px; height: {SIDE_PX}px; object-fit: cover; border-radius: .35rem;
  display: block}}
.pictures .missing {{border: 1px dashed rgba(128,138,148,.7); font-size: .75rem; padding: .4rem}}
.pictures figcaption {{font-size: .75rem; line-height: 1.25; overflow-wrap: anywhere; max-height: 3.8em;
  overflow: hidden}}
.pictures .wrong {{color: #D55E00; font-weight: 700}}
.pictures .right {{color: #009E73; font-weight: 700}}
</style>"""
