"""Profiles to and from parquet: one file, versioned, written whole or not at all.

A write holds a lock, reads what is there, merges and replaces the file, so two writers lose nothing and a reader
sees either the old file or the new one. Not covered: accuracy (it belongs to the catalogue and is joined when
shown), and deciding what to measure.
"""

from __future__ import annotations

import dataclasses
import math
import time
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bakeoff_core.errors import NewerFileError, NotAProfileFileError, StoreError
from bakeoff_core.formatting import path_text
from bakeoff_core.profiling.recount import recount
from bakeoff_core.schema.candidate import PRECISIONS, PYTORCH
from bakeoff_core.schema.profile import (
    DEVICES,
    GROUP_COLUMNS,
    KEY_COLUMNS,
    PROFILE_COLUMNS,
    SCHEMA_VERSION,
    WARNING_CODES,
    MeasurementWarning,
    Profile,
    Round,
)
from bakeoff_core.system.files import hand_over, is_there, is_utc, utc_now
from bakeoff_core.system.parquet import (
    read_table,
    store_errors,
    write_parquet,
    write_table,
    writing,
    zeros_as_unknown,
)

VERSION_KEY = b"bakeoff_schema_version"
OLDER = {
    "older_names": {1: {"backend": "runtime", "backend_version": "torch_version", "precision": "dtype"}},
    "came_with": {"latency_drift_sd": 3},
}
"""What earlier versions of the schema called columns, and lacked; see `system.parquet.read_table`."""
PYTORCH_IN_1 = "pytorch-eager"
"""What schema 1 called the backend `PYTORCH`."""

LARGEST_NUMBER = 2**53
"""Above it a whole number no longer fits the float columns of a frame; no real count or size comes near it."""

NEVER_ZERO = ("macs", "param_count", "weight_bytes", "peak_memory_bytes", "throughput", "memory_bytes")
"""Numbers of which a 0 says that nobody counted: taken for one, it would be the cheapest of all."""

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
    if not is_there(path, StoreError):
        return ()
    return tuple(_to_profile(row) for row in _read(path).to_pylist())


def profile_key(profile: Profile) -> tuple[Any, ...]:
    """Return what identifies a profile, its values of `schema.profile.KEY_COLUMNS`: one row of the store each."""
    return tuple(getattr(profile, name) for name in KEY_COLUMNS)


def read_frame(path: Path) -> pd.DataFrame:
    """Read every profile as a table, without the raw times.

    Args:
        path: As for `read_profiles`.

    Returns:
        One row a profile, columns as `schema.profile.PROFILE_COLUMNS` less `rounds`; numbers are floats with NaN for
        unknown, `warnings` holds tuples of `MeasurementWarning`.

    Raises:
        NotAProfileFileError, NewerFileError: As for `read_profiles`.
    """
    columns = [name for name in PROFILE_COLUMNS if name != "rounds"]
    return _to_frame(_read(path, columns) if is_there(path, StoreError) else SCHEMA.empty_table().select(columns))


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
    with writing(path):
        write_table(path, _to_table(_merge(read_profiles(path), profiles)))


def import_profiles(path: Path, source: Path) -> tuple[int, int]:
    """Merge another file's profiles into this one; of two rows with the same key the newer stays.

    A row that holds measurements stays, or comes in, whatever the age of one that only says that its model failed.

    Args:
        path: The file to merge into.
        source: A file that `export_profiles` wrote, perhaps on another machine.

    Returns:
        How many rows came in, and how many were left out because the same, a newer or a measured one was there.

    Raises:
        NotAProfileFileError: The source is damaged, not ours, or holds impossible numbers.
        NewerFileError: It was written by a newer version.
        NoSpaceError: The disk is full.
    """
    try:
        is_file = source.is_file()
    except OSError as err:
        raise StoreError(f"{path_text(source)} could not be read: {err.strerror}.") from err
    if not is_file:
        raise NotAProfileFileError(
            f"There is no file {path_text(source)} to import."
            if not source.exists()
            else f"{path_text(source)} is no file. Name the one that was exported."
        )
    incoming = read_profiles(source)
    for number, profile in enumerate(incoming, start=1):
        if fault := _fault(profile):
            raise NotAProfileFileError(f"{source.name}, row {number}: {fault} Nothing was imported.")
    with writing(path):
        present = read_profiles(path)
        best = {profile_key(p): p for p in present}
        for profile in incoming:
            key = profile_key(profile)
            if key not in best or _is_better(profile, best[key]):
                best[key] = profile
        taken = [p for p in incoming if best[profile_key(p)] is p]
        if taken:
            write_table(path, _to_table(_merge(present, taken)))
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
    with store_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    hand_over(target, to_parquet(rows), StoreError)
    return len(rows)


def to_parquet(profiles: Sequence[Profile]) -> bytes:
    """Return the bytes of a profile file that holds these profiles, for a download."""
    sink = pa.BufferOutputStream()
    write_parquet(_to_table(profiles), sink)
    return sink.getvalue().to_pybytes()


def set_aside_if_damaged(path: Path) -> Path | None:
    """Move a damaged store out of the way, so that the app can go on.

    A file from a newer version is not damaged and stays.

    Returns:
        The name it has now, or `None` where nothing was wrong.

    Raises:
        StoreError: The file may not be read or moved.
    """
    if not _is_damaged(path):  # looked at without a lock, for a home that may only be read
        return None
    with writing(path):
        if not _is_damaged(path):
            return None
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        with store_errors(path):
            return path.replace(path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}"))


def _is_damaged(path: Path) -> bool:
    if not is_there(path, StoreError):
        return False
    try:
        _read(path)
    except NotAProfileFileError:
        return True
    except NewerFileError:
        pass
    return False


def damaged_files(path: Path) -> list[Path]:
    """List the damaged stores that were set aside and are still there."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a file of any version with the columns of today's, and counts as they are made today."""
    table = zeros_as_unknown(read_table(path, SCHEMA, columns, **OLDER), NEVER_ZERO)
    at = table.column_names.index("backend")
    named = pc.replace_substring_regex(table.column(at), f"^{PYTORCH_IN_1}$", PYTORCH)
    return recount(table.set_column(at, table.field(at), named))


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
    if not profile.model_name or any(getattr(profile, name) is None for name in GROUP_COLUMNS):
        return "`model_name` and the columns of setting and deployment must not be empty."
    if profile.device not in DEVICES or profile.precision not in PRECISIONS:
        return f"`device` must be one of {', '.join(DEVICES)} and `precision` one of {', '.join(PRECISIONS)}."
    for field in dataclasses.fields(Profile):
        value = getattr(profile, field.name)
        if isinstance(value, (int, float)) and not 0 <= value <= LARGEST_NUMBER:
            return f"`{field.name}` must be a finite number from 0 to 2^53. Got {value}."
    for name in ("img_size", "threads", "batch_size", "latency_p50_s", "latency_p50_low_s", "round_count", "passes"):
        if getattr(profile, name) == 0:
            return f"`{name}` must be greater than 0."
    if profile.measured_at is not None and not is_utc(profile.measured_at):
        return f"`measured_at` must be a time in UTC such as {utc_now()}. Got {profile.measured_at!r}."
    if profile.latency_p50_s is None:
        return None if profile.error else "it must hold a latency, or the error that kept it from being measured."
    if profile.img_size is None:
        return "a measured row must hold its `img_size`."
    low, high = profile.latency_p50_low_s, profile.latency_p50_high_s
    if (low is not None and low > profile.latency_p50_s) or (high is not None and high < profile.latency_p50_s):
        return "`latency_p50_s` must lie within its interval."
    if not all(r.times_s and all(0 < t < math.inf for t in r.times_s) for r in profile.rounds):
        return "each of its rounds must hold times, all greater than 0."
    return None


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
