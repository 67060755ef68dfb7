"""Image files of unknown origin, opened safely: regular files of a few plain formats, limits, words for what is wrong.

Not covered: which images belong together (`datasets.registry`).
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bakeoff_core.errors import ImageFileError
from bakeoff_core.formatting import name_text

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
"""What is opened at all; Pillow knows dozens more, which a photograph never needs and an attacker might."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})

MOST_PIXELS = 64_000_000
"""Larger images are refused: decoded, one would take 200 MB and more."""

MOST_BYTES = 512_000_000
"""Larger files are refused: some formats are read whole before anything of them is known."""

GREY_SIDE = 64
"""Pixels a side at which an image is looked at for colour."""
GREY_SPREAD = 3.0
"""Mean difference, of 255, between a pixel's strongest and weakest colour in an image that counts as grey."""


def require_image(path: Path) -> None:
    """Look at a file's header.

    Raises:
        ImageFileError: It is empty, no regular file, no image of a known format, too large, or can't be read.
    """
    image_size(path)


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels as the header has them; raises `ImageFileError` as `require_image` does."""
    with _opened(path) as image:
        return image.size


def open_rgb(path: Path) -> Image.Image:
    """Return a file's image, decoded, upright and in RGB.

    Transparency is laid over white; grey images of more than 8 bits are scaled to their own range.

    Raises:
        ImageFileError: As `require_image`, or it is damaged or cut off.
    """
    with _opened(path) as image:
        return _decoded(path, image)


def is_grey(path: Path) -> bool:
    """Tell whether an image has no colour, but for the traces that compression leaves; raises as `open_rgb` does."""
    image = open_rgb(path)
    image.thumbnail((GREY_SIDE, GREY_SIDE))
    pixels = np.asarray(image, dtype=np.int16)
    return float((pixels.max(-1) - pixels.min(-1)).mean()) <= GREY_SPREAD


def thumbnail(path: Path, side_px: int) -> bytes:
    """Return a JPEG that fits a square of `side_px`; raises `ImageFileError` as `open_rgb` does."""
    with _opened(path) as image:
        image.draft(None, (2 * side_px, 2 * side_px))  # a photograph is then never decoded in full
        small = _decoded(path, image)
    small.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def find_damaged(
    paths: Iterable[Path],
    progress: Callable[[int], None] = lambda done: None,
    look: Callable[[Path, Image.Image], None] = lambda path, image: None,
) -> dict[Path, str]:
    """Decode every file whole and return what is wrong with those that can't be, by path.

    One after the other: two threads took as long as one here, since Pillow 13 decodes under Python's lock.

    Args:
        paths: The files.
        progress: Told the number of files done, each time.
        look: Shown each image that can be decoded.
    """
    found: dict[Path, str] = {}
    for done, path in enumerate(paths, start=1):
        try:
            image = open_rgb(path)
        except ImageFileError as err:
            found[path] = str(err)
        else:
            look(path, image)
        progress(done)
    return found


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a file by its header, for as long as the block lasts."""
    name = name_text(path.name)
    with contextlib.ExitStack() as stack:
        try:
            # A pipe would keep its reader waiting for ever; one that takes the file's place meanwhile must not either.
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise ImageFileError(f"{name} is no regular file.")
            if status.st_size > MOST_BYTES:
                raise ImageFileError(
                    f"{name} has {status.st_size // 1_000_000:,} MB; at most {MOST_BYTES // 1_000_000} are accepted."
                )
            handle = stack.enter_context(os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb"))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit comes below
                image = stack.enter_context(Image.open(handle, formats=FORMATS))
        except UnidentifiedImageError as err:
            reason = f"is no image in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}" if status.st_size else "is empty"
            raise ImageFileError(f"{name} {reason}.") from err
        except Image.DecompressionBombError as err:
            raise ImageFileError(f"{name} has far too many pixels.") from err
        except (OSError, SyntaxError, ValueError) as err:
            words = getattr(err, "strerror", None) or str(err)
            raise ImageFileError(f"{name} can't be read: {words}.") from err
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise ImageFileError(
                f"{name} has {width} x {height} pixels; at most {MOST_PIXELS // 1_000_000} million are accepted."
            )
        yield image


def _decoded(path: Path, image: Image.Image) -> Image.Image:
    try:
        return _to_rgb(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as err:
        raise ImageFileError(f"{name_text(path.name)} is damaged or cut off: {err}") from err


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_scaled(np.asarray(image, dtype=np.float32)))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    return image.convert("RGB")


def _scaled(values: np.ndarray) -> np.ndarray:
    """Scale to 8 bits by the finite values; infinities become white and black, and what is no number black."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ValueError("it holds no finite value")
    low, high = float(finite.min()), float(finite.max())
    # Halves, because the difference of two floats of opposite sign may itself be infinite.
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (values / 2 - low / 2) * (510 / (high - low) if high > low else 0)
    return np.nan_to_num(scaled, nan=0, posinf=255, neginf=0).astype(np.uint8)
