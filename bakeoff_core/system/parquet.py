"""Versioned parquet files, each written whole or not at all.

A schema's only metadata is the file's version, under a key that names what is in the file. Not covered: what the
columns mean (see `profiling.store` and `catalogue.published_store`).
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bakeoff_core.errors import NewerFileError, NotAProfileFileError, StoreError
from bakeoff_core.system.files import replacing, to_user_error
from bakeoff_core.system.locks import wait_for_lock


def read_table(
    path: Path,
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    kind: str = "profile file",
    older_names: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
    came_with: Mapping[str, int] = MappingProxyType({}),
) -> pa.Table:
    """Read a file's columns, with the names and types of the schema.

    Args:
        path: A file that is there.
        schema: Every column that must be in it, and its version.
        columns: Which to read; `None` reads all.
        kind: What to call such a file.
        older_names: What columns were called in earlier versions of the schema: by version, by today's name.
        came_with: Versions that first had a column, where that was not 1; in older files it is null throughout.

    Raises:
        NotAProfileFileError: Damaged, or not written with such a schema.
        NewerFileError: Written by a newer version.
        StoreError: The system does not let it be read.
    """
    [(key, newest)] = schema.metadata.items()
    try:
        if path.is_dir():  # which the reader takes for a damaged file
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = pq.ParquetFile(path, page_checksum_verification=True)
        version = (file.schema_arrow.metadata or {}).get(key)
        if version is None:
            raise NotAProfileFileError(f"{path.name} is a parquet file, but not one that Backbone Bake-off wrote.")
        if int(version) < 1:
            raise NotAProfileFileError(
                f"{path.name} must have a schema version from 1 to {int(newest)}. Got {int(version)}: no version of "
                "Backbone Bake-off wrote it so. Export it again where it was measured."
            )
        if int(version) > int(newest):
            raise NewerFileError(
                f"{path.name} was written by a newer version (schema {int(version)}; this version reads up to "
                f"{int(newest)}). Update Backbone Bake-off, or point BAKEOFF_HOME at another folder."
            )
        there = [name for name in schema.names if came_with.get(name, 1) <= int(version)]
        called = {name: name for name in there} | dict(older_names.get(int(version), {}))
        missing = set(called.values()) - set(file.schema_arrow.names)
        if missing:
            raise NotAProfileFileError(f"{path.name} lacks the columns {', '.join(sorted(missing))}.")
        wanted = list(columns or schema.names)
        stored = {name: called[name] for name in wanted if name in called}
        table = file.read(columns=list(stored.values())).select(list(stored.values())).rename_columns(list(stored))
        table = _with_nulls(table, wanted, schema).cast(pa.schema([schema.field(name) for name in wanted]))
        table.validate(full=True)  # e.g. bytes that are no text, which would fail only where they are used
        return table
    except (pa.ArrowException, ValueError, OSError) as err:
        if isinstance(err, OSError) and err.errno is not None:  # the system's refusal; a damaged file has no errno
            why = os.strerror(err.errno)  # the error's own words are Arrow's
            raise StoreError(f"{path.name} can't be read: {why}. Check the file and who owns it.") from err
        raise NotAProfileFileError(f"{path.name} is damaged, or not a {kind} of Backbone Bake-off.") from err


def _with_nulls(table: pa.Table, wanted: Sequence[str], schema: pa.Schema) -> pa.Table:
    """Return the columns that are wanted, in order; one that the table lacks is null throughout."""
    for name in wanted:
        if name not in table.column_names:
            table = table.append_column(schema.field(name), pa.nulls(table.num_rows, schema.field(name).type))
    return table.select(list(wanted))


def write_table(path: Path, table: pa.Table) -> None:
    """Write to a neighbour, flush it to the disk and put it in place: whole or not at all.

    Raises:
        NoSpaceError: The disk is full. A file that was there is as it was.
        StoreError: The folder can't be written to.
    """
    with store_errors(path), replacing(path, durable=True) as temporary, temporary.open("wb") as handle:
        write_parquet(table, handle)


def write_parquet(table: pa.Table, sink: Any) -> None:
    """Write a table to an open file or buffer, with checksums."""
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)


def zeros_as_unknown(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Return a table in which no 0 stands where something was to be counted or measured: it is not known then.

    Args:
        table: Any.
        columns: Those of numbers of which no real one is 0; what the table lacks is passed over.
    """
    for name in set(columns) & set(table.column_names):
        at = table.column_names.index(name)
        column = table.column(at)
        known = pc.if_else(pc.equal(column, 0), pa.scalar(None, column.type), column)
        table = table.set_column(at, table.field(at), known)
    return table


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the file's lock while it is read and written anew; waits for another writer, whose turn takes milliseconds.

    Raises:
        StoreError: The folder can't be written to.
        NoSpaceError: The disk is full.
    """
    with contextlib.ExitStack() as stack:
        with store_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            wait_for_lock(stack, path.with_name(f".{path.name}.lock"))
        yield


@contextlib.contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write a store into the error its reader can act on."""
    try:
        yield
    except OSError as err:
        raise to_user_error(
            err, f"{path.name} can't be written in {path.parent}; nothing stored was changed", StoreError
        ) from err
