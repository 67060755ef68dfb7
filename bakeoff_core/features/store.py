"""Kept features on the disk: what they are named by, reading them, and writing them row by row.

Rows go to the disk as they come and are read from there page by page, so the memory needed does not grow with the
images, and a pass that is cut off goes on from its last row. Loads no torch, so pages read them as well. Not covered:
computing features (`features.extract`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff_core.system.files import read_json, replacing, write_json
from bakeoff_core.system.paths import features_path

FORMAT_VERSION = 2
"""Of the files; those of another version have other keys and are computed anew."""
PLAIN, MIRRORED = "plain", "mirrored"
"""The views of an image that features are of: as it is, and flipped from left to right."""


def features_key(content_key: str, weights_digest: str, config: dict[str, Any]) -> str:
    """Return the name under which features are kept; other images, weights or preprocessing give another."""
    text = json.dumps([FORMAT_VERSION, content_key, weights_digest, config], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_features(key: str, split: str, view: str = PLAIN) -> np.ndarray | None:
    """Return the kept features of a split, mapped from the disk and not to be written to.

    Returns:
        Float32 of shape (images, channels); `None` where there are none.
    """
    try:
        return np.load(features_file(key, split, view), mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None


def missing_views(key: str, split: str, views: Sequence[str]) -> tuple[str, ...]:
    """Return those of the views whose features of a split are not kept."""
    return tuple(view for view in views if read_features(key, split, view) is None)


# --- how fast ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FeatureRate:
    """How fast kept features were computed."""

    images_per_second: float
    """Decoding included."""
    runtime: str | None
    """What ran the backbone; `None` where that was not noted."""


def read_rate(key: str) -> FeatureRate | None:
    """Return how fast kept features were computed; `None` if never timed."""
    found = read_json(_rate_file(key))
    images, seconds = found.get("images"), found.get("seconds")
    return FeatureRate(images / seconds, found.get("runtime")) if images and seconds else None


def note_rate(key: str, runtime: str, images: int, seconds: float) -> None:
    """Add a pass over plain views to those that the same runtime has done."""
    found = read_json(_rate_file(key))
    if found.get("runtime") != runtime:
        found = {}
    with contextlib.suppress(OSError):  # the features are what matters
        write_json(
            _rate_file(key),
            {
                "runtime": runtime,
                "images": found.get("images", 0) + images,
                "seconds": found.get("seconds", 0.0) + seconds,
            },
        )


def _rate_file(key: str) -> Path:
    return features_path() / key / "rate.json"


# --- files ------------------------------------------------------------------------------------------------------------


def features_file(key: str, split: str, view: str = PLAIN) -> Path:
    """Return where the features of a split are kept, once they are whole."""
    return features_path() / key / (f"{split}.npy" if view == PLAIN else f"{split}-{view}.npy")


_DTYPE = np.dtype("<f4")
BLOCK_ROWS = 1024
"""Rows copied at a time."""


class RowsFile:
    """A .npy file that grows by rows and says from the start how many it will have.

    What a killed process wrote stays: a file's length tells how many whole rows are in it.
    """

    def __init__(self, path: Path, total: int, keep: int) -> None:
        """Go on with a file after the first `keep` rows; 0 begins it anew."""
        self._path, self._total, self._keep = path, total, keep

    def __enter__(self) -> RowsFile:
        self._handle = self._path.open("r+b" if self._keep else "wb")
        if self._keep:
            start, (_, channels) = _header_of(self._path)
            self._handle.truncate(start + self._keep * channels * _DTYPE.itemsize)
            self._handle.seek(0, os.SEEK_END)
        return self

    def __exit__(self, *raised: object) -> None:
        self._handle.close()

    def append(self, rows: np.ndarray) -> None:
        """Write rows of shape (n, channels)."""
        if not self._handle.tell():
            header = {"descr": _DTYPE.str, "fortran_order": False, "shape": (self._total, rows.shape[1])}
            np.lib.format.write_array_header_1_0(self._handle, header)
        self._handle.write(np.ascontiguousarray(rows, _DTYPE))
        self._handle.flush()


def _header_of(path: Path) -> tuple[int, tuple[int, int]]:
    """Where the rows of a file begin, and its shape; raises `OSError` or `ValueError` where there is no such file."""
    with path.open("rb") as handle:
        np.lib.format.read_magic(handle)
        shape, _, _ = np.lib.format.read_array_header_1_0(handle)
        return handle.tell(), shape


def rows_in(path: Path, total: int) -> int:
    """Return how many whole rows are in a file that is to have so many; 0 where there is no such file."""
    try:
        start, (announced, channels) = _header_of(path)
        return (path.stat().st_size - start) // (channels * _DTYPE.itemsize) if announced == total else 0
    except (OSError, ValueError):
        return 0


def put_together(parts: Sequence[Path], whole: Path) -> None:
    """Make one file of those of several processes, which took the images in turn."""
    if len(parts) == 1:
        parts[0].replace(whole)
        return
    arrays = [np.load(part, mmap_mode="r") for part in parts]
    with replacing(whole) as temporary, RowsFile(temporary, sum(map(len, arrays)), 0) as file:
        for at in range(0, len(arrays[0]), BLOCK_ROWS):
            blocks = [array[at : at + BLOCK_ROWS] for array in arrays]
            rows = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), _DTYPE)
            for turn, block in enumerate(blocks):
                rows[turn :: len(blocks)] = block
            file.append(rows)
