"""Flowers102: the official splits, missing files and others than the published ones."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bakeoff_core.datasets.flowers102 import IMAGE_COUNT, MD5S, OFFICIAL_SPLIT, flowers_folder, read_flowers
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from tests.support.image_folders import MADE_UP_MATLAB_FILES, counts, make_flowers, split_digest
from tests.support.places import ROOT

DATA = Path(os.environ.get("BAKEOFF_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def flowers() -> Path:
    if not (DATA / "flowers-102").is_dir():
        pytest.skip(f"Flowers102 is not in {DATA}; name its folder with BAKEOFF_TEST_DATA")
    return DATA


def test_flowers_have_their_official_splits(flowers: Path) -> None:
    dataset = read_dataset("flowers102", flowers)
    assert counts(dataset) == {"train": 1020, "val": 1020, "test": 6149}
    assert Counter(Counter(image.label for image in dataset.train).values()) == {10: 102}
    assert len({image.path for images in dataset.splits().values() for image in images}) == 8189


def test_flowers_agree_with_torchvision_image_for_image(flowers: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bakeoff_core.models.torchvision_compat import prepare_torchvision\n"
        "prepare_torchvision()\n"
        "from torchvision.datasets import Flowers102\nfrom bakeoff_core.datasets.registry import read_dataset\n"
        "ours = read_dataset('flowers102', Path(sys.argv[1]))\n"
        "assert list(ours.classes) == list(Flowers102.classes)\n"
        "for split in ('train', 'val', 'test'):\n"
        "    theirs = Flowers102(sys.argv[1], split=split)\n"
        "    pairs = [(i.path.name, i.label) for i in getattr(ours, split)]\n"
        "    assert pairs == [(Path(f).name, l) for f, l in zip(theirs._image_files, theirs._labels)], split\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(flowers)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_missing_flowers_are_asked_for_by_name_and_place_with_what_is_here(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissingError) as caught:
        read_dataset("flowers102", tmp_path)
    assert f"into {tmp_path / 'flowers-102'}" in str(caught.value)
    assert "jpg not found. Put the folder `jpg` (from `102flowers.tgz`)" in str(caught.value)
    assert caught.value.available == ("elpv",)


def empty_flowers(root: Path) -> Path:
    """Lay down all images of Flowers102, empty and of one age, so that their key depends on the split alone."""
    (root / "jpg").mkdir(parents=True)
    for number in range(1, IMAGE_COUNT + 1):
        path = root / "jpg" / f"image_{number:05d}.jpg"
        path.touch()
        os.utime(path, (0, 0))
    return root


def test_the_images_alone_have_their_official_labels_and_the_key_they_always_had(tmp_path: Path) -> None:
    """Features are kept by this key, and runs compared by it: it was taken when the MATLAB files were still read."""
    dataset = read_flowers(empty_flowers(tmp_path / "flowers-102"))
    assert counts(dataset) == {"train": 1020, "val": 1020, "test": 6149}
    assert split_digest(dataset) == "c8d987f2b17226b0"
    assert dataset.content_key() == "5090b564ffdcf21c"


def test_labels_and_splits_are_those_of_the_published_files() -> None:
    """Where the published files are, a test above compares them; this keeps them as they were then everywhere."""
    content = OFFICIAL_SPLIT.read_bytes()
    assert hashlib.sha256(content).hexdigest() == "8693fc98f3d8cbe8927a287b19225e3da89697674e01c4af0a62ef8fd859f599"
    assert all(MD5S[name].encode() in content for name in ("imagelabels.mat", "setid.mat"))


def test_flowers_without_all_their_images_say_how_many_are_missing(tmp_path: Path) -> None:
    (tmp_path / "flowers-102" / "jpg").mkdir(parents=True)
    with pytest.raises(DatasetMissingError, match="8189 of the 8,189 images of Flowers102 are missing"):
        read_dataset("flowers102", tmp_path)


def test_the_official_split_is_the_same_as_ever(flowers: Path) -> None:
    assert split_digest(read_dataset("flowers102", flowers)) == "c8d987f2b17226b0"


def test_the_published_matlab_files_change_nothing(small_flowers: None, tmp_path: Path) -> None:
    root = make_flowers(tmp_path / "flowers-102")
    with_files = read_flowers(root)
    assert counts(with_files) == {"train": 2, "val": 2, "test": 2}
    assert "The official split" in with_files.notes[0]
    for name in MADE_UP_MATLAB_FILES:
        (root / name).unlink()
    assert read_flowers(root) == with_files


@pytest.mark.parametrize("name", ["imagelabels.mat", "setid.mat"])
@pytest.mark.parametrize("content", [b"", b"<html>Please log in</html>", b"a split of my own", bytes(2_000_000)])
def test_a_matlab_file_of_other_content_is_refused_by_name(
    small_flowers: None, tmp_path: Path, name: str, content: bytes
) -> None:
    root = make_flowers(tmp_path / "flowers-102")
    (root / name).write_bytes(content)
    with pytest.raises(BakeoffError) as caught:
        read_flowers(root)
    assert str(caught.value).startswith(f"`{name}` of Flowers102 in {root} is damaged, or not the published one")
    assert "or remove it" in str(caught.value)


def test_a_complete_set_is_preferred_to_one_that_is_not(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path))
    (tmp_path / "flowers-102").mkdir()
    assert flowers_folder() == tmp_path / "flowers-102"
    complete = make_flowers(home / "datasets" / "flowers-102")
    assert flowers_folder() == complete
