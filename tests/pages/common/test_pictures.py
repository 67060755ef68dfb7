"""Small pictures of a data set's images, as they are drawn on pages."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bakeoff_core.datasets.registry import read_dataset, without_damaged
from pages.parts.common import dataset_card
from pages.parts.common.pictures import Picture, source_of
from tests.support.odd_images import KINDS


def brightness_of(picture: Picture) -> float:
    content = base64.b64decode(source_of(picture).removeprefix("data:image/jpeg;base64,"))
    return float(np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=float).mean())


def grey_of_16_bits(path: Path, value: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((32, 32), value, np.uint16)).save(path)
    return path


@pytest.mark.parametrize(("ranges", "shade"), [({}, 16), ({"I;16": [0, 4095]}, 255), ({"I;16": [0, 16383]}, 64)])
def test_a_picture_is_as_bright_as_its_data_set_makes_it(tmp_path: Path, ranges: dict, shade: int) -> None:
    path = grey_of_16_bits(tmp_path / "a.png", 4095)
    assert abs(brightness_of(Picture(path, "", None, ranges)) - shade) <= 1


def test_samples_are_as_bright_before_all_images_were_looked_at_as_after(tmp_path: Path) -> None:
    for name, value in (("dark", 500), ("bright", 3500)):
        for at in range(4):
            grey_of_16_bits(tmp_path / name / f"{at}.png", value)
    dataset = read_dataset("folder", tmp_path)
    before = dataset_card._ranges_of(dataset.train, dataset)
    without_damaged(dataset)
    assert before == dataset_card._ranges_of(dataset.train, dataset) == {"I;16": (0, 4095)}


def test_a_photograph_with_an_odd_exif_is_drawn(tmp_path: Path) -> None:
    """The page showed an error box in place of all that came below."""
    (tmp_path / "phone.jpg").write_bytes(KINDS["exif-odd.jpg"]())
    content = base64.b64decode(source_of(Picture(tmp_path / "phone.jpg", "")).removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(content)).size == (24, 40)
