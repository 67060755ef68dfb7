"""Flowers102: the official splits, missing files and damaged ones."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bakeoff_core.datasets.flowers102 import flowers_folder, read_flowers
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from tests.support.image_folders import counts, make_flowers, split_digest
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
    assert "imagelabels.mat, setid.mat, jpg not found" in str(caught.value)
    assert caught.value.available == ("elpv",)


def test_flowers_without_all_their_images_say_how_many_are_missing(flowers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "flowers-102"
    (folder / "jpg").mkdir(parents=True)
    for name in ("imagelabels.mat", "setid.mat"):
        (folder / name).write_bytes((flowers / "flowers-102" / name).read_bytes())
    with pytest.raises(DatasetMissingError, match="8189 of the 8,189 images of Flowers102 are missing"):
        read_dataset("flowers102", tmp_path)


def test_the_official_split_is_the_same_as_ever(flowers: Path) -> None:
    assert split_digest(read_dataset("flowers102", flowers)) == "c8d987f2b17226b0"


def test_label_files_other_than_the_published_ones_are_said(tmp_path: Path) -> None:
    dataset = read_flowers(make_flowers(tmp_path / "flowers-102"))
    assert counts(dataset) == {"train": 2, "val": 2, "test": 2}
    assert "not the published ones" in dataset.notes[0]


def damage_in_every_way(content: bytes) -> list[bytes]:
    """Cut off, overwritten, emptied, exchanged: scipy answers these with many kinds of exceptions, or a bus error."""
    flipped = [content[:at] + b"\xff" + content[at + 1 :] for at in range(124, len(content), 3)]
    return [b"", b"hello", b"MATLAB 5.0 MAT-file", bytes(600), *(content[:at] for at in (100, 130, 150)), *flipped]


@pytest.mark.parametrize("name", ["imagelabels.mat", "setid.mat"])
def test_a_damaged_label_file_is_named_whatever_scipy_makes_of_it(tmp_path: Path, name: str) -> None:
    root = make_flowers(tmp_path / "flowers-102")
    refused = 0
    for content in damage_in_every_way((root / name).read_bytes()):
        (root / name).write_bytes(content)
        try:
            read_flowers(root)
        except DatasetMissingError as err:  # other numbers than before, and no image for them
            assert "images of Flowers102 are missing" in str(err)
        except BakeoffError as err:
            refused += 1
            assert str(err).startswith(f"`{name}` of Flowers102 in {root} is damaged")
    assert refused > 20


def test_numbers_that_no_image_can_have_are_refused(tmp_path: Path) -> None:
    root = make_flowers(tmp_path / "flowers-102", ids=((0, 2), (3, 4), (5, 6)))
    with pytest.raises(BakeoffError, match="`setid.mat` .* is damaged"):
        read_flowers(root)


def test_a_label_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    root = make_flowers(tmp_path / "flowers-102")
    with (root / "setid.mat").open("ab") as handle:
        handle.truncate(2_000_000)
    with pytest.raises(BakeoffError, match="`setid.mat` .* is damaged"):
        read_flowers(root)


def test_a_complete_set_is_preferred_to_one_that_is_not(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path))
    (tmp_path / "flowers-102").mkdir()
    assert flowers_folder() == tmp_path / "flowers-102"
    complete = make_flowers(home / "datasets" / "flowers-102")
    assert flowers_folder() == complete
