"""Profiles to and from parquet: one file, versioned, written whole or not at all.

A write holds a lock, reads what is there, merges and replaces the file, so two writers lose nothing and a reader
sees either the old file or the new one. Not covered: accuracy (it belongs to the catalogue and is joined when
shown), and deciding what to measure.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import math
import os
import tempfile
import time
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bakeoff_core.errors import NewerFileError, NoSpaceError, NotAProfileFileError, StoreError
from bakeoff_core.records import (
    DEVICES,
    DTYPES,
    KEY_COLUMNS,
    PROFILE_COLUMNS,
    SCHEMA_VERSION,
    SETTING_COLUMNS,
    WARNING_CODES,
    MeasurementWarning,
    Profile,
    Round,
)

VERSION_KEY = b"bakeoff_schema_version"

LARGEST_NUMBER = 2**53
"""Above it a whole number no longer fits the float columns of a frame; no real count or size comes near it."""

_WARNING = pa.struct([("code", pa.string()), ("value", pa.float64())])
_ROUND = pa.struct(
    [
        ("times_s", pa.list_(pa.float64())),
        ("warmup_passes", pa.int64()),
        ("steady", pa.bool_()),
        ("capped", pa.bool_()),
        ("outside_cores", pa.float64()),
        ("throttled_s", pa.float64()),
        ("peak_memory_bytes", pa.int64()),
        ("measured_at", pa.string()),
    ]
)
_ARROW_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64()}


def _arrow_schema() -> pa.Schema:
    """The parquet columns, derived from the `Profile` record so that the two can't drift apart."""
    fields = []
    for name, annotation in typing.get_type_hints(Profile).items():
        if name == "warnings":
            fields.append(pa.field(name, pa.list_(_WARNING)))
        elif name == "rounds":
            fields.append(pa.field(name, pa.list_(_ROUND)))
        else:
            plain = next(t for t in (*typing.get_args(annotation), annotation) if t in _ARROW_TYPES)
            fields.append(pa.field(name, _ARROW_TYPES[plain]))
    return pa.schema(fields, metadata={VERSION_KEY: str(SCHEMA_VERSION).encode()})


SCHEMA = _arrow_schema()


def read_profiles(path: Path) -> tuple[Profile, ...]:
    """Read every profile, raw times included.

    Args:
        path: A profile file; a missing one holds no profiles.

    Raises:
        NotAProfileFileError: Damaged, or not written by this product.
        NewerFileError: Written by a newer version.
    """
    if not path.exists():
        return ()
    return tuple(_to_profile(row) for row in _read_table(path).to_pylist())


def profile_key(profile: Profile) -> tuple[Any, ...]:
    """Return what identifies a profile, its values of `records.KEY_COLUMNS`: one row of the store each."""
    return tuple(getattr(profile, name) for name in KEY_COLUMNS)


def read_frame(path: Path) -> pd.DataFrame:
    """Read every profile as a table, without the raw times.

    Args:
        path: As for `read_profiles`.

    Returns:
        One row a profile, columns as `records.PROFILE_COLUMNS` less `rounds`; numbers are floats with NaN for
        unknown, `warnings` holds tuples of `MeasurementWarning`.

    Raises:
        NotAProfileFileError, NewerFileError: As for `read_profiles`.
    """
    columns = [name for name in PROFILE_COLUMNS if name != "rounds"]
    table = _read_table(path, columns) if path.exists() else SCHEMA.empty_table().select(columns)
    return _to_frame(table)


def to_frame(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Return profiles as the table that `read_frame` returns."""
    return _to_frame(_to_table(profiles).drop_columns(["rounds"]))


def write_profiles(path: Path, profiles: Iterable[Profile]) -> None:
    """Merge profiles into the file: a row with the same key is replaced, every other row stays.

    A row that only says that its model failed does not replace one that holds measurements. A measured row removes
    the failures of the same model in the same setting that were noted before its image size was known.

    Raises:
        NoSpaceError: The disk is full. The file is as it was.
        NotAProfileFileError, NewerFileError: The file that is there can't be read, and was left alone.
        StoreError: The folder can't be written to.
    """
    with _lock(path):
        _write_table(path, _to_table(_merge(read_profiles(path), profiles)))


def import_profiles(path: Path, source: Path) -> tuple[int, int]:
    """Merge another file's profiles into this one; of two rows with the same key the newer stays.

    A row that holds measurements stays, or comes in, whatever the age of one that only says that its model failed.

    Args:
        path: The file to merge into.
        source: A file that `export_profiles` wrote, perhaps on another machine.

    Returns:
        How many rows came in, and how many were left out because a newer (or a measured) one was there.

    Raises:
        NotAProfileFileError: The source is damaged, not ours, or holds impossible numbers.
        NewerFileError: It was written by a newer version.
        NoSpaceError: The disk is full.
    """
    if not source.is_file():
        raise NotAProfileFileError(f"There is no file {source.name!r} to import.")
    incoming = read_profiles(source)
    for number, profile in enumerate(incoming, start=1):
        if fault := _fault(profile):
            raise NotAProfileFileError(f"{source.name}, row {number}: {fault} Nothing was imported.")
    with _lock(path):
        present = read_profiles(path)
        best = {profile_key(p): p for p in present}
        for profile in incoming:
            key = profile_key(profile)
            if key not in best or _is_better(profile, best[key]):
                best[key] = profile
        taken = [p for p in incoming if best[profile_key(p)] is p]
        if taken:
            _write_table(path, _to_table(_merge(present, taken)))
    return len(taken), len(incoming) - len(taken)


def export_profiles(path: Path, target: Path, profiles: Sequence[Profile] | None = None) -> int:
    """Write profiles to a file of their own, to be imported on another machine.

    Args:
        path: The store to read.
        target: The file to write; replaced if it is there.
        profiles: What to write; `None` writes the whole store.

    Returns:
        The number of rows.

    Raises:
        NoSpaceError: The disk is full. A target that was there is as it was.
        StoreError: The store can't be read, or the target can't be written.
    """
    rows = read_profiles(path) if profiles is None else tuple(profiles)
    _write_table(target, _to_table(rows))
    return len(rows)


def to_parquet(profiles: Sequence[Profile]) -> bytes:
    """Return the bytes of a profile file that holds these profiles, for a download."""
    sink = pa.BufferOutputStream()
    _write_parquet(_to_table(profiles), sink)
    return sink.getvalue().to_pybytes()


def set_aside_if_damaged(path: Path) -> Path | None:
    """Move a damaged store out of the way, so that the app can go on.

    A file from a newer version is not damaged and stays.

    Returns:
        The name it has now, or `None` where nothing was wrong.

    Raises:
        StoreError: The file may not be read or moved.
    """
    if not path.exists():
        return None
    with _lock(path):
        try:
            _read_table(path)
        except NotAProfileFileError:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            with _mendable(path):
                return path.replace(path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}"))
        except NewerFileError:
            return None
    return None


def damaged_files(path: Path) -> list[Path]:
    """List the damaged stores that were set aside and are still there."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def _merge(present: Iterable[Profile], incoming: Iterable[Profile]) -> list[Profile]:
    rows = {profile_key(p): p for p in present}
    for profile in incoming:
        key = profile_key(profile)
        if profile.error is not None and key in rows and rows[key].latency_p50_s is not None:
            continue
        if profile.error is None:
            nameless = rows.get(size_unknown := profile_key(dataclasses.replace(profile, img_size=None)))
            if nameless is not None and nameless.error is not None:
                del rows[size_unknown]
        rows[key] = profile
    return list(rows.values())


def _is_better(one: Profile, other: Profile) -> bool:
    """Whether a row should take the place of another with its key: measured before failed, then the newer."""
    if (one.latency_p50_s is None) != (other.latency_p50_s is None):
        return other.latency_p50_s is None
    return (one.measured_at or "") > (other.measured_at or "")


def _fault(profile: Profile) -> str | None:
    """What is impossible about a row of somebody else's file."""
    if not profile.model_name or any(getattr(profile, name) is None for name in SETTING_COLUMNS):
        return "`model_name` and the setting's columns must not be empty."
    if profile.device not in DEVICES or profile.dtype not in DTYPES:
        return f"`device` must be one of {', '.join(DEVICES)} and `dtype` one of {', '.join(DTYPES)}."
    for field in dataclasses.fields(Profile):
        value = getattr(profile, field.name)
        if isinstance(value, (int, float)) and not 0 <= value <= LARGEST_NUMBER:
            return f"`{field.name}` must be a finite number from 0 to 2^53. Got {value}."
    for name in ("img_size", "threads", "batch_size", "latency_p50_s", "latency_p50_low_s", "round_count", "passes"):
        if getattr(profile, name) == 0:
            return f"`{name}` must be greater than 0."
    if profile.latency_p50_s is None:
        return None if profile.error else "it must hold a latency, or the error that kept it from being measured."
    if profile.img_size is None:
        return "a measured row must hold its `img_size`."
    if not _encloses(profile.latency_p50_low_s, profile.latency_p50_s, profile.latency_p50_high_s):
        return "`latency_p50_s` must lie within its interval."
    if not all(r.times_s and all(0 < t < math.inf for t in r.times_s) for r in profile.rounds):
        return "each of its rounds must hold times, all greater than 0."
    return None


def _encloses(low: float | None, value: float, high: float | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def _read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        version = (file.schema_arrow.metadata or {}).get(VERSION_KEY)
        if version is None:
            raise NotAProfileFileError(f"{path.name} is a parquet file, but not one that Backbone Bake-off wrote.")
        if int(version) > SCHEMA_VERSION:
            raise NewerFileError(
                f"{path.name} was written by a newer version (schema {int(version)}; this version reads up to "
                f"{SCHEMA_VERSION}). Update Backbone Bake-off, or point BAKEOFF_HOME at another folder."
            )
        missing = set(PROFILE_COLUMNS) - set(file.schema_arrow.names)
        if missing:
            raise NotAProfileFileError(f"{path.name} lacks the columns {', '.join(sorted(missing))}.")
        wanted = list(columns or PROFILE_COLUMNS)
        table = file.read(columns=wanted).select(wanted).cast(pa.schema([SCHEMA.field(name) for name in wanted]))
        table.validate(full=True)  # e.g. bytes that are no text, which would fail only where they are used
        return table
    except (pa.ArrowException, ValueError, OSError) as err:
        if isinstance(err, OSError) and err.errno is not None:  # the system's refusal; a damaged file has no errno
            raise StoreError(f"{path.name} can't be read: {err.strerror}. Check the file and who owns it.") from err
        raise NotAProfileFileError(f"{path.name} is damaged, or not a profile file of Backbone Bake-off.") from err


def _to_table(profiles: Iterable[Profile]) -> pa.Table:
    return pa.Table.from_pylist([_to_row(p) for p in profiles], schema=SCHEMA)


def _to_row(profile: Profile) -> dict[str, Any]:
    # Not `dataclasses.asdict`, which would copy every raw time of the store on its own at each save.
    nested = {"warnings": [vars(w) for w in profile.warnings], "rounds": [vars(r) for r in profile.rounds]}
    return {**vars(profile), **nested}


def _to_profile(row: dict[str, Any]) -> Profile:
    warnings = _known_warnings(row.pop("warnings"))
    rounds = tuple(Round(**{**r, "times_s": tuple(r["times_s"] or ())}) for r in row.pop("rounds") or () if r)
    return Profile(**row, warnings=warnings, rounds=rounds)


def _known_warnings(rows: Sequence[dict[str, Any] | None] | None) -> tuple[MeasurementWarning, ...]:
    return tuple(MeasurementWarning(**row) for row in rows or () if row and row["code"] in WARNING_CODES)


def _to_frame(table: pa.Table) -> pd.DataFrame:
    warnings = table.column("warnings").to_pylist()
    columns: dict[str, object] = {}
    for name in table.column_names:
        if name == "warnings":
            columns[name] = [_known_warnings(rows) for rows in warnings]
        elif pa.types.is_string(table.schema.field(name).type):
            columns[name] = pd.Series(table.column(name).to_pylist(), dtype=object)
        else:
            columns[name] = table.column(name).cast(pa.float64()).to_numpy()
    return pd.DataFrame(columns)


def _write_table(path: Path, table: pa.Table) -> None:
    """Write to a neighbour, flush it to the disk and put it in place: whole or not at all."""
    temporary = None
    with _mendable(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as handle:
                temporary = Path(handle.name)
                _write_parquet(table, handle)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:  # a request to stop may arrive here too, and must leave nothing behind either
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def _write_parquet(table: pa.Table, sink: Any) -> None:
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the file's lock; waits for another writer, whose turn takes milliseconds."""
    with _mendable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.with_name(f".{path.name}.lock").open("w")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _mendable(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into the error its reader can act on."""
    try:
        yield
    except OSError as err:
        if err.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpaceError(
                f"No space left in {path.parent} for {path.name}. Nothing stored was changed. "
                "Free some space and try again."
            ) from err
        raise StoreError(f"{path.name} can't be written in {path.parent}: {err.strerror or err}.") from err
