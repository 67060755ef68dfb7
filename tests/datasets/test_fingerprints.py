"""Which images are the same file or nearly the same picture, from pictures made for it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from bakeoff_core.datasets import fingerprints
from bakeoff_core.datasets.fingerprints import BANDS, Fingerprints, Groups
from bakeoff_core.datasets.images import find_damaged
from tests.support.image_folders import picture


def groups_of(*paths: Path) -> Groups:
    found = Fingerprints()
    assert not find_damaged(paths, look=found.add)
    return found.groups()


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original.png"
    picture(1).save(path)
    return path


def test_the_bands_are_the_whole_hash() -> None:
    assert sum(BANDS) == 64


def test_files_of_the_same_bytes_are_identical(tmp_path: Path, original: Path) -> None:
    paths = [original, tmp_path / "b.png", tmp_path / "c.png"]
    for path in paths[1:]:
        shutil.copy(original, path)
    other = tmp_path / "other.png"
    picture(2).save(other)
    group = tuple(paths)
    assert groups_of(*paths[:2], other, paths[2]) == Groups((group,), (group,))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: (image, "a.jpg", {"quality": 50}),
        lambda image: (image, "a.jpg", {"quality": 92}),
        lambda image: (image, "a.webp", {"quality": 80}),
        lambda image: (image, "a.png", {"compress_level": 1}),
        lambda image: (image.resize((100, 75), Image.Resampling.LANCZOS), "a.png", {}),
        lambda image: (image.resize((150, 112), Image.Resampling.BICUBIC), "a.jpg", {"quality": 80}),
    ],
)
def test_a_picture_saved_anew_is_nearly_the_same(tmp_path: Path, original: Path, change: Callable) -> None:
    image, name, options = change(Image.open(original))
    image.save(tmp_path / name, **options)
    assert groups_of(original, tmp_path / name) == Groups((), ((original, tmp_path / name),))


@pytest.mark.parametrize(
    "change",
    [
        ImageOps.mirror,
        ImageOps.flip,
        ImageOps.invert,
        lambda image: image.crop((20, 15, 180, 135)),
        lambda image: ImageEnhance.Brightness(image).enhance(1.3),
        lambda image: image.resize((200, 100)),
    ],
)
def test_a_picture_changed_in_what_it_shows_is_another(tmp_path: Path, original: Path, change: Callable) -> None:
    change(Image.open(original)).save(tmp_path / "changed.png")
    assert groups_of(original, tmp_path / "changed.png") == Groups()


def test_a_hundred_pictures_of_one_size_are_a_hundred(tmp_path: Path) -> None:
    paths = [tmp_path / f"{at}.png" for at in range(100)]
    for at, path in enumerate(paths):
        picture(at).save(path)
    assert groups_of(*paths) == Groups()


def test_blank_pictures_of_other_colours_are_others(tmp_path: Path) -> None:
    for at, colour in enumerate(("red", "green", "black", "white")):
        Image.new("RGB", (20, 20), colour).save(tmp_path / f"{at}.png")
    assert groups_of(*sorted(tmp_path.iterdir())) == Groups()


def test_one_image_and_none_have_no_copies(original: Path) -> None:
    assert groups_of() == groups_of(original) == Groups()


def test_images_after_the_most_that_are_held_are_compared_byte_for_byte(
    tmp_path: Path, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "MOST_PICTURES", 1)
    anew, copy = tmp_path / "anew.jpg", tmp_path / "copy.png"
    Image.open(original).save(anew)
    shutil.copy(original, copy)
    assert groups_of(original, anew, copy) == Groups(((original, copy),), ((original, copy),))


def test_a_file_that_is_gone_by_the_end_is_no_copy(tmp_path: Path, original: Path) -> None:
    copy = tmp_path / "copy.png"
    shutil.copy(original, copy)
    found = Fingerprints()
    for path in (original, copy):
        found.add(path, Image.open(path))
    copy.unlink()
    assert found.groups().identical == ()


def test_many_blank_pictures_are_one_group_without_comparing_all(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    are_same = fingerprints._are_same
    monkeypatch.setattr(fingerprints, "_are_same", lambda one, other: compared.append(len(one)) or are_same(one, other))
    found, blank = Fingerprints(), Image.fromarray(np.full((8, 8, 3), 200, np.uint8))
    for at in range(500):
        found.add(Path(f"/nowhere/{at}.png"), blank)
    (group,) = found.groups().alike
    assert len(group) == 500
    assert sum(compared) <= 500 * fingerprints.NEIGHBOURS * len(BANDS)
