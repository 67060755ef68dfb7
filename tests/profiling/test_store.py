"""The profile store: round trips, older and foreign files, two writers, killed writers, full disks, merge rules."""

import dataclasses
import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bakeoff_core.errors import NewerFileError, NoSpaceError, NotAProfileFileError, StoreError
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.store import (
    SCHEMA,
    VERSION_KEY,
    damaged_files,
    export_profiles,
    import_profiles,
    read_frame,
    read_profiles,
    set_aside_if_damaged,
    to_frame,
    to_parquet,
    write_profiles,
)
from bakeoff_core.schema.candidate import Deployment
from bakeoff_core.schema.profile import PROFILE_COLUMNS, SCHEMA_VERSION, MeasurementWarning
from bakeoff_core.system import parquet
from tests.data.make_profiles import ROWS
from tests.support.examples import make_failure, make_profile, make_round
from tests.support.places import ROOT

V1_FILE, V2_FILE = (ROOT / "tests" / "data" / f"profiles-v{version}.parquet" for version in (1, 2))


@pytest.fixture
def path(home: Path) -> Path:
    """Where the store will be; the folder does not exist yet."""
    return home / "profiles.parquet"


def names(path: Path) -> list[str]:
    return [p.model_name for p in read_profiles(path)]


def leftovers(folder: Path) -> list[str]:
    """Files in the folder that are neither a store nor its lock."""
    return [p.name for p in folder.iterdir() if p.suffix != ".parquet" and p.suffix != ".lock"]


# --- reading and writing ---------------------------------------------------------------------------------------------


def test_what_was_written_is_read_back_exactly(path: Path) -> None:
    times = [random.Random(1).uniform(1e-4, 1) for _ in range(100)]
    rows = (
        make_profile(rounds=(make_round(times), make_round([1e-9, 1 / 3]))),
        make_profile(
            "x", gpu_name="NVIDIA T4", warnings=(MeasurementWarning("load", 0.1), MeasurementWarning("drift"))
        ),
        make_profile(
            "y", macs=2**53, peak_memory_bytes=None, rounds=(make_round(outside_cores=None, throttled_s=None),)
        ),
        make_failure("z", img_size=None, memory_bytes=None, measured_at=None),
    )
    write_profiles(path, rows)
    assert read_profiles(path) == rows


def test_a_store_that_is_not_there_holds_nothing(path: Path) -> None:
    assert read_profiles(path) == ()
    frame = read_frame(path)
    assert frame.empty
    assert list(frame.columns) == [name for name in PROFILE_COLUMNS if name != "rounds"]


def test_a_frame_has_floats_with_nan_for_unknown_and_warnings_as_values(path: Path) -> None:
    warning = MeasurementWarning("load", 0.5)
    write_profiles(path, [make_profile(warnings=(warning,)), make_failure("z", img_size=None)])
    frame = read_frame(path)
    assert frame["macs"].dtype == np.float64
    assert frame["macs"].tolist()[0] == 1_819_065_856
    assert np.isnan(frame.loc[1, ["img_size", "macs", "latency_p50_s"]].astype(float)).all()
    assert frame["warnings"].tolist() == [(warning,), ()]
    assert frame.loc[0, "error"] is None
    assert frame.loc[1, "error"] == "Out of memory"


def test_profiles_in_memory_make_the_same_frame_as_the_file(path: Path) -> None:
    rows = [make_profile(), make_failure("z")]
    write_profiles(path, rows)
    pd.testing.assert_frame_equal(to_frame(rows), read_frame(path))


def test_names_with_markup_pipes_and_line_breaks_stay_plain_text(path: Path) -> None:
    hostile = ["<script>alert(1)</script>", "a|b\n|c|", "../../etc/passwd", "=cmd()", "ünïcode 模型 \u202e", "'; DROP"]
    write_profiles(path, [make_profile(name) for name in hostile])
    assert names(path) == hostile
    assert read_frame(path)["model_name"].tolist() == hostile


def test_a_store_of_1500_models_is_written_and_read(path: Path) -> None:
    rows = [make_profile(f"model{n}") for n in range(1500)]
    write_profiles(path, rows)
    write_profiles(path, [make_profile("one more")])
    assert len(read_profiles(path)) == len(read_frame(path)) == 1501


# --- versions and foreign files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "version"), [(V1_FILE, b"1"), (V2_FILE, b"2")])
def test_a_file_of_each_schema_version_is_read(file: Path, version: bytes) -> None:
    assert pq.read_schema(file).metadata[profiling_store.VERSION_KEY] == version
    measured, doubtful, failed = read_profiles(file)
    assert measured.model_name == "resnet18.a1_in1k"
    assert [r.times_s for r in measured.rounds] == [(0.0205,) * 32, (0.0206,) * 32]
    assert doubtful.warnings == (MeasurementWarning("load", 0.75), MeasurementWarning("one_process"))
    assert doubtful.macs is None
    assert failed.img_size is None
    assert failed.error.startswith("timm has no model named 'resnet51'.")
    assert (measured, doubtful, failed) == ROWS
    assert measured.deployment == Deployment("pytorch", "2.13.0", "float32", "1.0.31")
    assert read_frame(file)["backend"].unique().tolist() == ["pytorch"]


def test_what_is_added_to_a_file_of_schema_version_1_makes_it_one_of_todays(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(V1_FILE.read_bytes())
    write_profiles(path, [make_profile("other.tag")])
    assert pq.read_schema(path).metadata[profiling_store.VERSION_KEY] == str(SCHEMA_VERSION).encode()
    assert read_profiles(path) == (*ROWS, make_profile("other.tag"))


def with_version(path: Path, version: bytes | None, source: Path = V1_FILE) -> Path:
    """Copy a store, but as of another schema version."""
    table = pq.read_table(source)
    metadata = {} if version is None else {profiling_store.VERSION_KEY: version}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


def test_a_newer_file_is_refused_by_its_version_and_left_in_place(tmp_path: Path) -> None:
    path = with_version(tmp_path / "profiles.parquet", str(SCHEMA_VERSION + 1).encode())
    before = path.read_bytes()
    with pytest.raises(NewerFileError) as caught:
        read_profiles(path)
    assert str(caught.value) == (
        f"profiles.parquet was written by a newer version (schema {SCHEMA_VERSION + 1}; this version reads up to "
        f"{SCHEMA_VERSION}). Update Backbone Bake-off, or point BAKEOFF_HOME at another folder."
    )
    assert set_aside_if_damaged(path) is None
    with pytest.raises(NewerFileError):
        write_profiles(path, [make_profile()])
    assert path.read_bytes() == before


def truncated(path: Path) -> None:
    path.write_bytes(V1_FILE.read_bytes()[:-100])


def renamed_csv(path: Path) -> None:
    path.write_text("model_name,img_size\nresnet18,224\n")


def another_parquet(path: Path) -> None:
    pq.write_table(pa.table({"model_name": ["resnet18"]}), path)


def without_a_column(path: Path) -> None:
    table = pq.read_table(V1_FILE)
    pq.write_table(table.drop_columns(["macs"]), path)


def with_text_for_numbers(path: Path) -> None:
    table = pq.read_table(V1_FILE)
    column = table.schema.get_field_index("macs")
    pq.write_table(table.set_column(column, "macs", pa.array(["many"] * 3)), path)


FOREIGN = {
    "random bytes": lambda path: path.write_bytes(random.Random(2).randbytes(5000)),
    "nothing": lambda path: path.write_bytes(b""),
    "a truncated file": truncated,
    "a csv file under our name": renamed_csv,
    "another parquet file": another_parquet,
    "a nonsensical version": lambda path: with_version(path, b"one"),
    "a file that lacks a column": without_a_column,
    "text where numbers belong": with_text_for_numbers,
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_is_not_ours_is_refused_and_left_alone_by_readers_and_writers(tmp_path: Path, make) -> None:
    path = tmp_path / "profiles.parquet"
    make(path)
    for use in (read_profiles, read_frame, lambda p: write_profiles(p, [make_profile()])):
        with pytest.raises(NotAProfileFileError, match="profiles.parquet"):
            use(path)
    assert path.exists()
    assert not damaged_files(path)


def test_a_folder_in_the_stores_place_is_named_and_not_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "profiles.parquet"
    path.mkdir()
    for use in (read_profiles, read_frame, lambda p: write_profiles(p, [make_profile()])):
        with pytest.raises(StoreError, match="profiles.parquet can't be read: Is a directory"):
            use(path)
    assert path.is_dir()
    assert not damaged_files(path)


def test_a_flipped_byte_is_damage_or_harmless_and_never_crashes_a_reader(tmp_path: Path) -> None:
    good = to_parquet(ROWS)
    path = tmp_path / "profiles.parquet"
    positions = range(0, len(good), 97)
    refused = unnoticed = 0
    for position in positions:
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :])
        try:
            rows = read_profiles(path)
        except StoreError:
            refused += 1
        else:
            unnoticed += rows != ROWS
    # The pages have checksums; the little around them that parquet does not cover is all that may go unnoticed.
    assert refused > len(positions) / 2
    assert unnoticed <= len(positions) / 50


def test_a_damaged_store_is_set_aside_under_another_name_and_the_app_goes_on(path: Path) -> None:
    path.parent.mkdir()
    truncated(path)
    content = path.read_bytes()
    aside = set_aside_if_damaged(path)
    assert aside.read_bytes() == content
    assert damaged_files(path) == [aside]
    assert not path.exists()
    write_profiles(path, [make_profile()])
    assert names(path) == ["resnet18.a1_in1k"]


def test_a_good_store_is_not_set_aside_and_neither_is_a_missing_one(path: Path) -> None:
    assert set_aside_if_damaged(path) is None
    assert not path.parent.exists()
    write_profiles(path, [make_profile()])
    assert set_aside_if_damaged(path) is None
    assert names(path) == ["resnet18.a1_in1k"]


def test_a_good_store_is_read_in_a_folder_that_may_not_be_written_to(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profiles(path, [make_profile()])

    def refuse(*args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(parquet, "wait_for_lock", refuse)
    assert set_aside_if_damaged(path) is None
    truncated(path)
    with pytest.raises(StoreError, match="can't be written in"):
        set_aside_if_damaged(path)


def test_a_store_that_the_system_refuses_to_read_is_not_taken_for_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profiles(path, [make_profile()])

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(parquet.pq, "ParquetFile", refuse)
    with pytest.raises(StoreError, match="can't be read: Permission denied") as caught:
        set_aside_if_damaged(path)
    assert not isinstance(caught.value, NotAProfileFileError)
    assert path.exists()


# --- merging ---------------------------------------------------------------------------------------------------------


def test_a_row_with_the_same_key_is_replaced_and_every_other_stays(path: Path) -> None:
    others = [
        make_profile(img_size=288),
        make_profile(threads=1),
        make_profile(precision="bfloat16"),
        make_profile("vgg16"),
    ]
    write_profiles(path, [make_profile(), *others])
    newer = make_profile(latency_p50_s=0.02)
    write_profiles(path, [newer])
    assert set(read_profiles(path)) == {newer, *others}


def test_an_error_does_not_replace_a_measured_row(path: Path) -> None:
    write_profiles(path, [make_profile()])
    write_profiles(path, [make_failure()])
    assert read_profiles(path) == (make_profile(),)


def test_a_newer_error_replaces_an_error_and_a_measured_row_replaces_both(path: Path) -> None:
    write_profiles(path, [make_failure(error="Timed out")])
    write_profiles(path, [make_failure(error="Out of memory")])
    assert [p.error for p in read_profiles(path)] == ["Out of memory"]
    write_profiles(path, [make_profile()])
    assert read_profiles(path) == (make_profile(),)


def test_a_measured_row_removes_the_failure_from_before_its_size_was_known(path: Path) -> None:
    write_profiles(path, [make_failure(img_size=None), make_failure("vgg16", img_size=None)])
    write_profiles(path, [make_profile()])
    assert names(path) == ["vgg16", "resnet18.a1_in1k"]


def test_a_measured_row_keeps_the_failures_at_other_sizes(path: Path) -> None:
    too_large = make_failure(img_size=1024)
    write_profiles(path, [too_large])
    write_profiles(path, [make_profile()])
    assert read_profiles(path) == (too_large, make_profile())


# --- import and export -----------------------------------------------------------------------------------------------


def export(folder: Path, *rows) -> Path:
    target = folder / "from-elsewhere.parquet"
    assert export_profiles(folder / "unused", target, rows) == len(rows)
    return target


def test_an_export_can_be_imported_elsewhere_raw_times_included(path: Path, tmp_path: Path) -> None:
    write_profiles(path, ROWS)
    target = tmp_path / "edge-box.parquet"
    assert export_profiles(path, target) == 3
    other = tmp_path / "other" / "profiles.parquet"
    assert import_profiles(other, target) == (3, 0)
    assert read_profiles(other) == ROWS


def test_a_download_is_a_profile_file(tmp_path: Path) -> None:
    path = tmp_path / "download.parquet"
    path.write_bytes(to_parquet(ROWS))
    assert read_profiles(path) == ROWS


def test_an_import_keeps_the_newer_of_two_rows(path: Path, tmp_path: Path) -> None:
    write_profiles(path, [make_profile(), make_profile("vgg16")])
    older = make_profile(measured_at="2025-01-01T00:00:00Z")
    newer = make_profile("vgg16", latency_p50_s=0.02, measured_at="2026-12-01T00:00:00Z")
    assert import_profiles(path, export(tmp_path, older, newer)) == (1, 1)
    assert set(read_profiles(path)) == {make_profile(), newer}


def test_the_same_import_twice_brings_nothing_the_second_time(path: Path, tmp_path: Path) -> None:
    source = export(tmp_path, *ROWS)
    assert import_profiles(path, source) == (3, 0)
    before = path.read_bytes()
    assert import_profiles(path, source) == (0, 3)
    assert path.read_bytes() == before


def test_an_imported_error_is_left_out_where_the_model_was_measured_and_counted_so(path: Path, tmp_path: Path) -> None:
    write_profiles(path, [make_profile()])
    assert import_profiles(path, export(tmp_path, make_failure(measured_at="2027-01-01T00:00:00Z"))) == (0, 1)
    assert read_profiles(path) == (make_profile(),)


def test_an_older_measurement_comes_in_where_only_an_error_is_known(path: Path, tmp_path: Path) -> None:
    write_profiles(path, [make_failure(measured_at="2027-01-01T00:00:00Z")])
    assert import_profiles(path, export(tmp_path, make_profile())) == (1, 0)
    assert read_profiles(path) == (make_profile(),)


IMPOSSIBLE = {
    "negative latency": {"latency_p50_s": -0.1},
    "zero latency": {"latency_p50_s": 0.0},
    "latency that is no number": {"latency_p90_s": float("nan")},
    "infinite throughput": {"throughput": float("inf")},
    "negative memory": {"peak_memory_bytes": -1},
    "a count that no float holds": {"macs": 2**60},
    "no threads": {"threads": 0},
    "no images": {"batch_size": 0},
    "no pixels": {"img_size": 0},
    "unknown device": {"device": "tpu"},
    "unknown precision": {"precision": "int1"},
    "no name": {"model_name": ""},
    "a time that is none": {"measured_at": "not a date"},
    "a time in other letters, which would count as newer than all": {"measured_at": "28.11.2026 16:23"},
    "no machine": {"machine_id": None},
    "neither numbers nor an error": {"latency_p50_s": None},
    "a measurement at no size": {"img_size": None},
    "a median outside its interval": {"latency_p50_high_s": 0.001},
    "rounds without times": {"rounds": (make_round([]),)},
    "times that ran backwards": {"rounds": (make_round([0.1, -0.1]),)},
}


@pytest.mark.parametrize("changes", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_an_impossible_row_is_refused_by_its_number_and_nothing_comes_in(path: Path, tmp_path: Path, changes) -> None:
    source = export(tmp_path, make_profile("good"), make_profile(**changes))
    with pytest.raises(NotAProfileFileError, match=r"^from-elsewhere\.parquet, row 2: .*Nothing was imported\.$"):
        import_profiles(path, source)
    assert read_profiles(path) == ()


@pytest.mark.parametrize("version", [0, -1])
def test_a_schema_version_that_never_was_is_refused_and_nothing_comes_in(path: Path, tmp_path: Path, version) -> None:
    source = export(tmp_path, make_profile())
    table = pq.read_table(source).replace_schema_metadata({VERSION_KEY: str(version)})
    pq.write_table(table, source)
    words = rf"^from-elsewhere\.parquet must have a schema version from 1 to {SCHEMA_VERSION}\. Got {version}: "
    with pytest.raises(NotAProfileFileError, match=words):
        import_profiles(path, source)
    assert not path.exists()


@pytest.mark.parametrize("name", ["macs", "param_count", "peak_memory_bytes", "weight_bytes"])
def test_an_imported_zero_is_no_measurement(path: Path, tmp_path: Path, name) -> None:
    assert import_profiles(path, export(tmp_path, make_profile(**{name: 0}))) == (1, 0)
    assert read_profiles(path) == (make_profile(**{name: None}),)
    assert np.isnan(read_frame(path)[name][0])


def test_a_zero_that_an_older_version_kept_is_read_as_unknown(path: Path) -> None:
    parquet.write_table(path, pa.Table.from_pylist([vars(make_profile(macs=0, rounds=()))], schema=SCHEMA))
    assert read_profiles(path)[0].macs is None


def test_a_file_that_is_not_there_cannot_be_imported(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAProfileFileError, match="There is no file .*nothing.parquet to import"):
        import_profiles(path, tmp_path / "nothing.parquet")


# --- writers at the same time, killed, or without space --------------------------------------------------------------


def start_writer(path: Path, prefix: str, rows: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.workers.store_writer", str(path), prefix, str(rows)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_write_50_rows_each_at_the_same_time_lose_none(path: Path) -> None:
    writers = [start_writer(path, prefix, 50) for prefix in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdout.close()
    assert sorted(names(path)) == sorted(f"{prefix}{n}" for prefix in "ab" for n in range(50))
    assert leftovers(path.parent) == []


def test_a_writer_killed_at_any_moment_leaves_a_readable_file_with_all_it_had_written(path: Path) -> None:
    written = 0
    for attempt, lines in enumerate((3, 5, 8)):
        writer = start_writer(path, f"{attempt}-", 0)
        for _ in range(lines):
            writer.stdout.readline()
        writer.kill()
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL
        written += lines
        assert len(read_profiles(path)) >= written
    write_profiles(path, [make_profile("after")])  # the lock is free, too
    assert "after" in names(path)


def test_a_writer_asked_to_stop_in_the_midst_leaves_no_temporary_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(BaseException):
        pass

    def stop(*args: object) -> None:
        raise Stop

    write_profiles(path, [make_profile()])
    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(Stop):
        write_profiles(path, [make_profile("vgg16")])
    assert names(path) == ["resnet18.a1_in1k"]
    assert leftovers(path.parent) == []


def large(name: str):
    """A row of about 200 kB: times that do not compress."""
    draw = random.Random(name)
    return make_profile(name, rounds=(make_round([draw.random() + 0.001 for _ in range(25_000)]),))


def test_on_a_full_disk_the_old_file_stays_and_nothing_else_is_left(small_disk: Path) -> None:
    path = small_disk / "profiles.parquet"
    write_profiles(path, [large("kept")])
    before = path.read_bytes()
    with pytest.raises(NoSpaceError) as caught:
        write_profiles(path, [large(str(n)) for n in range(6)])
    assert str(caught.value) == (
        f"profiles.parquet can't be written in {small_disk}; nothing stored was changed: No space left on device. "
        "Free some space."
    )
    assert path.read_bytes() == before
    assert leftovers(small_disk) == []
    write_profiles(path, [make_profile("small enough")])
    assert names(path) == ["kept", "small enough"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_write_that_runs_out_of_space_or_quota_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    write_profiles(path, [make_profile()])

    def full(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpaceError):
        write_profiles(path, [make_profile("vgg16")])
    assert names(path) == ["resnet18.a1_in1k"]
    assert leftovers(path.parent) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(StoreError, match="profiles.parquet can't be written in .*a-file"):
        write_profiles(tmp_path / "a-file" / "profiles.parquet", [make_profile()])


def test_the_columns_of_the_file_are_those_of_the_record() -> None:
    assert profiling_store.SCHEMA.names == [field.name for field in dataclasses.fields(make_profile())]
