"""What systems leave behind in folders of images: passed over by name wherever it lies, and counted.

Thumbnails, recycle bins, indexes and resource forks are no images of anybody's, though some open as images. Only names
are looked at. Not covered: reading the folders (`datasets.image_folder`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bakeoff_core.formatting import name_text

KNOWN = (
    # macOS, and archives and shares that it wrote
    *("__MACOSX", ".DS_Store", ".Trashes", ".Trash", ".Spotlight-V100", ".fseventsd", ".TemporaryItems"),
    *(".DocumentRevisions-V100", ".AppleDouble", ".AppleDB", ".AppleDesktop", ".localized", "Icon\r"),
    *("Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder", "TheFindByContentFolder"),
    # Windows
    *("Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information"),
    # Synology, QNAP and other storage boxes
    *("@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", ".@__thumb", "@tmp", "@sharebin"),
    # Linux and its desktops
    *("lost+found", ".directory", ".thumbnails", ".xvpics"),
    # tools of those who work with images
    *(".ipynb_checkpoints", "__pycache__", ".git", ".svn", ".picasa.ini", "Picasa.ini", "ZbThumbnail.info"),
)
"""Names of files and folders, as they are usually written; known in any case of letters."""
EXACT = frozenset({"RECYCLER", "RECYCLED"})
"""Recycle bins of older Windows: in small letters they may well be classes."""
_PATTERNS = (
    (re.compile(r"\.trash-\d+", re.IGNORECASE), ".Trash"),
    (re.compile(r"found\.\d{3}", re.IGNORECASE), "FOUND.000"),
    (re.compile(r".*@syno(eastream|resource)", re.IGNORECASE), "@SynoEAStream"),
)
APPLE_DOUBLE, HIDDEN = "._ (AppleDouble)", "otherwise hidden"
"""What files beside a Mac's, and names that begin with a dot and are not in `KNOWN`, are counted as."""

_BY_NAME = {name.casefold(): name for name in reversed(KNOWN)}


def litter_kind(name: str) -> str | None:
    """Return what the name of a file or folder is counted as; `None` where it is no litter."""
    known = _BY_NAME.get(name.casefold()) or (name if name in EXACT else None)
    known = known or next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(name)), None)
    if known or not name.startswith("."):
        return known
    return APPLE_DOUBLE if name.startswith("._") else HIDDEN


def litter_note(counts: Mapping[str, int]) -> list[str]:
    """Return the sentence on what was passed over, none where nothing was.

    Args:
        counts: Number of files and folders by kind; what lies in such a folder is not looked at, nor counted.
    """
    ordered = sorted(((kind, count) for kind, count in counts.items() if count), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{count:,} {name_text(kind)}" for kind, count in ordered)
    return [f"Passed over by name, as what systems leave behind: {named}."] if named else []
