"""What a frozen backbone finds alike within one image: features of its patches, kept, and how like each is to each.

A short-lived worker (`features.patches.worker`) runs the image once and keeps the features of every patch; which
patches are alike is then worked out here, without torch. Not covered: running the backbone (`features.patches.worker`),
and likeness between images (`features.nearest`).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bakeoff_core.features.patches.request import Look
from bakeoff_core.system.files import to_user_error, write_bytes
from bakeoff_core.system.paths import looks_path

MOST_KEPT = 200
"""Looks kept; the oldest make room."""
FORMAT_VERSION = 1


@dataclass(frozen=True)
class PatchMap:
    """Features of an image's patches at one depth of a backbone."""

    name: str
    """Where in the backbone: `last` for what the head pools, else the name of a stage."""
    features: np.ndarray
    """Of shape (rows, columns, channels)."""

    @property
    def grid(self) -> tuple[int, int]:
        """Patches down and across."""
        return self.features.shape[:2]


@dataclass(frozen=True)
class Looked:
    """What a worker saw."""

    crop: np.ndarray
    """The image as the backbone gets it, before normalisation: 8-bit RGB of shape (height, width, 3)."""
    maps: tuple[PatchMap, ...]
    """The last one first, then finer ones from earlier in the backbone."""


def similarities(patches: PatchMap) -> np.ndarray:
    """Return how like every patch is to every other.

    Returns:
        Cosines, -1 to 1, of shape (patches, patches), both in reading order; float32. A patch without any feature is
        like none, itself included.
    """
    rows = patches.features.reshape(-1, patches.features.shape[-1]).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(lengths > 0, lengths, 1)
    return np.clip(rows @ rows.T, -1, 1)


def read_look(look: Look) -> Looked | None:
    """Return what was seen before; `None` where nothing is kept that can be used."""
    try:
        with np.load(_file(look), allow_pickle=False) as kept:
            names = [str(name) for name in kept["names"]]
            maps = tuple(PatchMap(name, kept[f"map{at}"]) for at, name in enumerate(names))
            crop = kept["crop"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    is_whole = crop.ndim == 3 and crop.dtype == np.uint8 and maps and all(one.features.ndim == 3 for one in maps)
    return Looked(crop, maps) if is_whole else None


def write_look(look: Look, looked: Looked) -> None:
    """Keep what was seen, whole or not at all; the oldest ones make room.

    Raises:
        NoSpaceError: The disk is full.
        BakeoffError: The folder can't be written to.
    """
    content = {f"map{at}": one.features.astype(np.float16) for at, one in enumerate(looked.maps)}
    buffer = io.BytesIO()
    np.savez(buffer, crop=looked.crop, names=np.array([one.name for one in looked.maps]), **content)
    path = _file(look)
    try:
        write_bytes(path, buffer.getvalue())
    except OSError as err:
        raise to_user_error(err, "What the backbone saw could not be kept") from err
    for old in sorted(path.parent.glob("*.npz"), key=_modified, reverse=True)[MOST_KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()


def _file(look: Look) -> Path:
    """Where a look is kept; an image that was written anew since is another one."""
    try:
        status = Path(look.image).stat()
        written = [status.st_mtime_ns, status.st_size]
    except OSError:
        written = []
    text = json.dumps([FORMAT_VERSION, look.model_name, look.features_key, look.image, *written])
    return looks_path() / f"{hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()[:24]}.npz"


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
