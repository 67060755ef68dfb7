"""From an image file to upright RGB pixels of 8 bits: one way, for training, ranking, pictures and exported models.

This file is copied beside every exported model, so that whoever uses one sees images as its training did: it needs
Pillow and NumPy alone, and `pillow-heif` for HEIC. Not covered: limits and words for files of unknown origin.

- The orientation in EXIF or XMP is followed; whatever else is wrong there changes nothing.
- Transparency is laid over white.
- Pixels of more than 8 bits are scaled from a range that is the same for all images of a data set (see `open_rgb`).
- Of several frames or pages the first is taken.
"""

from __future__ import annotations

import contextlib
import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
"""What is opened at all, whatever a file's name ends in; Pillow knows dozens more, which a photograph never needs and
an attacker might."""

TYPE_RANGES = {"I;16": (0.0, 65535.0)}
"""What is black and white where nothing is known of the data set, and a type says it."""

CONVENTIONS = (
    (1 / 16, 1.0),
    (64.0, 255.0),
    (255.0, 1023.0),
    (1023.0, 4095.0),
    (4095.0, 16383.0),
    (16383.0, 65535.0),
)
"""Where the largest value is above the first number and not above the second, the second stands for white by
convention: 1 in fractions, else the largest of 8, 10, 12, 14 and 16 bits."""

BLOCK_VALUES = 4_000_000
"""Values scaled at a time."""

_TRAINING = Path(__file__).resolve().with_name("config.json")
"""Beside an exported model's copy of this file: says, among other things, what was black and white in its training."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
"""TIFF's tag, and the value by which 0 is white; Pillow turns it round for 8 bits only."""


def open_rgb(path: str | Path, value_ranges: Mapping[str, Sequence[float]] | None = None) -> Image.Image:
    """Return a file's image as the model was trained to see it: upright, in RGB, with 8 bits a channel.

    Args:
        path: The file.
        value_ranges: Which values are black and white in pixels of more than 8 bits, by `pixel_kind`. `None` takes
            those of the training, which stand in `config.json` beside this file. A kind that is not among them is
            scaled by its type (16 bits), or by what its values use (`value_range`).
    """
    if value_ranges is None:
        value_ranges = _ranges_of_training()
    with Path(path).open("rb") as file, open_image(file) as image:
        return to_rgb(image, value_ranges)


def open_image(file: BinaryIO) -> Image.Image:
    """Open a file by its header; raises what Pillow raises.

    It takes no path: given one, Pillow maps a TIFF into memory, and mixes up the sides of one that is to be turned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the picture does not need, once a file
        return Image.open(file, formats=known_formats())


def to_rgb(image: Image.Image, value_ranges: Mapping[str, Sequence[float]]) -> Image.Image:
    """Return an opened image in RGB, as `open_rgb` does; raises what Pillow raises, and `ValueError` as `extremes`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        is_negative = _is_negative(image)
        image = upright(image)
        kind = pixel_kind(image)
        if kind is not None:
            ends = value_ranges.get(kind) or TYPE_RANGES.get(kind) or value_range(*extremes(image))
            return _scaled(image, *(reversed(ends) if is_negative else ends))
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            ground = Image.new("RGBA", image.size, "white")
            ground.alpha_composite(image.convert("RGBA"))
            image = ground
        return image.convert("RGB")


def upright(image: Image.Image) -> Image.Image:
    """Return an opened image decoded and turned as its EXIF says; raises what Pillow raises."""
    if image.format == "TIFF":
        # Pillow turns a TIFF while it decodes it, and trips over the rest of its EXIF.
        turn = _turn(image)
        image.load_end = lambda: None
        image.load()
    else:
        image.load()
        turn = _turn(image)  # in a PNG it may follow the pixels
    return image if turn is None else image.transpose(turn)


def pixel_kind(image: Image.Image) -> str | None:
    """Return `I;16`, `I` (32-bit integers) or `F` (floats) where grey pixels have more than 8 bits, else `None`."""
    return next((kind for kind in ("I;16", "I", "F") if image.mode.startswith(kind)), None)


def extremes(image: Image.Image) -> tuple[float, float]:
    """Return the least and the largest finite value of a grey image; raises `ValueError` where there is none."""
    values = np.asarray(image)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = values[np.isfinite(values)]
    if not values.size:
        raise ValueError("it holds no finite value")
    return float(values.min()), float(values.max())


def value_range(low: float, high: float) -> tuple[float, float]:
    """Return which values are black and white in images whose values reach from `low` to `high`.

    From 0 to what is white by convention (`CONVENTIONS`), so that all images of a data set keep their brightness beside
    each other; where there is no such, or where values are negative, what these images use.
    """
    if low < 0:
        return low, high
    return 0.0, next((white for least, white in CONVENTIONS if least < high <= white), high)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What turns an image upright; only the orientation is read of its EXIF, since the picture needs no more."""
    try:
        found = image.tag_v2.get(_ORIENTATION) if image.format == "TIFF" else None
        return _TURNS.get(found or image.getexif().get(_ORIENTATION))
    except Exception:  # a broken EXIF fails in many ways, none of which is the picture's
        return None


def _is_negative(image: Image.Image) -> bool:
    """Tell whether 0 is white; for pixels of 8 bits Pillow sees to it."""
    return image.format == "TIFF" and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _scaled(image: Image.Image, black: float, white: float) -> Image.Image:
    """Scale to 8 bits; infinities become the ends, and what is no number, or all alike, black."""
    values = np.asarray(image)
    shades = np.empty(values.shape, np.uint8)
    rows = max(1, BLOCK_VALUES // values.shape[1])
    for start in range(0, len(values), rows):
        # In float64 the difference of any two values that float32 holds is finite.
        block = values[start : start + rows].astype(np.float64)
        with np.errstate(invalid="ignore"):
            block = (block - black) * (255 / (white - black) if white != black else 0)
        shades[start : start + rows] = np.nan_to_num(np.rint(block.clip(0, 255)), nan=0)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        shades[values == transparent] = 255
    return Image.fromarray(shades).convert("RGB")


def _ranges_of_training() -> Mapping[str, Sequence[float]]:
    return json.loads(_TRAINING.read_text(encoding="utf-8")).get("value_ranges", {}) if _TRAINING.is_file() else {}


@functools.cache
def known_formats() -> tuple[str, ...]:
    """Return those of `FORMATS` that can be opened here; loads what opens them, once in a process."""
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)
