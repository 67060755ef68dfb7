"""A disk with no room left."""

import errno
from pathlib import Path


def fill(folder: Path) -> None:
    """Write until nothing more fits."""
    with (folder / "filler").open("wb", buffering=0) as handle:
        for size in (65536, 4096, 1):
            try:
                while True:
                    handle.write(b"x" * size)
            except OSError as err:
                assert err.errno == errno.ENOSPC
