"""Vectors of numbers from MATLAB's files of level 5, read without trusting them.

scipy's reader would do, but a damaged file can end the whole process there (scipy 1.17: a bus error on one changed
byte), and pages read these files in the server. Covered is what Flowers102 needs: real numeric arrays, compressed or
not. Format: "MAT-File Format", MathWorks, chapter 1 (level 5).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

MOST_BYTES = 1_000_000
"""A compressed array may unpack to so much; Flowers102's largest has 12 kB."""

HEADER_BYTES = 128
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""numpy's name for each type of number in a file."""


def read_vectors(content: bytes) -> dict[str, np.ndarray]:
    """Return every real numeric array in a file, flattened in MATLAB's order, by name.

    Raises:
        ValueError: It is no such file, or damaged.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[HEADER_BYTES - 2 : HEADER_BYTES])
    if order is None:
        raise ValueError("no MATLAB file of level 5")
    try:
        found = {}
        for kind, data in _elements(content[HEADER_BYTES:], order):
            if kind == COMPRESSED:
                ((kind, data),) = _elements(zlib.decompressobj().decompress(data, MOST_BYTES), order)
            if kind == MATRIX:
                (_, _), (_, shape), (_, name), (number, values), *_ = _elements(data, order)
                vector = np.frombuffer(values, order + NUMBERS[number])
                if vector.size != np.frombuffer(shape, order + "i4").prod():
                    raise ValueError("an array has another size than it says")
                found[name.decode("ascii")] = vector
    except (struct.error, zlib.error, KeyError, ValueError) as err:
        raise ValueError(f"damaged MATLAB file: {err}") from err
    return found


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and data of each element in a row of them."""
    at = 0
    while at < len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        if kind >> 16:  # a small one: up to four bytes stand in the place of the size
            kind, size = kind & 0xFFFF, kind >> 16
            begin, room = at + 4, 4
        else:
            begin, room = at + 8, size if kind == COMPRESSED else -(-size // 8) * 8
        if size > room or begin + size > len(content):
            raise ValueError("an element reaches beyond its end")
        yield kind, content[begin : begin + size]
        at = begin + room
