"""MATLAB's files, against scipy as the one who knows, and damaged in every way."""

import io

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from bakeoff_core.datasets.mat_files import MOST_BYTES, read_vectors


def saved(compressed: bool, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, arrays, do_compression=compressed)
    return buffer.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8", "i8"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 1021])
def test_vectors_are_read_as_scipy_reads_them(compressed: bool, dtype: str, size: int) -> None:
    content = saved(compressed, a=np.arange(size, dtype=dtype)[None], longer_name=np.arange(7)[:, None])
    known, found = loadmat(io.BytesIO(content)), read_vectors(content)
    assert list(found) == ["a", "longer_name"]
    assert all(np.array_equal(known[name].ravel(), vector) for name, vector in found.items())


def test_whatever_is_damaged_is_a_value_error() -> None:
    rng, refused = np.random.default_rng(5), 0
    for compressed in (False, True):
        sound = saved(compressed, labels=np.arange(50)[None], more=np.arange(9.0))
        for _ in range(3000):
            content = bytearray(sound[: rng.integers(len(sound))] if rng.random() < 0.2 else sound)
            for at in rng.integers(len(content), size=rng.integers(1, 6)) if content else ():
                content[at] = rng.integers(256)
            try:
                found = read_vectors(bytes(content))
            except ValueError:
                refused += 1
            else:  # what was changed was a number or a name
                assert all(vector.ndim == 1 for vector in found.values())
    assert refused > 1000


def test_an_array_that_unpacks_to_far_more_is_refused() -> None:
    with pytest.raises(ValueError, match="an element reaches beyond its end"):
        read_vectors(saved(True, labels=np.zeros(MOST_BYTES + 100, dtype="u1")))
