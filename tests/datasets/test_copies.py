"""The same picture more than once in a data set: told, counted, and left out on demand."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from bakeoff_core.datasets.registry import known_copies, read_dataset, without_damaged
from bakeoff_core.errors import BakeoffError
from tests.support.image_folders import counts, picture

CLASSES = ("cat", "dog")


@pytest.fixture
def root(tmp_path: Path, home: Path) -> Path:
    """A folder of splits in which every picture is another: 6 / 3 / 4 of each class."""
    seed = 0
    for split, images in (("train", 6), ("val", 3), ("test", 4)):
        for name in CLASSES:
            folder = tmp_path / "mine" / split / name
            folder.mkdir(parents=True)
            for at in range(images):
                picture(seed).save(folder / f"{at}.png")
                seed += 1
    return tmp_path / "mine"


def copy(root: Path, source: str, *targets: str) -> None:
    for target in targets:
        shutil.copy(root / source, root / target)


def copy_anew(root: Path, source: str, target: str) -> None:
    Image.open(root / source).save(root / target, quality=80)


def looked_at(root: Path, leave_out: bool = False):
    return without_damaged(read_dataset("folder", root), leave_out_copies=leave_out)


def told(dataset) -> list[str]:
    return list(dataset.notes[1:])


def test_where_every_picture_is_another_nothing_is_said_or_left_out(root: Path) -> None:
    dataset = looked_at(root)
    assert (told(dataset), dataset.copies.pairs, dataset.copies.left_out) == ([], (), 0)
    assert counts(looked_at(root, leave_out=True)) == {"train": 12, "val": 6, "test": 8}


def test_copies_of_training_images_in_the_test_are_counted_named_and_left_out(root: Path) -> None:
    copy(root, "train/cat/0.png", "test/cat/a.png")
    copy(root, "val/dog/1.png", "test/dog/b.png")
    copy_anew(root, "train/cat/1.png", "test/cat/c.jpg")
    dataset = looked_at(root)
    assert (dataset.copies.test_identical, dataset.copies.test_alike) == (2, 1)
    assert told(dataset) == [
        "Of the 11 images to test on, 3 are also among those to train or validate on (2 byte for byte, 1 nearly the "
        "same): accuracy on these says little of new images."
    ]
    assert [(pair.image, pair.of, pair.is_identical) for pair in dataset.copies.pairs] == [
        ("test/cat/a.png", "train/cat/0.png", True),
        ("test/dog/b.png", "val/dog/1.png", True),
        ("test/cat/c.jpg", "train/cat/1.png", False),
    ]
    without = looked_at(root, leave_out=True)
    assert counts(without) == {"train": 12, "val": 6, "test": 8}
    assert told(without) == [
        "Of the 11 images to test on, 3 are also among those to train or validate on (2 byte for byte, 1 nearly the "
        "same).",
        "3 images were left out as copies, or for labels that contradict each other.",
    ]
    assert without.content_key() != dataset.content_key()


def test_copies_in_the_validation_are_told_and_left_out(root: Path) -> None:
    copy(root, "train/cat/0.png", "val/cat/a.png")
    dataset = looked_at(root, leave_out=True)
    assert told(dataset) == [
        "Of the 7 images to validate on, 1 is also among those to train on (1 byte for byte).",
        "1 image was left out as a copy, or for labels that contradict each other.",
    ]
    assert counts(dataset) == {"train": 12, "val": 6, "test": 8}


def test_copies_within_a_split_are_told_and_stay(root: Path) -> None:
    copy(root, "train/cat/0.png", "train/cat/a.png", "train/cat/b.png")
    copy_anew(root, "test/dog/0.png", "test/dog/0 again.jpg")
    dataset = looked_at(root, leave_out=True)
    assert told(dataset) == [
        "3 are there more than once within train, val or test (2 byte for byte, 1 nearly the same)."
    ]
    assert counts(dataset) == {"train": 14, "val": 6, "test": 9}


def test_the_same_bytes_under_two_labels_are_left_out_on_both_sides(root: Path) -> None:
    copy(root, "train/cat/0.png", "train/dog/a.png")
    copy(root, "test/cat/3.png", "test/dog/b.png")
    dataset = looked_at(root, leave_out=True)
    assert dataset.copies.contradicting == 4
    assert "4 images have the same bytes as one of another class: one of the two labels is wrong." in told(dataset)
    assert counts(dataset) == {"train": 11, "val": 6, "test": 7}


def test_nearly_the_same_picture_under_another_label_stays_and_is_told(root: Path) -> None:
    """A small difference may be what the classes are about."""
    copy_anew(root, "train/cat/0.png", "test/dog/a.jpg")
    dataset = looked_at(root, leave_out=True)
    assert counts(dataset) == {"train": 12, "val": 6, "test": 9}
    assert told(dataset)[1] == (
        "1 image is nearly the same as one of another class; a small difference may be what tells them apart, or a "
        "label is wrong."
    )
    assert (dataset.copies.left_out, dataset.copies.alike_contradicting) == (0, 1)


def test_a_test_of_nothing_but_copies_is_refused_once_they_are_left_out(root: Path) -> None:
    shutil.rmtree(root / "test")
    shutil.copytree(root / "train", root / "test")
    assert looked_at(root).copies.test_identical == 12
    with pytest.raises(BakeoffError, match="Every image to test on is a copy of one to train or validate on, or"):
        looked_at(root, leave_out=True)


def test_a_class_that_loses_all_its_training_images_is_named(root: Path) -> None:
    shutil.rmtree(root / "train" / "dog")
    (root / "train" / "dog").mkdir()
    copy(root, "train/cat/0.png", "train/dog/0.png")
    with pytest.raises(BakeoffError, match=r"image once those whose copies contradict are left out. .*: dog \(0\)\.$"):
        looked_at(root, leave_out=True)


def test_what_was_found_is_kept_and_known_without_opening_an_image(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy(root, "train/cat/0.png", "test/cat/a.png")
    assert known_copies(read_dataset("folder", root)) is None
    found = looked_at(root)
    monkeypatch.setattr("bakeoff_core.datasets.images.open_rgb", None)
    assert known_copies(read_dataset("folder", root)) == found.copies
    assert looked_at(root) == found


def test_a_damaged_copy_is_left_out_as_damaged(root: Path) -> None:
    copy(root, "train/cat/0.png", "test/cat/a.png")
    (root / "test" / "cat" / "a.png").write_bytes((root / "train" / "cat" / "0.png").read_bytes()[:-30])
    dataset = looked_at(root)
    assert (len(dataset.skipped), dataset.copies.pairs) == (1, ())


def test_of_many_copies_the_first_are_named_and_all_counted(root: Path) -> None:
    copy(root, "train/cat/0.png", *(f"test/cat/copy {at}.png" for at in range(30)))
    copies = looked_at(root).copies
    assert (copies.test_identical, copies.within_identical, len(copies.pairs)) == (30, 0, 12)
