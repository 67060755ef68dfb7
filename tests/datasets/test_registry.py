"""Data sets in one interface: what is here, what is missing, and what is damaged."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from PIL import Image

from bakeoff_core.datasets import registry as datasets_registry
from bakeoff_core.datasets.registry import available_datasets, read_dataset, without_damaged
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from tests.support.image_folders import counts, fill_classes, make_flowers, split_digest
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
