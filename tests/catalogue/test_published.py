"""Published speeds and accuracies: what joins, what does not and why, and the file they are kept in."""

import os
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bakeoff_core.catalogue import published_store
from bakeoff_core.catalogue.published import (
    PublishedRow,
    count_joins,
    join_tables,
    name_from_file,
    require_machine_name,
)
from bakeoff_core.catalogue.published_store import (
    import_tables,
    list_tables,
    read_published,
    read_published_frame,
    remove_machine,
)
from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels
from bakeoff_core.catalogue.timm_results import read_results, read_speeds
from bakeoff_core.errors import BakeoffError, NewerFileError, NotAProfileFileError, StoreError
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.selection import candidates
from bakeoff_core.system.paths import profiles_path
from tests.support.timm_results import (
    ACCURACIES,
    BOTH,
    I9,
    NAMES,
    OLD_ACCURACIES,
    RESULTS,
    SPEEDS,
    TRAINING,
    TRAINING_SPEEDS,
    joined,
    real_table,
    timms_names,
    write,
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write(tmp_path, "results.csv", ACCURACIES)


def reasons_of(rows: tuple[PublishedRow, ...]) -> dict[tuple[str, int | None], str]:
    return {(row.listed_as, row.img_size): row.reason for row in rows if row.reason}


# --- the join --------------------------------------------------------------------------------------------------------


def test_a_speed_belongs_to_every_tag_of_its_architecture_at_its_size(tmp_path):
    rows = [row for row in joined(tmp_path, ACCURACIES, SPEEDS) if row.listed_as == "resnet50" and not row.reason]
    assert {(row.model_name, row.img_size, row.top1) for row in rows} == {
        ("resnet50.a1_in1k", 224, 80.382),
        ("resnet50.tv_in1k", 224, 76.156),
    }
    assert {row.seconds_per_image for row in rows} == {1 / 2500}


def test_an_accuracy_crosses_no_size_and_a_speed_neither(tmp_path):
    rows = joined(tmp_path, ACCURACIES, SPEEDS)
    reasons = reasons_of(rows)
    assert reasons["resnet50", 320] == "other_size"  # a speed, and accuracies at 224 only
    assert reasons["convnext_base.fb_in22k_ft_in1k", 288] == "no_speed"  # an accuracy, and a speed at 224 only
    assert all(row.top1 is None or row.seconds_per_image is None or row.reason is None for row in rows)


def test_what_stands_alone_says_why(tmp_path):
    reasons = reasons_of(joined(tmp_path, ACCURACIES, SPEEDS))
    assert reasons["mixer_s32_224", 224] == "no_weights"
    assert reasons["vit_small_patch14_dinov2", 518] == "no_accuracy"
    reasons = reasons_of(joined(tmp_path, ACCURACIES, TRAINING_SPEEDS))
    assert reasons["gone_net", 224] == "removed" and reasons["never_heard_of", 224] == "unknown"


def test_an_old_name_of_a_tag_gives_its_speed_to_that_tag_alone(tmp_path):
    rows = joined(tmp_path, ACCURACIES, TRAINING_SPEEDS)
    speeds = {row.model_name: (row.listed_as, row.seconds_per_image) for row in rows if row.reason is None}
    assert speeds["convnext_base.fb_in22k_ft_in1k"] == ("convnext_base_in22ft1k", 1 / 100)
    assert speeds["convnext_base.fb_in1k"] == ("convnext_base", 1 / 101)
    assert speeds["resnet50.tv_in1k"] == ("tv_resnet50", 1 / 790)
    assert speeds["resnet50.a1_in1k"] == ("resnet50", 1 / 800)


def test_an_old_name_alone_gives_its_speed_to_every_tag(tmp_path):
    only_old = "\n".join(line for line in TRAINING_SPEEDS.splitlines() if not line.startswith("convnext_base,"))
    rows = joined(tmp_path, ACCURACIES, only_old)
    tags = {row.model_name for row in rows if row.listed_as == "convnext_base_in22ft1k" and row.reason is None}
    assert tags == {"convnext_base.fb_in22k_ft_in1k", "convnext_base.fb_in1k"}


def test_accuracies_under_old_names_join_speeds_under_todays(tmp_path):
    rows = joined(tmp_path, OLD_ACCURACIES, SPEEDS)
    names = {row.model_name: row.listed_as for row in rows if row.reason is None}
    assert names["convnext_base.fb_in22k_ft_in1k"] == "convnext_base"
    assert names["resnet50.tv_in1k"] == "resnet50" and names["resnet50"] == "resnet50"


def test_a_row_that_lost_every_tag_to_a_nearer_one_joins_and_is_told(tmp_path):
    names = TimmModels(NAMES.timm_version, NAMES.models, {"resnet50_old": "resnet50"})
    text = TRAINING_SPEEDS.splitlines()[0] + "\nresnet50_old,700,1,256,224,25\nresnet50,800,1,256,224,25\n"
    rows = joined(tmp_path, ACCURACIES, text, names)
    assert reasons_of(rows)["resnet50_old", 224] == "other_row"
    [count] = count_joins(rows)
    assert (count.listed, count.joined, count.renamed, count.rows) == (2, 2, 1, 2)


def test_of_a_pair_listed_twice_the_faster_row_counts(tmp_path):
    text = SPEEDS + "resnet50,224,3000,1,512,25.56,4.11,11.11\nresnet50,224,1000,1,8,25.56,4.11,11.11\n"
    rows = joined(tmp_path, ACCURACIES, text)
    resnet = [row for row in rows if (row.listed_as, row.img_size) == ("resnet50", 224)]
    assert {row.seconds_per_image for row in resnet if row.reason is None} == {1 / 3000}
    assert sum(row.reason == "repeated" for row in resnet) == 2
    assert count_joins(rows)[0].listed == 6


def test_failed_rows_are_counted_with_what_the_table_says(tmp_path):
    [count] = count_joins(joined(tmp_path, ACCURACIES, SPEEDS + "convnext_base,288,CUDA out of memory,,,,,\n"))
    assert count.alone["failed"] == ("convnext_base @ 288 (CUDA out of memory)",)
    assert count.listed == 7


def test_the_count_holds_what_joined_and_every_reason(tmp_path):
    [count] = count_joins(joined(tmp_path, ACCURACIES, TRAINING_SPEEDS))
    assert (count.machine, count.part, count.listed, count.joined, count.renamed) == ("box", "training", 6, 4, 2)
    assert set(count.alone) == {"removed", "unknown", "no_speed"}


def test_a_table_of_both_parts_is_joined_part_by_part(tmp_path):
    rows = joined(tmp_path, ACCURACIES, BOTH)
    assert [count.part for count in count_joins(rows)] == ["inference", "training"]
    assert {row.batch_size for row in rows if row.part == "training" and row.reason is None} == {128}


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb", "a\0"])
def test_a_machine_needs_a_name_that_can_be_shown(name):
    with pytest.raises(BakeoffError, match="1 to 80 printable characters"):
        require_machine_name(name)


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        (I9, "i9_10940x dynamo · fp32 nchw pt240 cpu"),
        (TRAINING, "rtx3090 · amp nhwc pt112 cu113"),
        ("my box.CSV", "my box"),
    ],
)
def test_a_machine_can_be_named_after_timms_file(file_name, name):
    assert name_from_file(file_name) == name


# --- timm's own tables -----------------------------------------------------------------------------------------------


def test_of_the_i9_table_1086_of_1435_pairs_join_and_of_training_at_least_680_of_834():
    results = read_results(real_table(RESULTS))
    names = timms_names()
    [i9] = count_joins(join_tables(results, read_speeds(real_table(I9)), names, "i9"))
    assert (i9.listed, i9.joined) == (1435, 1086)
    [training] = count_joins(join_tables(results, read_speeds(real_table(TRAINING)), names, "RTX 3090"))
    assert training.listed == 834 and training.joined >= 680
    assert training.joined - training.renamed == 523  # what joins without timm's map
    for count in (i9, training):
        left = sum(len(rows) for reason, rows in count.alone.items() if reason not in ("no_speed", "other_row"))
        assert count.joined + left == count.listed


def test_a_joined_speed_and_accuracy_are_the_tables_own():
    rows = join_tables(read_results(real_table(RESULTS)), read_speeds(real_table(I9)), timms_names(), "i9")
    row = next(row for row in rows if row.model_name == "resnet50.a1_in1k" and row.img_size == 224)
    assert (row.top1, row.batch_size, row.param_count, row.macs) == (80.382, 1, 25_560_000, 4_110_000_000)
    speeds = {(s.model_name, s.img_size): s.throughput for s in read_speeds(real_table(I9))}
    assert row.seconds_per_image == 1 / speeds["resnet50", 224]


# --- the file --------------------------------------------------------------------------------------------------------


def test_an_import_survives_a_round_trip_and_leaves_the_profile_store_alone(tmp_path, results, home):
    path = home / "published.parquet"
    counts, outcome = import_tables(path, results, write(tmp_path, "b.csv", SPEEDS), NAMES, " box ")
    rows = read_published(path)
    assert outcome == "added" and counts == count_joins(rows) and {row.machine for row in rows} == {"box"}
    frame = read_published_frame(path)
    assert len(frame) == len(rows) and frame["seconds_per_image"].notna().sum() == 8
    assert "latency_p50_s" not in frame.columns
    assert not profiles_path().exists() and profiling_store.read_frame(profiles_path()).empty
    with pytest.raises(BakeoffError, match="Nothing was measured in that setting"):
        candidates.find_view({})
    with pytest.raises(NotAProfileFileError):
        profiling_store.import_profiles(profiles_path(), path)
    assert sorted(p.name for p in home.iterdir()) == [".published.parquet.lock", "published.parquet"]


def test_a_name_that_is_taken_is_refused_unless_its_table_is_to_be_replaced(tmp_path, results, home):
    path, speeds = home / "published.parquet", write(tmp_path, "b.csv", SPEEDS)
    training = write(tmp_path, "t.csv", TRAINING_SPEEDS)
    newer = write(tmp_path, "n.csv", SPEEDS.replace("1000.0", "1234.0"))
    import_tables(path, results, speeds, NAMES, "box")
    assert import_tables(path, results, training, NAMES, "box")[1] == "added"
    assert import_tables(path, results, speeds, NAMES, "other")[1] == "added"
    before = read_published(path)
    with pytest.raises(BakeoffError, match="another table of inference of a machine called 'box'"):
        import_tables(path, results, newer, NAMES, "box")
    assert import_tables(path, results, speeds, NAMES, "box")[1] == "unchanged"
    assert read_published(path) == before
    assert import_tables(path, results, newer, NAMES, "box", replace=True)[1] == "replaced"
    after = read_published(path)
    assert len(after) == len(before) and after != before
    assert [row for row in after if row.part == "training"] == [row for row in before if row.part == "training"]
    assert list_tables(read_published_frame(path)) == [
        ("box", "training"),
        ("other", "inference"),
        ("box", "inference"),
    ]
    assert remove_machine(path, "box") and not remove_machine(path, "box")
    assert {row.machine for row in read_published(path)} == {"other"}


def test_a_faulty_table_changes_nothing(tmp_path, results, home):
    path, speeds = home / "published.parquet", write(tmp_path, "b.csv", SPEEDS)
    import_tables(path, results, speeds, NAMES, "box")
    content = path.read_bytes()
    with pytest.raises(BakeoffError, match="line 3"):
        import_tables(path, results, write(tmp_path, "c.csv", SPEEDS.replace("1000.0,", "-1,")), NAMES, "box")
    assert path.read_bytes() == content


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, results, home, monkeypatch):
    path, speeds = home / "published.parquet", write(tmp_path, "b.csv", SPEEDS)
    import_tables(path, results, speeds, NAMES, "box")
    content = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BakeoffError, match="No space left"):
        import_tables(path, results, speeds, NAMES, "second")
    assert path.read_bytes() == content and len(list(home.iterdir())) == 2


def test_a_damaged_file_and_one_of_another_kind_or_version_are_refused(tmp_path, results, home):
    path = home / "published.parquet"
    import_tables(path, results, write(tmp_path, "b.csv", SPEEDS), NAMES, "box")
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({b"bakeoff_published_version": b"99"}), path)
    with pytest.raises(NewerFileError, match="newer version"):
        read_published(path)
    profiling_store.write_profiles(path.with_name("profiles.parquet"), [])
    with pytest.raises(NotAProfileFileError, match="not one that"):
        read_published(path.with_name("profiles.parquet"))
    path.write_bytes(b"PAR1 rubbish")
    with pytest.raises(StoreError, match="damaged, or not a file of published benchmarks"):
        read_published_frame(path)


def test_a_zero_that_an_older_version_kept_is_read_as_unknown(tmp_path, results, home):
    path = home / "published.parquet"
    import_tables(path, results, write(tmp_path, "b.csv", SPEEDS), NAMES, "box")
    rows = [replace(row, macs=0, param_count=0, activations=0) for row in read_published(path)]
    published_store.write_published(path, rows)
    assert {(row.macs, row.param_count, row.activations) for row in read_published(path)} == {(None, None, None)}
    assert read_published_frame(path)[["macs", "param_count", "activations"]].isna().all(axis=None)


def test_a_missing_file_holds_nothing(home):
    assert read_published(home / "published.parquet") == ()
    assert read_published_frame(home / "published.parquet").empty
    assert remove_machine(home / "published.parquet", "box") is False


def test_every_column_of_the_file_is_a_field_of_the_record():
    assert published_store.SCHEMA.names == list(PublishedRow.__dataclass_fields__)


def test_names_without_weights_are_told_from_names_with(tmp_path):
    models = TimmModels("x", (TimmModel("a.untrained", 224, None, False, True, has_weights=False),))
    assert models.tags_of("a") == () and models.tags_of("b") is None
    assert NAMES.tags_of("resnet50") == ("resnet50.a1_in1k", "resnet50.tv_in1k")
