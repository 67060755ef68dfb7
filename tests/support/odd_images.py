"""Images of every odd kind that real folders hold, made by code: noise, brighter in the upper left quarter."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

WIDTH, HEIGHT = 40, 24
ORIENTATION = 0x0112


def shades() -> np.ndarray:
    """Return what all of them show, uint8 of shape (`HEIGHT`, `WIDTH`)."""
    values = np.random.default_rng(7).integers(0, 40, (HEIGHT, WIDTH))
    values[: HEIGHT // 2, : WIDTH // 2] += 200
    return values.astype(np.uint8)


def grey() -> Image.Image:
    return Image.fromarray(shades())


def colour() -> Image.Image:
    plain = shades()
    return Image.fromarray(np.dstack([plain, plain // 2, 255 - plain]))


def with_alpha(mode: str) -> Image.Image:
    """A black image whose shape is in its alpha alone."""
    image = Image.new("L" if mode in ("LA", "PA") else "RGB", (WIDTH, HEIGHT)).convert("LA" if mode == "PA" else mode)
    image.putalpha(Image.fromarray(255 - shades()))
    return image.convert(mode)


def exif(orientation: object = 6, extra: bytes = b"") -> bytes:
    """An EXIF block with an orientation, and another entry as given: 12 bytes of a TIFF directory."""
    entries = struct.pack("<HHIHH", ORIENTATION, 3, 1, orientation, 0) + extra
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1 + bool(extra)) + entries + bytes(4)


BYTES_FOR_A_FRACTION = struct.pack("<HHII", 0x011A, 7, 1, 0)
"""A resolution of undefined type, which Pillow can read and not write again."""
A_LONG_THAT_IS_NEGATIVE = struct.pack("<HHIi", 0x9201, 9, 1, -5)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def deep(values: np.ndarray, kind: str, **options: object) -> bytes:
    return saved(Image.fromarray(values), kind, **options)


def white_is_zero(content: bytes) -> bytes:
    """A little-endian TIFF whose tag 262 says that 0 is white."""
    entry = struct.pack("<HHI", 262, 3, 1)
    assert content.count(entry) == 1
    at = content.index(entry) + len(entry)
    return content[:at] + struct.pack("<I", 0) + content[at + 4 :]


def in_two_pages(kind: str, first: Image.Image, **options: object) -> bytes:
    other = Image.new(first.mode, first.size, 128 if first.mode in ("L", "P") else (9, 200, 90))
    return saved(first, kind, save_all=True, append_images=[other], **options)


def _kinds() -> dict[str, Callable[[], bytes]]:
    wide = shades().astype(np.uint16) * 257
    transparent = {"transparency": 0}
    kinds: dict[str, Callable[[], bytes]] = {
        "grey.png": lambda: saved(grey(), "PNG"),
        "bits.png": lambda: saved(grey().convert("1"), "PNG"),
        "bits.tif": lambda: saved(grey().convert("1"), "TIFF", compression="group4"),
        "palette.png": lambda: saved(colour().quantize(16), "PNG"),
        "palette-clear.png": lambda: saved(colour().quantize(16), "PNG", **transparent),
        "palette-steps.png": lambda: saved(colour().quantize(8), "PNG", transparency=bytes(range(0, 256, 32))),
        "palette-clear.gif": lambda: saved(colour().quantize(16), "GIF", **transparent),
        "rgba.png": lambda: saved(with_alpha("RGBA"), "PNG"),
        "rgba.webp": lambda: saved(with_alpha("RGBA"), "WEBP", lossless=True),
        "rgba.tif": lambda: saved(with_alpha("RGBA"), "TIFF"),
        "la.png": lambda: saved(with_alpha("LA"), "PNG"),
        "la.tif": lambda: saved(with_alpha("LA"), "TIFF"),
        "rgb-clear.png": lambda: saved(colour(), "PNG", transparency=tuple(colour().getpixel((0, 0)))),
        "grey-clear.png": lambda: saved(grey(), "PNG", transparency=int(shades()[0, 0])),
        "bits-clear.png": lambda: saved(grey().convert("1"), "PNG", transparency=0),
        "cmyk.jpg": lambda: saved(colour().convert("CMYK"), "JPEG"),
        "cmyk.tif": lambda: saved(colour().convert("CMYK"), "TIFF"),
        "lab.tif": lambda: saved(Image.merge("LAB", (grey(), grey(), grey())), "TIFF"),
        "ycc.tif": lambda: saved(colour().convert("YCbCr"), "TIFF"),
        "plain.bmp": lambda: saved(colour(), "BMP"),
        "plain.avif": lambda: saved(colour(), "AVIF"),
        "plain.heic": lambda: saved(colour(), "HEIF"),
        "16.png": lambda: deep(wide, "PNG"),
        "16-clear.png": lambda: saved(Image.fromarray(wide), "PNG", transparency=int(wide[0, 0])),
        "16.tif": lambda: deep(wide, "TIFF"),
        "16-big.tif": lambda: deep(wide.astype(">u2"), "TIFF"),
        "16-packed.tif": lambda: deep(wide, "TIFF", compression="tiff_lzw"),
        "16-negative.tif": lambda: white_is_zero(deep(65535 - wide, "TIFF")),
        "12-of-16.png": lambda: deep(wide // 16, "PNG"),
        "32.tif": lambda: deep(wide.astype(np.int32), "TIFF"),
        "32-signed.tif": lambda: deep(wide.astype(np.int32) - 30000, "TIFF"),
        "float-1.tif": lambda: deep((wide / 65535).astype(np.float32), "TIFF"),
        "float-255.tif": lambda: deep(shades().astype(np.float32), "TIFF"),
        "float-any.tif": lambda: deep((wide - 123.5).astype(np.float32), "TIFF"),
        "exif-odd.jpg": lambda: saved(colour(), "JPEG", exif=exif(6, BYTES_FOR_A_FRACTION)),
        "exif-negative.jpg": lambda: saved(colour(), "JPEG", exif=exif(6, A_LONG_THAT_IS_NEGATIVE)),
        "exif-cut.jpg": lambda: saved(colour(), "JPEG", exif=exif()[:13]),
        "exif-none.jpg": lambda: saved(colour(), "JPEG", exif=b"Exif\0\0no directory at all"),
        "exif-nine.jpg": lambda: saved(colour(), "JPEG", exif=exif(9)),
        "exif-odd.png": lambda: saved(colour(), "PNG", exif=exif(6, BYTES_FOR_A_FRACTION)),
        "exif-odd.webp": lambda: saved(colour(), "WEBP", exif=exif(6, BYTES_FOR_A_FRACTION), lossless=True),
        "exif-16.png": lambda: deep(wide, "PNG", exif=exif(8)),
        "two.gif": lambda: in_two_pages("GIF", grey()),
        "two.tif": lambda: in_two_pages("TIFF", colour()),
        "two-packed.tif": lambda: in_two_pages("TIFF", colour(), compression="tiff_deflate"),
        "two.png": lambda: in_two_pages("PNG", colour()),
        "two.webp": lambda: in_two_pages("WEBP", colour(), lossless=True),
        "two.avif": lambda: in_two_pages("AVIF", colour()),
        "two.mpo": lambda: in_two_pages("MPO", colour()),
    }
    for turn in range(1, 9):
        tags = {"exif": exif(turn)}
        kinds[f"turned-{turn}.jpg"] = lambda tags=tags: saved(colour(), "JPEG", **tags)
        kinds[f"turned-{turn}.png"] = lambda tags=tags: saved(colour(), "PNG", **tags)
        for packing in ("raw", "tiff_deflate"):
            kinds[f"turned-{turn}-{packing}.tif"] = lambda turn=turn, packing=packing: saved(
                colour(), "TIFF", compression=packing, tiffinfo={ORIENTATION: turn}
            )
        kinds[f"turned-{turn}-16.tif"] = lambda turn=turn: deep(wide, "TIFF", tiffinfo={ORIENTATION: turn})
    kinds["turned-6.webp"] = lambda: saved(colour(), "WEBP", exif=exif(6), lossless=True)
    kinds["turned-6.avif"] = lambda: saved(colour(), "AVIF", exif=exif(6))
    kinds["turned-6.heic"] = lambda: saved(colour(), "HEIF", exif=exif(6))
    return kinds


KINDS = _kinds()
"""What makes the content of each file, by its name."""


def write_odd_images(folder: Path) -> list[Path]:
    """Write one image of each kind; returns their files, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in KINDS.items():
        (folder / name).write_bytes(make())
        paths.append(folder / name)
    return paths
