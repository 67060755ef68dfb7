"""Image files of unknown origin, opened safely: a few plain formats, a limit on pixels, words for what is wrong.

Not covered: which images belong together (`datasets`).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bakeoff_core.errors import BakeoffError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
"""What is opened at all; Pillow knows dozens more, which a photograph never needs and an attacker might."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})

MOST_PIXELS = 64_000_000
"""Larger images are refused: decoded, one would take 200 MB and more."""

GREY_SIDE = 64
"""Pixels a side at which an image is looked at for colour."""
GREY_SPREAD = 3.0
"""Mean difference, of 255, between a pixel's strongest and weakest colour in an image that counts as grey."""


class ImageFileError(BakeoffError):
    """A file can't be used as an image."""


def require_image(path: Path) -> None:
    """Look at a file's header.

    Raises:
        ImageFileError: It is empty, no image of a known format, too large, or can't be read.
    """
    with _opened(path):
        pass


def open_rgb(path: Path) -> Image.Image:
    """Return a file's image, decoded, upright and in RGB.

    Transparency is laid over white; grey images of more than 8 bits are scaled to their own range.

    Raises:
        ImageFileError: As `require_image`, or it is damaged or cut off.
    """
    with _opened(path) as image:
        try:
            return _to_rgb(ImageOps.exif_transpose(image))
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as err:
            raise ImageFileError(f"{path.name} is damaged or cut off: {err}") from err


def is_grey(path: Path) -> bool:
    """Tell whether an image has no colour, but for the traces that compression leaves; raises as `open_rgb` does."""
    image = open_rgb(path)
    image.thumbnail((GREY_SIDE, GREY_SIDE))
    pixels = np.asarray(image, dtype=np.int16)
    return float((pixels.max(-1) - pixels.min(-1)).mean()) <= GREY_SPREAD


def thumbnail(path: Path, side_px: int) -> bytes:
    """Return a JPEG that fits a square of `side_px`; raises `ImageFileError` as `open_rgb` does."""
    image = open_rgb(path)
    image.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def find_damaged(paths: Iterable[Path], progress: Callable[[int], None] = lambda done: None) -> dict[Path, str]:
    """Decode every file whole and return what is wrong with those that can't be, by path.

    Args:
        paths: The files.
        progress: Told the number of files done, each time.
    """
    found: dict[Path, str] = {}
    for done, path in enumerate(paths, start=1):
        try:
            open_rgb(path)
        except ImageFileError as err:
            found[path] = str(err)
        progress(done)
    return found


def _opened(path: Path) -> Image.Image:
    """Open a file by its header."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit comes below
            image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as err:
        empty = path.stat().st_size == 0
        reason = "is empty" if empty else f"is no image in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise ImageFileError(f"{path.name} {reason}.") from err
    except Image.DecompressionBombError as err:
        raise ImageFileError(f"{path.name} has far too many pixels.") from err
    except (OSError, SyntaxError, ValueError) as err:
        words = getattr(err, "strerror", None) or str(err)
        raise ImageFileError(f"{path.name} can't be read: {words}.") from err
    width, height = image.size
    if width * height > MOST_PIXELS:
        image.close()
        raise ImageFileError(
            f"{path.name} has {width} x {height} pixels; at most {MOST_PIXELS // 1_000_000} million are accepted."
        )
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float32)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        scaled = (values - low) * (255 / (high - low) if high > low else 0)
        image = Image.fromarray(np.nan_to_num(scaled).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    return image.convert("RGB")
