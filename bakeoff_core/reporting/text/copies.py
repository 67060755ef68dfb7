"""A pair of images of which one is a copy of the other, in words.

Not covered: how many there are, and what that spoils (`datasets.copies`).
"""

from __future__ import annotations

from bakeoff_core.datasets.records import CopyPair


def pair_caption(pair: CopyPair) -> tuple[str, str]:
    """Return the captions of the two images: split, class and file, and of the second how it is like the first."""
    how = "the same file" if pair.is_identical else "nearly the same"
    return (
        f"{pair.split}, {pair.class_name}: {_file(pair.image)}",
        f"{how} in {pair.of_split}, {pair.of_class_name}: {_file(pair.of)}",
    )


def _file(name: str) -> str:
    return name.rpartition("/")[2]
