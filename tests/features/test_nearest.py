"""The images most like one of them, by their kept features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_core.features import nearest as features_nearest
from bakeoff_core.features.nearest import Neighbour, nearest
from bakeoff_core.features.store import features_file

KEY = "key"


def keep(**splits: list[list[float]] | np.ndarray) -> None:
    for split, rows in splits.items():
        path = features_file(KEY, split)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.asarray(rows, np.float32))


def test_neighbours_are_by_angle_over_all_splits_and_never_the_image_itself() -> None:
    keep(train=[[0, 5], [3, 3], [-1, 0]], val=[[2, 0]], test=[[1, 0], [10, 1]])
    found = nearest(KEY, ("train", "val", "test"), "test", 0, 10)
    assert [(one.split, one.row) for one in found] == [
        *(("val", 0), ("test", 1), ("train", 1), ("train", 0), ("train", 2)),
    ]
    assert [round(one.cosine, 3) for one in found] == [1.0, 0.995, 0.707, 0.0, -1.0]
    assert nearest(KEY, ("train",), "test", 0, 1) == [Neighbour("train", 1, found[2].cosine)]


def test_equally_near_images_keep_their_order() -> None:
    keep(train=[[1, 1], [2, 2], [1, 1]], test=[[3, 3], [4, 4]])
    found = nearest(KEY, ("train", "test"), "test", 1, 3)
    assert [(one.split, one.row) for one in found] == [("train", 0), ("train", 1), ("train", 2)]


def test_an_image_without_any_feature_is_like_nothing() -> None:
    keep(train=[[0, 0], [1, 0]], test=[[0, 0]])
    assert [one.cosine for one in nearest(KEY, ("train",), "test", 0, 2)] == [0.0, 0.0]


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=2, max_size=30),
    block=st.integers(1, 7),
    count=st.integers(1, 5),
)
def test_blocks_find_what_one_look_at_all_finds(rows: list[list[int]], block: int, count: int) -> None:
    keep(test=rows)
    table = np.asarray(rows, np.float32)
    lengths = np.linalg.norm(table, axis=1)
    cosines = table @ table[0] / np.where(lengths * lengths[0] > 0, lengths * lengths[0], 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features_nearest, "BLOCK_ROWS", block)
        found = nearest(KEY, ("test",), "test", 0, count)
    assert np.allclose([one.cosine for one in found], sorted(cosines[1:], reverse=True)[:count], atol=1e-5)
    assert len({one.row for one in found}) == len(found) and all(one.row != 0 for one in found)


@pytest.mark.parametrize("row", [-1, 2])
def test_features_that_are_not_there_are_an_error_of_their_own(row: int) -> None:
    keep(test=[[1, 0], [0, 1]])
    with pytest.raises(LookupError, match=f"image {row} of test"):
        nearest(KEY, ("test",), "test", row, 1)
    with pytest.raises(LookupError):
        nearest("other", ("test",), "test", 0, 1)
