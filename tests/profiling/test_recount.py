"""Rows and anatomies that hold a count of an older version are read with the right one, or taken anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.profiling.anatomy.records import Anatomy
from bakeoff_core.profiling.anatomy.store import read_anatomy, write_anatomy
from bakeoff_core.profiling.recount import MISCOUNTED, recounted
from bakeoff_core.profiling.store import import_profiles, read_frame, read_profiles, write_profiles
from tests.support.anatomies import heavy_head
from tests.support.examples import make_profile

SEQUENCER, WRONG, RIGHT = "sequencer2d_s.in1k", 4_958_739_456, 8_356_125_696


def test_every_count_of_an_older_version_becomes_that_of_the_catalogue() -> None:
    table = read_catalogue()
    for (architecture, img_size), (wrong, right) in MISCOUNTED.items():
        rows = table[(table["model_name"].map(architecture_of) == architecture) & (table["img_size"] == img_size)]
        assert set(rows["macs"]) == {right}, architecture
        assert recounted(f"{architecture}.in1k", img_size, wrong) == recounted(architecture, img_size, right) == right


@pytest.mark.parametrize(
    ("model_name", "img_size", "macs"),
    [("resnet18.a1_in1k", 224, WRONG), (SEQUENCER, 192, WRONG), (SEQUENCER, None, None), (SEQUENCER, 224, 7)],
)
def test_other_counts_stay(model_name: str, img_size: int | None, macs: int | None) -> None:
    assert recounted(model_name, img_size, macs) == macs


def test_a_kept_row_is_read_and_imported_with_the_right_count(tmp_path: Path) -> None:
    kept, other = tmp_path / "kept.parquet", tmp_path / "other.parquet"
    rows = [
        make_profile(SEQUENCER, macs=WRONG),
        make_profile(),
        make_profile("failed", macs=None, img_size=None, rounds=(), latency_p50_s=None, error="out of memory"),
    ]
    write_profiles(kept, rows)
    expected = {SEQUENCER: RIGHT, "resnet18.a1_in1k": 1_819_065_856, "failed": None}
    assert {row.model_name: row.macs for row in read_profiles(kept)} == expected
    frame = read_frame(kept).set_index("model_name")["macs"]
    assert frame[SEQUENCER] == RIGHT and pd.isna(frame["failed"])
    import_profiles(other, kept)
    assert {row.model_name: row.macs for row in read_profiles(other)} == expected


def test_an_anatomy_of_a_wrong_count_is_taken_anew(home: Path) -> None:
    anatomy = heavy_head()
    first, *others = anatomy.parts

    def with_total(macs: int) -> Anatomy:
        parts = (dataclasses.replace(first, macs=macs - anatomy.macs + first.macs), *others)
        return dataclasses.replace(anatomy, model_name=SEQUENCER, img_size=224, parts=parts)

    write_anatomy(with_total(WRONG))
    assert read_anatomy(SEQUENCER, 224) is None
    write_anatomy(with_total(RIGHT))
    assert read_anatomy(SEQUENCER, 224).macs == RIGHT
