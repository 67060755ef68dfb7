"""Data sets as indices: the official splits, our own, and folders in every state."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from bakeoff_core.datasets import available_datasets, read_dataset, without_damaged
from bakeoff_core.errors import BakeoffError, DatasetMissingError

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("BAKEOFF_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def flowers() -> Path:
    if not (DATA / "flowers-102").is_dir():
        pytest.skip(f"Flowers102 is not in {DATA}; name its folder with BAKEOFF_TEST_DATA")
    return DATA


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for at, name in enumerate(names):
        Image.new("RGB", (8, 8), (at * 20 % 256, 100, 50)).save(folder / name)


def fill_classes(root: Path, images: int = 10, classes: tuple[str, ...] = ("cat", "dog")) -> None:
    for name in classes:
        fill(root / name, *(f"{at}.png" for at in range(images)))


def counts(dataset) -> dict[str, int]:
    return {split: len(images) for split, images in dataset.splits().items()}


# --- Flowers102 ------------------------------------------------------------------------------------------------------


def test_flowers_have_their_official_splits(flowers: Path) -> None:
    dataset = read_dataset("flowers102", flowers)
    assert counts(dataset) == {"train": 1020, "val": 1020, "test": 6149}
    assert Counter(Counter(image.label for image in dataset.train).values()) == {10: 102}
    assert len({image.path for images in dataset.splits().values() for image in images}) == 8189


def test_flowers_agree_with_torchvision_image_for_image(flowers: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bakeoff_core.torchvision_ops import prepare_torchvision\n"
        "prepare_torchvision()\n"
        "from torchvision.datasets import Flowers102\nfrom bakeoff_core.datasets import read_dataset\n"
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


# --- ELPV ------------------------------------------------------------------------------------------------------------


def test_solar_cells_have_the_published_sizes_stratified_by_class_and_type() -> None:
    dataset = read_dataset("elpv")
    assert dataset.classes == ("functional", "defective")
    assert len(dataset.train) + len(dataset.val) == 1968
    assert len(dataset.test) == 656
    shares = [sum(image.label for image in images) / len(images) for images in dataset.splits().values()]
    assert max(shares) - min(shares) < 0.01
    assert "elpv" in available_datasets()


def test_the_split_is_the_same_in_another_process() -> None:
    code = "from bakeoff_core.datasets import read_dataset; print(read_dataset('elpv').content_key())"
    environment = os.environ | {"PYTHONHASHSEED": "17"}
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert other.stdout.strip() == read_dataset("elpv").content_key()


# --- folders ---------------------------------------------------------------------------------------------------------


def test_a_plain_folder_is_split_by_class(tmp_path: Path) -> None:
    fill_classes(tmp_path, images=20, classes=("img10", "img2", "Img1"))
    dataset = read_dataset("folder", tmp_path)
    assert dataset.classes == ("Img1", "img2", "img10")
    assert counts(dataset) == {"train": 42, "val": 9, "test": 9}
    assert Counter(image.label for image in dataset.test) == {0: 3, 1: 3, 2: 3}
    assert "no splits of its own" in dataset.notes[0]
    assert read_dataset("folder", tmp_path) == dataset


def test_a_folder_with_splits_keeps_them(tmp_path: Path) -> None:
    for split, images in (("train", 6), ("valid", 2), ("test", 3)):
        fill_classes(tmp_path / split, images)
    assert counts(read_dataset("folder", tmp_path)) == {"train": 12, "val": 4, "test": 6}


def test_missing_splits_are_taken_from_the_training_images_and_said(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 20)
    dataset = read_dataset("folder", tmp_path)
    assert counts(dataset) == {"train": 28, "val": 6, "test": 6}
    assert len(dataset.notes) == 3


def test_what_is_no_image_is_skipped_named_and_counted(tmp_path: Path) -> None:
    fill_classes(tmp_path, 10)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "cat" / "empty.jpg").write_bytes(b"")
    (tmp_path / "cat" / ".hidden.png").write_bytes(b"")
    dataset = read_dataset("folder", tmp_path)
    assert sorted(skip.path.name for skip in dataset.skipped) == ["empty.jpg", "notes.txt"]
    assert sum(counts(dataset).values()) == 20


def test_damaged_images_are_left_out_once_they_are_decoded(tmp_path: Path) -> None:
    fill_classes(tmp_path, 10)
    damaged = tmp_path / "cat" / "3.png"
    damaged.write_bytes(damaged.read_bytes()[:-30])
    sound = without_damaged(read_dataset("folder", tmp_path))
    assert [skip.path for skip in sound.skipped] == [damaged]
    assert sum(counts(sound).values()) == 19


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root.rmdir(), "There is no folder"),
        (lambda root: fill(root, "a.png"), "has no folders in it. Put the images of each class"),
        (lambda root: fill(root / "cat", "a.png", "b.png"), "has only one class, 'cat'"),
        (lambda root: (fill(root / "cat", "a.png"), (root / "dog").mkdir()), "too few"),
        (lambda root: (fill_classes(root, 3), (root / "owl").mkdir()), "at least 3 usable images .*: owl \\(0\\)"),
        (
            lambda root: (fill_classes(root / "train", 3), fill_classes(root / "test", 1, ("cat", "owl"))),
            "has classes that there are no images to train on: owl",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path, make, words: str) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    make(root)
    with pytest.raises(BakeoffError, match=words):
        read_dataset("folder", root)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    fill_classes(tmp_path / "mine", 5)
    fill(tmp_path / "elsewhere", "secret.png")
    (tmp_path / "mine" / "cat" / "link.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    (tmp_path / "mine" / "owl").symlink_to(tmp_path / "elsewhere")
    dataset = read_dataset("folder", tmp_path / "mine")
    assert dataset.classes == ("cat", "dog")
    assert sum(counts(dataset).values()) == 10


def test_other_content_has_another_key(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    before = read_dataset("folder", tmp_path).content_key()
    Image.new("RGB", (9, 9)).save(tmp_path / "cat" / "0.png")
    assert read_dataset("folder", tmp_path).content_key() != before


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of flowers102, elpv, folder. Got 'cifar'"):
        read_dataset("cifar")
