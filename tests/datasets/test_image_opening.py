"""One way from a file to pixels, in the product and beside exported models."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bakeoff_core.datasets import image_opening
from bakeoff_core.datasets.image_opening import extremes, value_range
from bakeoff_core.datasets.images import find_damaged, open_rgb, thumbnail
from tests.support.odd_images import KINDS, colour, shades, write_odd_images

TURNS = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
"""What EXIF means by its orientations (CIPA DC-008, tag 0x0112)."""


def pixels_of(folder: Path, name: str, ranges: dict | None = None) -> np.ndarray:
    (folder / name).write_bytes(KINDS[name]())
    return np.asarray(open_rgb(folder / name, ranges))


def grey_of(folder: Path, name: str, ranges: dict | None = None) -> np.ndarray:
    pixels = pixels_of(folder, name, ranges)
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


def test_the_file_alone_opens_every_odd_kind_as_the_product_does_bit_for_bit(tmp_path: Path) -> None:
    """In a process that can't see the product: a copy of the module, Pillow, NumPy, and pillow-heif."""
    ranges = {"I;16": [0.0, 4095.0], "F": [-3.0, 70000.0]}
    shutil.copyfile(image_opening.__file__, tmp_path / "image_opening.py")
    (tmp_path / "config.json").write_text(json.dumps({"value_ranges": ranges}))
    paths = write_odd_images(tmp_path / "images")
    code = (
        "import hashlib, pathlib, sys; from image_opening import open_rgb\n"
        "for path in sorted(pathlib.Path('images').iterdir()):\n"
        "    print(path.name, hashlib.sha256(open_rgb(path).tobytes()).hexdigest())\n"
        "assert not any(name.split('.')[0] == 'bakeoff_core' for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    own = {path.name: hashlib.sha256(open_rgb(path, ranges).tobytes()).hexdigest() for path in paths}
    assert dict(line.split() for line in done.stdout.splitlines()) == own
    assert len(own) == len(KINDS) > 80


@pytest.mark.parametrize("suffix", [".png", "-raw.tif", "-tiff_deflate.tif"])
@pytest.mark.parametrize("orientation", TURNS)
def test_every_orientation_is_followed(tmp_path: Path, orientation: int, suffix: str) -> None:
    expected = TURNS[orientation](np.asarray(colour()))
    np.testing.assert_array_equal(pixels_of(tmp_path, f"turned-{orientation}{suffix}"), expected)


@pytest.mark.parametrize("orientation", TURNS)
def test_images_of_sixteen_bits_are_turned_too(tmp_path: Path, orientation: int) -> None:
    np.testing.assert_array_equal(grey_of(tmp_path, f"turned-{orientation}-16.tif"), TURNS[orientation](shades()))


@pytest.mark.parametrize("name", ["exif-odd.png", "exif-odd.webp"])
def test_an_odd_exif_changes_nothing_but_the_orientation_that_it_gives(tmp_path: Path, name: str) -> None:
    """Rewriting such an EXIF raised `TypeError`, which ended the job."""
    np.testing.assert_array_equal(pixels_of(tmp_path, name), TURNS[6](np.asarray(colour())))


@pytest.mark.parametrize("name", ["exif-odd.jpg", "exif-negative.jpg"])
def test_a_photograph_with_an_odd_exif_is_the_same_as_without(tmp_path: Path, name: str) -> None:
    np.testing.assert_array_equal(pixels_of(tmp_path, name), pixels_of(tmp_path, "turned-6.jpg"))


@pytest.mark.parametrize("name", ["exif-cut.jpg", "exif-none.jpg", "exif-nine.jpg"])
def test_a_photograph_whose_exif_says_no_orientation_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    np.testing.assert_array_equal(pixels_of(tmp_path, name), pixels_of(tmp_path, "turned-1.jpg"))


@pytest.mark.parametrize("name", ["rgba.png", "rgba.webp", "rgba.tif", "la.png", "la.tif"])
def test_a_shape_in_the_alpha_is_seen_on_white(tmp_path: Path, name: str) -> None:
    """Where the image itself is black all over, dropping the alpha left nothing."""
    np.testing.assert_array_equal(grey_of(tmp_path, name), shades())


@pytest.mark.parametrize(
    "name",
    [
        *("16.png", "16.tif", "16-big.tif", "16-packed.tif", "16-negative.tif"),
        *("32.tif", "float-1.tif", "float-255.tif", "two.gif", "grey.png"),
    ],
)
def test_however_many_bits_a_picture_is_kept_in_it_has_the_brightness_of_eight(tmp_path: Path, name: str) -> None:
    np.testing.assert_array_equal(grey_of(tmp_path, name), shades())


def test_a_transparent_shade_of_sixteen_bits_is_white(tmp_path: Path) -> None:
    expected = np.where(shades() == shades()[0, 0], 255, shades())
    np.testing.assert_array_equal(grey_of(tmp_path, "16-clear.png"), expected)


def test_twelve_bits_in_sixteen_are_as_bright_as_the_data_set_says(tmp_path: Path) -> None:
    bright = grey_of(tmp_path, "12-of-16.png", {"I;16": (0, 4095)}).astype(int)
    assert abs(bright - shades()).max() <= 1
    assert grey_of(tmp_path, "12-of-16.png").max() == round(255 * (239 * 257 // 16) / 65535) == 15


@pytest.mark.parametrize(("value", "shade"), [(0, 0), (32768, 128), (65535, 255)])
def test_sixteen_bits_of_one_value_keep_their_brightness(tmp_path: Path, value: int, shade: int) -> None:
    """A white image became black."""
    path = tmp_path / "a.png"
    Image.fromarray(np.full((8, 8), value, np.uint16)).save(path)
    assert np.unique(np.asarray(open_rgb(path))).tolist() == [shade]
    with Image.open(path) as image:
        assert extremes(image) == (value, value)


def test_a_thumbnail_has_the_brightness_that_the_model_sees(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((40, 40), 2048, np.uint16)).save(path)
    (tmp_path / "dark.jpg").write_bytes(thumbnail(path, 16))
    (tmp_path / "middle.jpg").write_bytes(thumbnail(path, 16, {"I;16": (0, 4095)}))
    shown = [Image.open(tmp_path / name).getpixel((5, 5)) for name in ("dark.jpg", "middle.jpg")]
    assert shown == [(8, 8, 8), (128, 128, 128)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 0, (0, 0)),
        (0, 0.05, (0, 0.05)),
        (0, 0.1, (0, 1)),
        (0.2, 1, (0, 1)),
        (0, 1.5, (0, 1.5)),
        (0, 64, (0, 64)),
        (3, 65, (0, 255)),
        (0, 255, (0, 255)),
        (0, 256, (0, 1023)),
        (900, 1024, (0, 4095)),
        (0, 4095, (0, 4095)),
        (0, 4096, (0, 16383)),
        (0, 16384, (0, 65535)),
        (0, 65535, (0, 65535)),
        (7, 65536, (0, 65536)),
        (-1000, 3000, (-1000, 3000)),
    ],
)
def test_white_is_the_conventional_value_that_holds_all_of_a_data_set(
    low: float, high: float, expected: tuple[float, float]
) -> None:
    assert value_range(low, high) == expected


def test_every_odd_kind_is_sound(tmp_path: Path) -> None:
    assert find_damaged(write_odd_images(tmp_path)) == {}
