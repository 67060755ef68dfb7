"""Folders of the user's own as data sets, in every state."""

import os
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_core.datasets import image_folder, listing
from bakeoff_core.datasets.image_folder import read_folder
from bakeoff_core.datasets.records import ImageDataset, LabelledImage
from bakeoff_core.errors import BakeoffError
from tests.support.image_folders import counts, fill, fill_classes, split_digest
from tests.support.odd_images import KINDS


def test_a_plain_folder_is_split_by_class(tmp_path: Path) -> None:
    fill_classes(tmp_path, images=20, classes=("img10", "img2", "Img1"))
    dataset = read_folder(tmp_path)
    assert dataset.classes == ("Img1", "img2", "img10")
    assert counts(dataset) == {"train": 42, "val": 9, "test": 9}
    assert Counter(image.label for image in dataset.test) == {0: 3, 1: 3, 2: 3}
    assert "no splits of its own" in dataset.notes[0]
    assert read_folder(tmp_path) == dataset


def test_a_folder_with_splits_keeps_them(tmp_path: Path) -> None:
    for split, images in (("train", 6), ("valid", 2), ("test", 3)):
        fill_classes(tmp_path / split, images)
    assert counts(read_folder(tmp_path)) == {"train": 12, "val": 4, "test": 6}


def test_missing_splits_are_taken_from_the_training_images_and_said(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 20)
    dataset = read_folder(tmp_path)
    assert counts(dataset) == {"train": 28, "val": 6, "test": 6}
    assert len(dataset.notes) == 3


def test_what_is_no_image_is_skipped_named_and_counted(tmp_path: Path) -> None:
    fill_classes(tmp_path, 10)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "cat" / "empty.jpg").write_bytes(b"")
    (tmp_path / "cat" / ".hidden.png").write_bytes(b"")
    dataset = read_folder(tmp_path)
    assert sorted(skip.path.name for skip in dataset.skipped) == ["empty.jpg", "notes.txt"]
    assert sum(counts(dataset).values()) == 20


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root.rmdir(), "There is no folder"),
        (
            lambda root: (root.rmdir(), root.write_bytes(b"PK")),
            "is a file. Name the folder .*\\. A zip file is unpacked first",
        ),
        (
            lambda root: fill_classes(root / "photos" / "train", 3),
            "only one class, 'photos'; .* folders of its own \\(train\\): if .* name .*photos\\.",
        ),
        (
            lambda root: (fill(root / "cat", "a.png"), (root / "dog").symlink_to(root / "cat")),
            "only one class, 'cat'; .* Skipped: 1, the first because dog is a link",
        ),
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
        read_folder(root)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    fill_classes(tmp_path / "mine", 5)
    fill(tmp_path / "elsewhere", "secret.png")
    (tmp_path / "mine" / "cat" / "link.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    (tmp_path / "mine" / "owl").symlink_to(tmp_path / "elsewhere")
    dataset = read_folder(tmp_path / "mine")
    assert dataset.classes == ("cat", "dog")
    assert sum(counts(dataset).values()) == 10


def test_the_sizes_of_drawn_splits_are_told_as_totals(tmp_path: Path) -> None:
    fill_classes(tmp_path, 3)
    assert read_folder(tmp_path).notes == (
        "The folder has no splits of its own: its 6 images were divided class by class with the seed 2026, in all "
        "2 to train on, 2 to validate and 2 to test.",
    )


# --- train and val, no test ------------------------------------------------------------------------------------------


def test_val_is_the_test_where_there_is_no_other(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 20)
    fill_classes(tmp_path / "Valid", 7)
    dataset = read_folder(tmp_path)
    assert counts(dataset) == {"train": 34, "val": 6, "test": 14}
    assert {image.path.parts[-3] for image in dataset.test} == {"Valid"}
    assert {image.path.parts[-3] for image in (*dataset.train, *dataset.val)} == {"train"}
    assert dataset.test_from == "val"
    assert dataset.notes == (
        "The splits are the folder's own.",
        "It has no `test`, so `Valid` is the test, as in others' figures on it: 14 images. For choices, 6 images of "
        "`train` were held back from training.",
    )


def test_the_test_can_be_taken_from_train_as_before(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 20)
    fill_classes(tmp_path / "val", 7)
    dataset = read_folder(tmp_path, "train")
    assert counts(dataset) == {"train": 34, "val": 14, "test": 6}
    assert {image.path.parts[-3] for image in dataset.val} == {"val"}
    assert (dataset.test_from, dataset.notes[1]) == (
        "train",
        "It has no images to test on; 6 images of `train` were taken.",
    )


@pytest.mark.parametrize("splits", [("train",), ("train", "test"), ("train", "val", "test"), ()])
def test_where_there_is_no_choice_the_test_is_the_same_either_way(tmp_path: Path, splits: tuple[str, ...]) -> None:
    for split in splits or (".",):
        fill_classes(tmp_path / split, 8)
    assert read_folder(tmp_path, "val") == read_folder(tmp_path, "train")
    assert read_folder(tmp_path).test_from is None


def test_a_test_without_class_folders_is_no_test(tmp_path: Path) -> None:
    """As competitions publish it, without labels."""
    fill_classes(tmp_path / "train", 8)
    fill_classes(tmp_path / "val", 3)
    fill(tmp_path / "test", "1.png")
    dataset = read_folder(tmp_path)
    assert counts(dataset) == {"train": 14, "val": 2, "test": 6}
    assert "`test` has no class folders, so it is not known what its images show." in dataset.notes
    assert reasons(dataset) == {"test/1.png": f"1.png {image_folder.BESIDE}"}


def test_a_class_too_small_to_hold_an_image_back_is_named(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 5)
    fill_classes(tmp_path / "val", 5)
    for at in range(1, 5):
        (tmp_path / "train" / "dog" / f"{at}.png").unlink()
    with pytest.raises(BakeoffError, match=r"at least 2 usable images so that the validation gets one.*: dog \(1\)"):
        read_folder(tmp_path)


# --- names of other systems ------------------------------------------------------------------------------------------

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def test_classes_whose_accents_are_written_in_another_way_are_the_same(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 4, (COMPOSED, "tea"))
    fill_classes(tmp_path / "val", 2, (DECOMPOSED, "tea"))
    fill_classes(tmp_path / "test", 3, (DECOMPOSED, "tea"))
    dataset = read_folder(tmp_path)
    assert dataset.classes == (COMPOSED, "tea")
    assert counts(dataset) == {"train": 8, "val": 4, "test": 6}


def test_class_names_are_composed_and_paths_stay_as_they_are_on_the_disk(tmp_path: Path) -> None:
    fill_classes(tmp_path, 4, (DECOMPOSED, "tea"))
    dataset = read_folder(tmp_path)
    assert dataset.classes == (COMPOSED, "tea")
    assert all(image.path.is_file() for image in dataset.train)


def test_two_folders_of_one_name_are_one_class_and_said(tmp_path: Path) -> None:
    fill_classes(tmp_path, 4, (COMPOSED, DECOMPOSED, "tea"))
    dataset = read_folder(tmp_path)
    assert (dataset.classes, sum(counts(dataset).values())) == ((COMPOSED, "tea"), 12)
    assert dataset.notes[1] == "Folders of the same name, its accents written in different ways, are one class: café."


def test_one_folder_copied_between_systems_has_the_same_splits_and_key(tmp_path: Path) -> None:
    roots = [tmp_path / "a", tmp_path / "b"]
    for root, name in zip(roots, (COMPOSED, DECOMPOSED), strict=True):
        fill(root / "tea", *(f"{at}.png" for at in range(12)))
        fill(root / name, *(f"{name} {at}.png" for at in range(12)), "cafz.png")
        for path in root.rglob("*.png"):
            os.utime(path, ns=(0, 10**18))
    one, other = map(read_folder, roots)
    assert one.content_key() == other.content_key()
    assert split_digest(one) == split_digest(replace(other, **composed_splits(other)))


def composed_splits(dataset: ImageDataset) -> dict[str, tuple[LabelledImage, ...]]:
    return {
        split: tuple(replace(image, path=Path(unicodedata.normalize("NFC", str(image.path)))) for image in images)
        for split, images in dataset.splits().items()
    }


def test_a_class_in_other_letters_is_the_same_where_only_one_can_be_meant(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 4, ("Cat", "dog", "Dog"))
    fill_classes(tmp_path / "test", 2, ("cat", "dog", "Dog"))
    dataset = read_folder(tmp_path)
    assert (dataset.classes, len(dataset.test)) == (("Cat", "Dog", "dog"), 6)
    assert "Taken for the class of the same name in other letters: test/cat." in dataset.notes
    fill_classes(tmp_path / "test", 2, ("DOG",))
    with pytest.raises(BakeoffError, match="has classes that there are no images to train on: DOG"):
        read_folder(tmp_path)


def test_a_folder_is_found_however_its_accents_are_typed(tmp_path: Path) -> None:
    fill_classes(tmp_path / DECOMPOSED / "mine", 4)
    assert read_folder(tmp_path / COMPOSED / "mine").root == tmp_path / DECOMPOSED / "mine"
    with pytest.raises(BakeoffError, match=f"There is no folder {tmp_path / COMPOSED / 'other'}"):
        read_folder(tmp_path / COMPOSED / "other")


# --- what is left out ------------------------------------------------------------------------------------------------


def reasons(dataset) -> dict[str, str]:
    return {str(skip.path.relative_to(dataset.root)): skip.reason for skip in dataset.skipped}


def test_a_link_to_another_image_does_not_count_as_an_image_of_its_own(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    (tmp_path / "cat" / "again.png").symlink_to(tmp_path / "cat" / "0.png")
    (tmp_path / "dog" / "loop").symlink_to(tmp_path)
    dataset = read_folder(tmp_path)
    assert sum(counts(dataset).values()) == 10
    assert reasons(dataset) == {
        "cat/again.png": f"again.png {listing.LINK}",
        "dog/loop": f"loop {listing.LINK}",
    }


def test_a_folder_of_nothing_but_links_says_so(tmp_path: Path) -> None:
    fill_classes(tmp_path / "real", 5)
    for name in ("cat", "dog"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for path in (tmp_path / "real" / name).iterdir():
            (tmp_path / "mine" / name / path.name).symlink_to(path)
    with pytest.raises(BakeoffError, match=r"too few. Skipped: 10, the first because 0.png is a link"):
        read_folder(tmp_path / "mine")


def test_images_beside_the_class_folders_are_named_and_other_files_are_not(tmp_path: Path) -> None:
    for split in ("train", "test"):
        fill_classes(tmp_path / split, 4)
        fill(tmp_path / split, "stray.png")
        (tmp_path / split / "labels.csv").write_text("a,b")
    fill(tmp_path, "cover.jpg")
    assert reasons(read_folder(tmp_path)) == {
        f"{place}": f"{Path(place).name} {image_folder.BESIDE}"
        for place in ("cover.jpg", "train/stray.png", "test/stray.png")
    }
    plain = tmp_path / "train"
    assert reasons(read_folder(plain)) == {"stray.png": f"stray.png {image_folder.BESIDE}"}


@pytest.mark.timeout(20)
def test_a_pipe_called_as_an_image_does_not_hang_the_reader(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    os.mkfifo(tmp_path / "cat" / "x.jpg")
    assert reasons(read_folder(tmp_path)) == {"cat/x.jpg": "x.jpg is no regular file."}


def test_file_names_that_are_no_unicode_are_skipped_in_words_that_can_be_written(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    (tmp_path / "cat" / os.fsdecode(b"caf\xe9.png")).write_bytes((tmp_path / "cat" / "0.png").read_bytes())
    dataset = read_folder(tmp_path)
    assert sum(counts(dataset).values()) == 10
    (skip,) = dataset.skipped
    assert skip.path == tmp_path / "cat" / "caf\\xe9.png"
    assert skip.reason.startswith("caf\\xe9.png has a name")
    assert f"{skip.path} {skip.reason}".encode()


def test_a_class_whose_name_is_no_unicode_is_refused(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    (tmp_path / "dog").rename(tmp_path / os.fsdecode(b"\xff\xfe"))
    with pytest.raises(BakeoffError, match=r"must be Unicode. Rename these folders: \\xff\\xfe.") as caught:
        read_folder(tmp_path)
    assert str(caught.value).encode()


def test_absurd_class_names_are_kept_and_shown_in_one_line(tmp_path: Path) -> None:
    names = ("two\nlines", "<script>alert(1)<", "🌸 flower", "x" * 255)
    fill_classes(tmp_path, 3, names)
    dataset = read_folder(tmp_path)
    assert set(dataset.classes) == set(names)
    (tmp_path / "two\nlines" / "0.png").unlink()
    with pytest.raises(BakeoffError, match=r"Too few in: two\\nlines \(2\)."):
        read_folder(tmp_path)


def test_a_list_of_many_names_is_cut_short(tmp_path: Path) -> None:
    fill_classes(tmp_path, 3)
    fill_classes(tmp_path, 2, tuple(f"small{at}" for at in range(100)))
    with pytest.raises(BakeoffError, match=r"small7 \(2\), and 92 more\."):
        read_folder(tmp_path)


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_classes(tmp_path, 5)
    fill(tmp_path / "cat" / "more", "7.png")
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "more":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)  # not by its mode: tests may be run by root
    dataset = read_folder(tmp_path)
    assert reasons(dataset) == {"cat/more": f"The folder {tmp_path / 'cat' / 'more'} can't be read: Permission denied."}
    monkeypatch.setattr(os, "scandir", lambda folder: refuse(Path("more")))
    with pytest.raises(BakeoffError, match="can't be read: Permission denied"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["x" * 300, "~nobody-of-this-name/images", "no\0such", "a\nb"])
def test_a_folder_with_an_absurd_name_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(BakeoffError, match="There is no folder"):
        read_folder(Path(name) if name.startswith("~") else tmp_path / name)


def test_a_folder_with_far_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_FILES", 9)
    fill_classes(tmp_path, 10)
    with pytest.raises(BakeoffError, match="cat has more than 9 files"):
        read_folder(tmp_path)


# --- splits or classes -----------------------------------------------------------------------------------------------


def test_the_drawn_splits_are_the_same_as_ever(tmp_path: Path) -> None:
    """Figures of earlier runs would not be comparable otherwise."""
    for name, images in (("cat", 20), ("dog", 13), ("owl/barn", 7)):
        fill(tmp_path / name, *(f"{at}.png" for at in range(images)))
    assert split_digest(read_folder(tmp_path)) == "0ea8562515663729"


def test_the_splits_drawn_from_training_images_are_the_same_as_ever(tmp_path: Path) -> None:
    for name, images in (("cat", 20), ("dog", 13)):
        fill(tmp_path / "train" / name, *(f"{at}.png" for at in range(images)))
    assert split_digest(read_folder(tmp_path)) == "fad0e0cc1d26a0dc"


def test_a_class_called_train_does_not_swallow_the_others(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5, ("train", "car", "plane"))
    dataset = read_folder(tmp_path)
    assert dataset.classes == ("car", "plane", "train")
    assert dataset.notes[1] == "Taken for a class and not for a split, by what is in and beside it: train."


def test_a_folder_train_that_may_be_both_split_and_class_is_refused(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5, ("train/steam", "train/diesel", "car", "plane"))
    with pytest.raises(BakeoffError, match="in two ways: `train` may hold .* or be a class like car, plane. Rename"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "names", [("training_set", "test_set"), ("seg_train", "seg_test"), ("TrainImages", "ValImages")]
)
def test_splits_that_are_called_otherwise_are_not_taken_for_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        fill_classes(tmp_path / name, 4)
    with pytest.raises(
        BakeoffError, match="in two ways: by their names, .* are splits; .* call them train, val and test"
    ):
        read_folder(tmp_path)


def test_classes_may_have_a_split_in_their_names(tmp_path: Path) -> None:
    fill_classes(tmp_path, 4, ("freight train", "test tube"))
    assert read_folder(tmp_path).classes == ("freight train", "test tube")


def test_classes_that_hold_folders_of_the_same_names_are_pointed_out(tmp_path: Path) -> None:
    for fold in ("fold1", "fold2"):
        fill_classes(tmp_path / fold, 4)
    (note,) = (note for note in read_folder(tmp_path).notes if "folders of the same names" in note)
    assert "The classes fold1, fold2 hold folders of the same names: cat, dog. If these are the classes" in note


def test_folders_within_a_class_are_not_pointed_out_where_they_are_no_classes(tmp_path: Path) -> None:
    fill_classes(tmp_path, 4, ("cat/2023", "dog/2024", "cat/2022", "dog/2023"))
    assert not any("folders of the same names" in note for note in read_folder(tmp_path).notes)


def test_folders_beside_sure_splits_are_left_out_and_named(tmp_path: Path) -> None:
    for split in ("train", "test"):
        fill_classes(tmp_path / split, 4)
    fill(tmp_path / "unlabelled", "1.png")
    (tmp_path / "models").mkdir()
    dataset = read_folder(tmp_path)
    assert dataset.classes == ("cat", "dog")
    assert reasons(dataset) == {name: f"{name} {image_folder.NO_SPLIT}" for name in ("models", "unlabelled")}


def test_a_folder_without_images_beside_train_makes_nothing_doubtful(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 8)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "1.xml").write_text("<a/>")
    assert read_folder(tmp_path).classes == ("cat", "dog")


def test_splits_are_known_in_any_case_of_letters(tmp_path: Path) -> None:
    for split in ("Train", "VALIDATION", "Test"):
        fill_classes(tmp_path / split, 3)
    assert counts(read_folder(tmp_path)) == {"train": 6, "val": 6, "test": 6}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("test/cat", "test/dog", "val/cat", "val/dog"), r"splits \(val, test\), and no class folders to train on"),
        (("train", "test"), r"splits \(train, test\), .* if they are classes, choose other names"),
        (("train", "test/cat", "test/dog"), r"splits \(train, test\), and no class folders"),
        (("train",), r"splits \(train\), .* such as train/cat; if it is a class"),
    ],
)
def test_splits_without_classes_to_train_on_are_refused(tmp_path: Path, names: tuple[str, ...], words: str) -> None:
    fill_classes(tmp_path, 4, names)
    with pytest.raises(BakeoffError, match=words):
        read_folder(tmp_path)


def test_classes_without_an_image_to_test_on_are_said(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 8)
    fill_classes(tmp_path / "test", 2, ("cat",))
    assert "There are no images to test on of: dog." in read_folder(tmp_path).notes


def test_images_are_known_by_what_is_in_them_and_not_by_their_ending(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    for name, kind in (("a.jfif", "turned-1.jpg"), ("b", "plain.heic"), ("c.AVIF", "plain.avif"), ("d.tmp", "16.png")):
        (tmp_path / "cat" / name).write_bytes(KINDS[kind]())
    (tmp_path / "cat" / "e.png").write_text("no image")
    (tmp_path / "f.jfif").write_bytes(KINDS["turned-1.jpg"]())
    dataset = read_folder(tmp_path)
    assert sum(counts(dataset).values()) == 14
    assert reasons(dataset) == {
        "cat/e.png": "e.png is no image in JPEG, PNG, WEBP, BMP, TIFF, GIF, AVIF or HEIC.",
        "f.jfif": f"f.jfif {image_folder.BESIDE}",
    }
