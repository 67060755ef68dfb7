"""What others published of their machines, to and from parquet: one file, versioned, written whole or not at all.

It is a file of its own, so that no published speed can ever get among the profiles that this product measured.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from bakeoff_core.catalogue.published import JoinCount, PublishedRow, count_joins, join_tables
from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.catalogue.timm_results import read_results, read_speeds
from bakeoff_core.errors import BakeoffError, StoreError
from bakeoff_core.system.files import is_there
from bakeoff_core.system.parquet import read_table, write_table, writing, zeros_as_unknown

SCHEMA_VERSION = 1
"""Version of the columns, which are the fields of `PublishedRow`. Raise it with every change to them."""

OUTCOMES = {
    "added": "Added.",
    "replaced": "Replaced the table that was here.",
    "unchanged": "It was here already, just so.",
}
"""What an import can come to, in words."""

_KIND = "file of published benchmarks"
_ARROW_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64()}


def _arrow_schema() -> pa.Schema:
    fields = []
    for name, annotation in typing.get_type_hints(PublishedRow).items():
        plain = next(t for t in (*typing.get_args(annotation), annotation) if t in _ARROW_TYPES)
        fields.append(pa.field(name, _ARROW_TYPES[plain]))
    return pa.schema(fields, metadata={b"bakeoff_published_version": str(SCHEMA_VERSION).encode()})


SCHEMA = _arrow_schema()


def read_published(path: Path) -> tuple[PublishedRow, ...]:
    """Read every row; a missing file holds none.

    Raises:
        NotAProfileFileError: Damaged, or not such a file.
        NewerFileError: Written by a newer version.
        StoreError: It can't be read.
    """
    if not is_there(path, StoreError):
        return ()
    return tuple(PublishedRow(**row) for row in _read(path).to_pylist())


def read_published_frame(path: Path) -> pd.DataFrame:
    """Read every row as a table: numbers are floats with NaN for unknown, text is text or `None`.

    Raises:
        NotAProfileFileError, NewerFileError, StoreError: As for `read_published`.
    """
    table = _read(path) if is_there(path, StoreError) else SCHEMA.empty_table()
    columns: dict[str, object] = {}
    for field in SCHEMA:
        column = table.column(field.name)
        if pa.types.is_string(field.type):
            columns[field.name] = pd.Series(column.to_pylist(), dtype=object)
        else:
            columns[field.name] = column.cast(pa.float64()).to_numpy()
    return pd.DataFrame(columns)


def _read(path: Path) -> pa.Table:
    return zeros_as_unknown(read_table(path, SCHEMA, kind=_KIND), ("param_count", "macs", "activations"))


def import_tables(
    path: Path, results: Path, speeds: Path, names: TimmModels, machine: str, *, replace: bool = False
) -> tuple[tuple[JoinCount, ...], str]:
    """Join two of timm's tables and keep the outcome as a published machine.

    One machine has one table of inference and one of training at most, which may come one after the other.

    Args:
        path: The file to keep it in.
        results: timm's table of accuracies.
        speeds: One of timm's tables of speeds.
        names: timm's names.
        machine: What to call where the speeds were measured.
        replace: Whether the table may take the place of another one of this machine.

    Returns:
        What joined, for inference, training or both; and one of `OUTCOMES`.

    Raises:
        BakeoffError: A table or the name can't be used, or the name is taken. Nothing was changed.
        NoSpaceError: The disk is full. Nothing was changed.
    """
    incoming = join_tables(read_results(results), read_speeds(speeds), names, machine)
    tables = dict.fromkeys((row.machine, row.part) for row in incoming)
    with writing(path):
        present = read_published(path)
        earlier = [row for row in present if (row.machine, row.part) in tables]
        outcome = "unchanged" if earlier == list(incoming) else "replaced" if earlier else "added"
        if outcome == "replaced" and not replace:
            taken, part = next((row.machine, row.part) for row in earlier)
            raise BakeoffError(
                f"There is another table of {part} of a machine called {taken!r}. Give another name, or say that the "
                "earlier table is to be replaced."
            )
        if outcome != "unchanged":
            remaining = [row for row in present if (row.machine, row.part) not in tables]
            write_published(path, [*remaining, *incoming])
    return count_joins(incoming), outcome


def list_tables(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """List the tables that a frame of published rows holds, as machine and part, in the order of their import."""
    return list(dict.fromkeys(zip(rows["machine"], rows["part"], strict=True)))


def remove_machine(path: Path, machine: str) -> bool:
    """Forget a published machine; tell whether there was one of this name.

    Raises:
        NotAProfileFileError, NewerFileError, StoreError, NoSpaceError: As for `import_tables`.
    """
    if not is_there(path, StoreError):
        return False
    with writing(path):
        present = read_published(path)
        remaining = [row for row in present if row.machine != machine]
        if len(remaining) < len(present):
            write_published(path, remaining)
    return len(remaining) < len(present)


def write_published(path: Path, rows: Sequence[PublishedRow]) -> None:
    """Write rows as the whole content of a file.

    Raises:
        NoSpaceError, StoreError: As for `system.parquet.write_table`.
    """
    write_table(path, pa.Table.from_pylist([vars(row) for row in rows], schema=SCHEMA))
