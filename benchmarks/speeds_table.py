"""Makes the catalogue's `speeds.csv` of timm's tables: `python -m benchmarks.speeds_table [CPU.csv GPU.csv] [--write]`.

One row for each architecture at each image size that either table has, by the name that the installed timm calls the
architecture today: parameters, MACs and activations as printed there, and seconds per image, four digits each. Without
`--write` the table that is there is compared with what the two tables give.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bakeoff_core.catalogue.published import PublishedRow, join_tables
from bakeoff_core.catalogue.speeds import SPEEDS_PATH
from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.catalogue.timm_results import read_speeds

TABLES = Path(os.environ.get("BAKEOFF_TEST_DATA", "../shared/data")) / "timm-results"
CPU = TABLES / "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv"
GPU = TABLES / "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv"
COLUMNS = ("architecture", "img_size", "param_count", "macs", "activations", "cpu_seconds", "gpu_seconds")
TESTS = "test_"
"""What timm's tiny models for its own tests begin with; the catalogue leaves them out too."""


def main() -> int:
    """Compare or write the table; the exit code is 1 where it is not what the two tables give."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cpu", nargs="?", type=Path, default=CPU)
    parser.add_argument("gpu", nargs="?", type=Path, default=GPU)
    parser.add_argument("--write", action="store_true", help="write the table instead of comparing it")
    asked = parser.parse_args()
    text = speeds_table(asked.cpu, asked.gpu, names_of_timm())
    if asked.write:
        SPEEDS_PATH.write_text(text, encoding="utf-8")
    same = SPEEDS_PATH.read_text(encoding="utf-8") == text
    rows = len(text.splitlines()) - 1
    print(f"{rows:,} architectures at a size; {'the same' if same else 'NOT the same'} as {SPEEDS_PATH.name}")
    return 0 if same else 1


def names_of_timm() -> TimmModels:
    """Return the installed timm's names, with its map of renamed models."""
    from bakeoff_core.models.timm_models import list_renamed_models, list_timm_models

    return TimmModels("installed", list_timm_models(), list_renamed_models())


def speeds_table(cpu: Path, gpu: Path, names: TimmModels) -> str:
    """Return the table as CSV, sorted by architecture and size; what a table does not have is empty."""
    found: dict[tuple[str, int], dict[str, float | None]] = {}
    for path, column in ((cpu, "cpu_seconds"), (gpu, "gpu_seconds")):
        for row in _usable(join_tables((), read_speeds(path), names, path.stem)):
            cells = found.setdefault((row.architecture, row.img_size), {})
            cells.setdefault(column, row.seconds_per_image)
            for known in ("param_count", "macs", "activations"):
                cells.setdefault(known, getattr(row, known))
    lines = [",".join(COLUMNS)]
    for (architecture, size), cells in sorted(found.items()):
        lines.append(",".join([architecture, str(size), *(_figure(cells.get(name)) for name in COLUMNS[2:])]))
    return "\n".join(lines) + "\n"


def _usable(rows: tuple[PublishedRow, ...]) -> list[PublishedRow]:
    """Return the rows with a speed; of an architecture that is listed under several names, today's first."""
    rows = [row for row in rows if row.seconds_per_image and not row.architecture.startswith(TESTS)]
    return sorted(rows, key=lambda row: row.listed_as != row.architecture)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(main())
