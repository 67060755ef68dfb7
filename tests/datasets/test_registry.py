"""Data sets in one interface: what is here, what is missing, and what is damaged."""

import hashlib
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from PIL import Image

from bakeoff_core.datasets import registry as datasets_registry
from bakeoff_core.datasets.records import ImageDataset
from bakeoff_core.datasets.registry import (
    available_datasets,
    is_checked,
    kept_ranges,
    read_dataset,
    without_damaged,
)
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from tests.support.image_folders import counts, fill_classes, make_flowers, split_digest
from tests.support.odd_images import KINDS
from tests.support.places import ROOT


def test_solar_cells_have_the_published_sizes_stratified_by_class_and_type() -> None:
    dataset = read_dataset("elpv")
    assert dataset.classes == ("functional", "defective")
    assert len(dataset.train) + len(dataset.val) == 1968
    assert len(dataset.test) == 656
    shares = [sum(image.label for image in images) / len(images) for images in dataset.splits().values()]
    assert max(shares) - min(shares) < 0.01
    assert "elpv" in available_datasets()


def test_the_split_of_the_solar_cells_is_the_same_as_ever() -> None:
    """Figures of earlier runs would not be comparable otherwise."""
    assert split_digest(read_dataset("elpv")) == "e97f351be63eeb2b"


def test_the_split_is_the_same_in_another_process() -> None:
    code = "from bakeoff_core.datasets.registry import read_dataset; print(read_dataset('elpv').content_key())"
    environment = os.environ | {"PYTHONHASHSEED": "17"}
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert other.stdout.strip() == read_dataset("elpv").content_key()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of flowers102, elpv, folder. Got 'cifar'"):
        read_dataset("cifar")


def test_other_content_has_another_key(tmp_path: Path) -> None:
    fill_classes(tmp_path, 5)
    before = read_dataset("folder", tmp_path).content_key()
    Image.new("RGB", (9, 9)).save(tmp_path / "cat" / "0.png")
    assert read_dataset("folder", tmp_path).content_key() != before


def test_damaged_images_are_left_out_once_they_are_decoded(tmp_path: Path) -> None:
    fill_classes(tmp_path, 10)
    damaged = tmp_path / "cat" / "3.png"
    damaged.write_bytes(damaged.read_bytes()[:-30])
    sound = without_damaged(read_dataset("folder", tmp_path))
    assert [skip.path for skip in sound.skipped] == [damaged]
    assert sum(counts(sound).values()) == 19


def test_a_second_check_of_the_same_images_decodes_only_the_damaged_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mine"
    fill_classes(root, 10)
    damaged = root / "cat" / "3.png"
    damaged.write_bytes(damaged.read_bytes()[:-30])
    first = without_damaged(read_dataset("folder", root))
    decoded: list[Path] = []
    find = datasets_registry.find_damaged
    monkeypatch.setattr(datasets_registry, "find_damaged", lambda paths, *rest: find(noted(paths, decoded), *rest))
    seen: list[int] = []
    assert without_damaged(read_dataset("folder", root), seen.append) == first
    assert (decoded, seen) == ([damaged], [20])
    Image.new("RGB", (8, 8)).save(damaged)
    assert sum(counts(without_damaged(read_dataset("folder", root))).values()) == 20
    assert len(decoded) == 1 + 20


def noted(paths, decoded: list[Path]):
    for path in paths:
        decoded.append(path)
        yield path


UNREADABLE_PLACES = json.dumps(
    {"version": 2, "pillow": metadata.version("pillow"), "damaged": [], "identical": [[0, 10]], "alike": []}
)
"""Of ten images, of which the last is in place 9."""


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 1, "damaged": []}', '{"version": 99, "damaged": []}', UNREADABLE_PLACES]
)
def test_a_kept_check_that_cannot_be_trusted_is_made_again(tmp_path: Path, home: Path, content: str) -> None:
    root = tmp_path / "mine"
    fill_classes(root, 5)
    (root / "cat" / "3.png").write_bytes((root / "cat" / "3.png").read_bytes()[:-30])
    dataset = read_dataset("folder", root)
    (home / "checks").mkdir(parents=True)
    (home / "checks" / f"{dataset.content_key()}.json").write_text(content)
    assert len(without_damaged(dataset).skipped) == 1


def test_a_check_is_made_even_where_its_outcome_cannot_be_kept(tmp_path: Path, home: Path) -> None:
    fill_classes(tmp_path / "mine", 5)
    home.write_text("a file where the folder should be")
    dataset = read_dataset("folder", tmp_path / "mine")
    assert counts(without_damaged(dataset)) == counts(dataset)


def test_an_image_deleted_between_listing_and_opening_is_skipped_and_named(tmp_path: Path) -> None:
    fill_classes(tmp_path / "mine", 10)
    dataset = read_dataset("folder", tmp_path / "mine")
    gone = dataset.train[0].path
    gone.unlink()
    sound = without_damaged(dataset)
    assert [(skip.path, skip.reason) for skip in sound.skipped] == [
        (gone, f"{gone.name} can't be read: No such file or directory.")
    ]
    assert sum(counts(sound).values()) == 19


def test_too_much_damage_is_refused_with_the_reason(tmp_path: Path) -> None:
    fill_classes(tmp_path / "mine", 3)
    dataset = read_dataset("folder", tmp_path / "mine")
    for path in (tmp_path / "mine" / "dog").iterdir():
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BakeoffError, match=r"is 1 usable image .* 2 classes; too few. Skipped: 3, .* is damaged"):
        without_damaged(dataset)


def test_what_is_missing_is_named_with_what_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetMissingError) as caught:
        read_dataset("flowers102")
    assert str(caught.value).endswith(
        "Available without it: the solar cells of ELPV (`elpv`), and any folder of your own (`folder`)."
    )
    monkeypatch.setattr("bakeoff_core.datasets.elpv.elpv_folder", lambda: None)
    monkeypatch.setattr("bakeoff_core.datasets.registry.elpv_folder", lambda: None)
    with pytest.raises(DatasetMissingError, match="pip install elpv-dataset.*Available without it: any folder of your"):
        read_dataset("elpv")


def test_flowers_are_available_only_with_their_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path))
    (make_flowers(tmp_path / "flowers-102") / "jpg").rename(tmp_path / "aside")
    assert available_datasets() == ("elpv",)
    (tmp_path / "aside").rename(tmp_path / "flowers-102" / "jpg")
    assert available_datasets() == ("flowers102", "elpv")


def test_damage_that_leaves_nothing_to_test_on_is_refused(tmp_path: Path) -> None:
    fill_classes(tmp_path / "mine", 4)
    dataset = read_dataset("folder", tmp_path / "mine")
    for image in dataset.test:
        image.path.write_bytes(image.path.read_bytes()[:-30])
    with pytest.raises(BakeoffError, match="Every image to test on is damaged, the first because .* is damaged or cut"):
        without_damaged(dataset)


@pytest.mark.parametrize("name", ["x" * 300, "~nobody-of-this-name", "no\0such"])
def test_an_absurd_place_for_flowers_is_answered_in_words(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetMissingError, match="Flowers102 is not complete in"):
        read_dataset("flowers102", Path(name))
    if "\0" not in name:
        monkeypatch.setenv("BAKEOFF_DATA", name)
        assert available_datasets() == ("elpv",)


# --- more than 8 bits, more than one frame ----------------------------------------------------------------------------


def fill_odd(root: Path, *kinds: str) -> Path:
    """Three images of each kind, in each of two classes."""
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for kind in kinds:
            for at in range(3):
                (root / name / f"{at}-{kind}").write_bytes(KINDS[kind]())
    return root


def test_what_is_black_and_white_is_decided_by_the_data_set_and_said(tmp_path: Path) -> None:
    dataset = read_dataset("folder", fill_odd(tmp_path / "mine", "12-of-16.png", "float-1.tif", "grey.png"))
    assert dataset.value_ranges() == {}
    sound = without_damaged(dataset)
    ranges = {"F": (0, 1), "I;16": (0, 4095)}
    assert sound.value_ranges() == ranges
    for image in sound.images():
        assert image.value_ranges == ({} if "grey" in image.path.name else ranges)
    assert _of_values(sound) == [
        "6 grey images have pixels of floating-point numbers, from 0 to 0.937255 in all of the data set: 0 is taken "
        "for black and 1 for white.",
        "6 grey images have pixels of 16 bits, from 0 to 3,838 in all of the data set: 0 is taken for black and 4,095 "
        "for white.",
    ]


def _of_values(dataset: ImageDataset) -> list[str]:
    """The notes on black and white."""
    return [note for note in dataset.notes if "is taken for black" in note]


def test_one_bright_image_decides_for_all_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    root = fill_odd(tmp_path / "mine", "12-of-16.png")
    (root / "cat" / "bright.png").write_bytes(KINDS["16.png"]())
    (note,) = _of_values(without_damaged(read_dataset("folder", root)))
    assert note == (
        "7 grey images have pixels of 16 bits, from 0 to 61,423 in all of the data set: 0 is taken for black and "
        "65,535 for white."
    )
    (root / "cat" / "bright.png").write_bytes(KINDS["16.png"]()[:200])
    assert without_damaged(read_dataset("folder", root)).value_ranges() == {"I;16": (0, 4095)}


def test_a_check_that_was_kept_knows_what_is_black_and_white(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = read_dataset("folder", fill_odd(tmp_path / "mine", "12-of-16.png"))
    assert kept_ranges(dataset) == {}
    first = without_damaged(dataset)
    assert kept_ranges(dataset) == first.value_ranges() == {"I;16": (0, 4095)}
    decoded: list[Path] = []
    find = datasets_registry.find_damaged
    monkeypatch.setattr(datasets_registry, "find_damaged", lambda paths, *rest: find(noted(paths, decoded), *rest))
    again = without_damaged(dataset)
    assert (again, again.value_ranges(), decoded) == (first, first.value_ranges(), [])


def test_a_check_of_before_copies_were_looked_for_is_made_anew(tmp_path: Path, home: Path) -> None:
    fill_classes(tmp_path / "mine", 5)
    dataset = read_dataset("folder", tmp_path / "mine")
    (home / "checks").mkdir(parents=True)
    content = {"version": 1, "pillow": metadata.version("pillow"), "damaged": []}
    (home / "checks" / f"{dataset.content_key()}.json").write_text(json.dumps(content))
    assert not is_checked(dataset)
    without_damaged(dataset)
    assert is_checked(dataset)


def test_images_of_more_bits_have_another_key_than_when_each_was_stretched_by_itself(tmp_path: Path) -> None:
    """Features, checks and checkpoints of then are not of what is seen now; all others stay good."""

    def key_of_then(dataset: ImageDataset) -> str:
        digest = hashlib.sha256(repr(dataset.classes).encode())
        for split, images in dataset.splits().items():
            digest.update(split.encode())
            for image in images:
                status, name = image.path.stat(), os.path.relpath(image.path, dataset.root)
                digest.update(f"{name}\0{image.label}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]

    plain = read_dataset("folder", fill_odd(tmp_path / "plain", "grey.png", "rgba.png", "two.gif"))
    deep = read_dataset("folder", fill_odd(tmp_path / "deep", "grey.png", "16.png"))
    assert plain.content_key() == key_of_then(plain)
    assert deep.content_key() != key_of_then(deep)
    assert without_damaged(deep).content_key() == deep.content_key()


@pytest.mark.parametrize(
    ("kinds", "note"),
    [
        (("two.tif", "two.gif", "grey.png"), "12 of the 18 images hold several frames or pages; only the first of "),
        (("two.webp",), "6 of the 6 images hold several frames or pages; only the first of "),
    ],
)
def test_images_of_which_only_the_first_frame_is_used_are_counted(
    tmp_path: Path, kinds: tuple[str, ...], note: str
) -> None:
    assert read_dataset("folder", fill_odd(tmp_path / "mine", *kinds)).notes[-1] == f"{note}each is used."


def test_a_single_image_of_several_pages_is_told_as_one(tmp_path: Path) -> None:
    root = fill_odd(tmp_path / "mine", "grey.png")
    assert len(read_dataset("folder", root).notes) == 1
    (root / "cat" / "scan.tif").write_bytes(KINDS["two.tif"]())
    note = "1 of the 7 images holds several frames or pages; only the first of them is used."
    assert read_dataset("folder", root).notes[1:] == (note,)
