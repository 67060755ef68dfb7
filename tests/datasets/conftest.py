"""What tests of data sets share."""

import hashlib
from pathlib import Path

import pytest

from bakeoff_core.datasets import flowers102
from tests.support.image_folders import MADE_UP_MATLAB_FILES, MADE_UP_SPLIT


@pytest.fixture
def small_flowers(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the six images of `make_flowers` be all that Flowers102 has."""
    split: Path = tmp_path_factory.mktemp("flowers") / "split.txt"
    split.write_text(MADE_UP_SPLIT)
    md5s = {name: hashlib.md5(content).hexdigest() for name, content in MADE_UP_MATLAB_FILES.items()}
    monkeypatch.setattr(flowers102, "OFFICIAL_SPLIT", split)
    monkeypatch.setattr(flowers102, "MD5S", md5s)
