"""Image files of unknown origin, opened safely: regular files of a few plain formats, limits, words for what is wrong.

Not covered: which images belong together (`datasets.registry`).
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from bakeoff_core.datasets.image_opening import FORMATS, extremes, open_image, pixel_kind, to_rgb, upright, value_range
from bakeoff_core.errors import ImageFileError
from bakeoff_core.formatting import name_text

ValueRanges = Mapping[str, Sequence[float]]
"""Which values are black and white in pixels of more than 8 bits, by `image_opening.pixel_kind`."""

MOST_PIXELS = 64_000_000
"""Larger images are refused: decoded, one would take 200 MB and more."""

MOST_BYTES = 512_000_000
"""Larger files are refused: some formats are read whole before anything of them is known."""

GREY_SIDE = 64
"""Pixels a side at which an image is looked at for colour."""
GREY_SPREAD = 3.0
"""Mean difference, of 255, between a pixel's strongest and weakest colour in an image that counts as grey."""

MOST_PAGES_LOOKED_AT = 16
"""Pages of a TIFF looked at for one that is more than a smaller copy of the first."""
_SUBFILE_TYPE, _REDUCED_OR_MASK, _REDUCED, _SUB_IFDS, _DNG_VERSION = 254, 0b101, 0b1, 330, 50706
"""TIFF's tags, and bits of the first one's value: a smaller copy of another page, or its mask."""
_MP_ENTRIES, _MP_VIEWS = 0xB002, "Multi-Frame Image"
"""Of the index of several pictures in a JPEG (CIPA DC-007): its list, and how the types of further views begin."""


@dataclass(frozen=True)
class ImageHeader:
    """What can be told of an image file without decoding it."""

    size: tuple[int, int]
    """Width and height in pixels, as the file has them."""
    pixel_kind: str | None
    """See `image_opening.pixel_kind`; `None` for 8 bits a channel."""
    has_more_frames: bool
    """Whether it holds further frames or pages, which are not used; smaller copies of the first are none."""


def read_header(path: Path) -> ImageHeader:
    """Look at a file's header; what its name ends in says nothing.

    Raises:
        ImageFileError: It is empty, no regular file, no image of a known format, too large, or can't be read.
    """
    with _opened(path) as image:
        return ImageHeader(image.size, pixel_kind(image), _has_more_frames(image))


def is_image(path: Path) -> bool:
    """Tell whether a file is an image by its header."""
    try:
        read_header(path)
    except ImageFileError:
        return False
    return True


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels as the header has them; raises `ImageFileError` as `read_header` does."""
    with _opened(path) as image:
        return image.size


def open_rgb(path: Path, value_ranges: ValueRanges | None = None) -> Image.Image:
    """Return a file's image, decoded, upright and in RGB; see `image_opening` for how.

    Args:
        path: The file.
        value_ranges: Of its data set; a kind of pixels that is not among them is scaled by its type, or by what its
            values use.

    Raises:
        ImageFileError: As `read_header`, or it is damaged or cut off.
    """
    with _opened(path) as image, _words_for_damage(path):
        return to_rgb(image, value_ranges or {})


def is_grey(path: Path) -> bool:
    """Tell whether an image has no colour, but for the traces that compression leaves; raises as `open_rgb` does."""
    image = open_rgb(path)
    image.thumbnail((GREY_SIDE, GREY_SIDE))
    pixels = np.asarray(image, dtype=np.int16)
    return float((pixels.max(-1) - pixels.min(-1)).mean()) <= GREY_SPREAD


def thumbnail(path: Path, side_px: int, value_ranges: ValueRanges | None = None) -> bytes:
    """Return a JPEG that fits a square of `side_px`; takes and raises what `open_rgb` does."""
    with _opened(path) as image, _words_for_damage(path):
        image.draft(None, (2 * side_px, 2 * side_px))  # a photograph is then never decoded in full
        small = to_rgb(image, value_ranges or {})
    small.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


class ValueExtremes:
    """The least and the largest value in images of more than 8 bits, by the kind of their pixels."""

    def __init__(self, by_kind: ValueRanges | None = None) -> None:
        """Begin with what is known."""
        self.by_kind = {kind: (low, high) for kind, (low, high) in (by_kind or {}).items()}

    def add(self, kind: str, low: float, high: float) -> None:
        """Take in an image."""
        lows, highs = zip((low, high), self.by_kind.get(kind, (low, high)), strict=True)
        self.by_kind[kind] = min(lows), max(highs)

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Return what is black and white in all of these images alike."""
        return {kind: value_range(*ends) for kind, ends in sorted(self.by_kind.items())}


def find_damaged(
    paths: Iterable[Path],
    progress: Callable[[int], None] = lambda done: None,
    seen: ValueExtremes | None = None,
    look: Callable[[Path, Image.Image], None] = lambda path, image: None,
) -> dict[Path, str]:
    """Decode every file whole and return what is wrong with those that can't be, by path.

    One after the other: two threads took as long as one here, since Pillow 13 decodes under Python's lock.

    Args:
        paths: The files.
        progress: Told the number of files done, each time.
        seen: Takes in the values of images of more than 8 bits.
        look: Shown each image that can be decoded.
    """
    found: dict[Path, str] = {}
    for done, path in enumerate(paths, start=1):
        try:
            image = _looked_through(path, seen)
        except ImageFileError as err:
            found[path] = str(err)
        else:
            look(path, image)
        progress(done)
    return found


def _looked_through(path: Path, seen: ValueExtremes | None) -> Image.Image:
    """Return a file's image as `open_rgb` does, by its own range of values, which `seen` takes in."""
    with _opened(path) as image, _words_for_damage(path):
        kind = pixel_kind(image)
        if kind is None:
            return to_rgb(image, {})
        ends = extremes(upright(image))
    if seen is not None:
        seen.add(kind, *ends)
    return open_rgb(path)  # from the start, since it is turned by now


def value_ranges_of(paths: Iterable[Path]) -> dict[str, tuple[float, float]]:
    """Return what would be black and white in images of more than 8 bits if there were these alone."""
    seen = ValueExtremes()
    find_damaged(paths, seen=seen)
    return seen.ranges()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a file by its header, for as long as the block lasts."""
    name = name_text(path.name)
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # of what the picture does not need, at every look at it
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
            image = stack.enter_context(open_image(handle))
            if _is_raw(image, handle.fileno()):
                raise ImageFileError(
                    f"{name} is a camera's raw file, of which only a preview could be read. Export it as JPEG or TIFF."
                )
        except ImageFileError:
            raise
        except UnidentifiedImageError as err:
            known = ", ".join(FORMATS[:-1])
            raise ImageFileError(
                f"{name} {f'is no image in {known} or HEIC' if status.st_size else 'is empty'}."
            ) from err
        except Image.DecompressionBombError as err:
            raise ImageFileError(f"{name} has far too many pixels.") from err
        except Exception as err:  # one file must never end a pass, whatever a decoder makes of it
            raise ImageFileError(f"{name} can't be read: {_words(err)}.") from err
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise ImageFileError(
                f"{name} has {width} x {height} pixels; at most {MOST_PIXELS // 1_000_000} million are accepted."
            )
        yield image


@contextlib.contextmanager
def _words_for_damage(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into that file's error; a wish to stop is no `Exception`."""
    try:
        yield
    except Exception as err:
        raise ImageFileError(f"{name_text(path.name)} is damaged or cut off: {_words(err)}") from err


def _words(err: Exception) -> str:
    if isinstance(err, MemoryError):  # a broken header asks for any amount, and the next file may be a small one
        return "it needs more memory than there is"
    return getattr(err, "strerror", None) or str(err) or type(err).__name__


def _has_more_frames(image: Image.Image) -> bool:
    """Tell whether there is more than the first frame or page; where that can't be told there is not."""
    try:
        if image.format == "MPO":  # previews, maps of depth and of brightness are of the same picture
            kinds = (entry["Attribute"]["MPType"] for entry in image.mpinfo[_MP_ENTRIES])
            return sum(kind.startswith(_MP_VIEWS) for kind in kinds) > 1
        if image.format == "TIFF":
            return _has_more_pages(image)
        return getattr(image, "is_animated", False)
    except Exception:  # it is the first one that counts, and a broken second one is none
        return False


def _has_more_pages(image: Image.Image) -> bool:
    for page in range(1, MOST_PAGES_LOOKED_AT):
        try:
            image.seek(page)
        except EOFError:
            return False
        if not image.tag_v2.get(_SUBFILE_TYPE, 0) & _REDUCED_OR_MASK:
            return True
    return False


def _is_raw(image: Image.Image, descriptor: int) -> bool:
    """Tell whether a TIFF is a camera's raw file: its first page is a preview then."""
    if image.format != "TIFF":
        return False
    tags = image.tag_v2
    is_preview = tags.get(_SUBFILE_TYPE) == _REDUCED and _SUB_IFDS in tags
    return is_preview or _DNG_VERSION in tags or os.pread(descriptor, 2, 8) == b"CR"
