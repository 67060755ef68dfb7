"""Writes rows to a profile store, one at a time: `python -m tests.workers.store_writer STORE PREFIX ROWS`.

`ROWS` of 0 writes on until it is killed.
"""

import itertools
import sys
from pathlib import Path

from bakeoff_core.profiling.store import write_profiles
from tests.support.examples import make_profile


def main(path: str, prefix: str, rows: str) -> None:
    """Write the rows, and say after each that it is written."""
    for number in range(int(rows)) if int(rows) else itertools.count():
        write_profiles(Path(path), [make_profile(f"{prefix}{number}")])
        print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
