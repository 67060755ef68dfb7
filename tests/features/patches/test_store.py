"""What was seen in an image is kept, found again, and compared patch by patch."""

import os
from pathlib import Path

import numpy as np
import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.features.patches import store as patches_store
from bakeoff_core.features.patches.request import Look, require_image
from bakeoff_core.features.patches.store import Looked, PatchMap, read_look, similarities, write_look
from bakeoff_core.system.paths import looks_path


def looked(channels: int = 4) -> Looked:
    random = np.random.default_rng(0)
    last = random.standard_normal((2, 3, channels)).astype(np.float32)
    finer = random.standard_normal((4, 6, channels)).astype(np.float32)
    crop = random.integers(0, 256, (8, 12, 3), np.uint8)
    return Looked(crop, (PatchMap("last", last), PatchMap("stage 1 of 2", finer)))


@pytest.fixture
def look(tmp_path: Path) -> Look:
    (tmp_path / "own.png").write_bytes(b"one")
    return Look("net.tag", "key", str(tmp_path / "own.png"))


def test_likeness_is_the_cosine_of_every_pair_in_reading_order() -> None:
    features = np.array([[[1, 0], [0, 2]], [[3, 3], [0, 0]]], np.float16)
    found = similarities(PatchMap("last", features))
    half = 2**-0.5
    expected = [[1, 0, half, 0], [0, 1, half, 0], [half, half, 1, 0], [0, 0, 0, 0]]
    assert np.allclose(found, expected, atol=1e-3) and found.dtype == np.float32


def test_large_half_precision_features_do_not_overflow() -> None:
    features = np.full((1, 2, 2048), 60_000, np.float16)
    assert np.allclose(similarities(PatchMap("last", features)), 1, atol=1e-3)


def test_what_was_seen_is_found_again(look: Look) -> None:
    assert read_look(look) is None
    write_look(look, looked())
    found = read_look(look)
    assert np.array_equal(found.crop, looked().crop)
    assert [one.name for one in found.maps] == ["last", "stage 1 of 2"]
    assert found.maps[1].grid == (4, 6)
    assert np.allclose(found.maps[0].features, looked().maps[0].features, atol=1e-2)
    assert [path.suffix for path in looks_path().iterdir()] == [".npz"]


def test_another_backbone_key_or_image_and_a_changed_file_are_other_looks(look: Look, tmp_path: Path) -> None:
    write_look(look, looked())
    assert read_look(Look("other.tag", look.features_key, look.image)) is None
    assert read_look(Look(look.model_name, "other", look.image)) is None
    Path(look.image).write_bytes(b"another")
    assert read_look(look) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_a_damaged_file_counts_as_none(look: Look, content: bytes) -> None:
    write_look(look, looked())
    next(looks_path().iterdir()).write_bytes(content)
    assert read_look(look) is None


def test_no_pickle_is_ever_loaded(look: Look) -> None:
    write_look(look, looked())
    path = next(looks_path().iterdir())
    np.savez(path, crop=looked().crop, names=np.array(["last"]), map0=np.array([{"a": 1}], dtype=object))
    assert read_look(look) is None


def test_the_oldest_make_room(look: Look, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(patches_store, "MOST_KEPT", 2)
    for at in range(3):
        write_look(Look(f"net{at}", "key", look.image), looked())
        newest = max(looks_path().iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (at, at))
    assert read_look(Look("net0", "key", look.image)) is None
    assert read_look(Look("net1", "key", look.image)) and read_look(Look("net2", "key", look.image))


def test_an_image_that_is_gone_is_named(look: Look) -> None:
    assert require_image(look) == Path(look.image)
    Path(look.image).unlink()
    with pytest.raises(BakeoffError, match="own.png is no longer where it was ranked"):
        require_image(look)
