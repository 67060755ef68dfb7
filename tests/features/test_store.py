"""How kept features lie on the disk."""

from pathlib import Path

import numpy as np
import pytest

from bakeoff_core.features.store import FORMAT_VERSION, features_file, features_key, put_together, read_features


def test_what_several_processes_computed_is_put_in_the_images_order(tmp_path: Path) -> None:
    rows = np.arange(2 * 101, dtype=np.float32).reshape(101, 2)
    parts = [tmp_path / f"{at}.npy" for at in range(3)]
    for at, part in enumerate(parts):
        np.save(part, rows[at::3])
    put_together(parts, tmp_path / "whole.npy")
    assert np.array_equal(np.load(tmp_path / "whole.npy"), rows)
    assert sorted(path.name for path in tmp_path.glob("*.npy")) == ["0.npy", "1.npy", "2.npy", "whole.npy"]


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no array at all"])
def test_a_damaged_file_counts_as_none(content: bytes) -> None:
    path = features_file("key", "train")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert read_features("key", "train") is None


def test_other_images_weights_or_preprocessing_have_another_key() -> None:
    keys = {
        features_key("a", "w", {"input_size": (3, 224, 224)}),
        features_key("b", "w", {"input_size": (3, 224, 224)}),
        features_key("a", "v", {"input_size": (3, 224, 224)}),
        features_key("a", "w", {"input_size": (3, 240, 240)}),
    }
    assert len(keys) == 4 and FORMAT_VERSION == 2
