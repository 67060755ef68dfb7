"""Image files of every kind, broken ones above all."""

import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bakeoff_core.datasets import images
from bakeoff_core.datasets.images import find_damaged, image_size, is_grey, open_rgb, require_image, thumbnail
from bakeoff_core.errors import ImageFileError


def noise(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    return Image.fromarray(values, "RGBA").convert(mode)


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), noise(mode))
    image = open_rgb(path)
    assert (image.mode, image.size) == ("RGB", (64, 48))


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    image = open_rgb(saved(tmp_path / "a.png", Image.fromarray(values)))
    assert np.asarray(image).min() == 0 and np.asarray(image).max() == 255
    assert 100 < np.asarray(image).mean() < 155


def float_tiff(path: Path, *odd: float) -> Path:
    """A ramp from 0 to 1 that begins with some odd values."""
    values = np.linspace(0, 1, 64 * 48, dtype=np.float32)
    values[: len(odd)] = odd
    return saved(path, Image.fromarray(values.reshape(48, 64)))


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_one_value_that_is_not_finite_does_not_turn_an_image_black(tmp_path: Path, odd: float) -> None:
    pixels = np.asarray(open_rgb(float_tiff(tmp_path / "a.tif", odd)))
    assert 120 < pixels.mean() < 135 and pixels.max() == 255
    assert pixels[0, 0, 0] == (255 if odd == np.inf else 0)


def test_values_at_both_ends_of_what_a_float_holds_keep_their_order(tmp_path: Path) -> None:
    pixels = np.asarray(open_rgb(float_tiff(tmp_path / "a.tif", -3e38, 3e38)))
    assert [int(v) for v in pixels[0, :3, 0]] == [0, 255, 127]


def test_an_image_without_one_finite_value_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match="is damaged or cut off: it holds no finite value"):
        open_rgb(saved(tmp_path / "a.tif", Image.fromarray(np.full((8, 8), np.nan, dtype=np.float32))))


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    image = open_rgb(saved(tmp_path / "a.png", Image.new("RGBA", (8, 8), (255, 0, 0, 0))))
    assert image.getpixel((4, 4)) == (255, 255, 255)


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_rgb(saved(tmp_path / "a.jpg", noise(), exif=exif)).size == (48, 64)


def test_an_image_is_grey_however_it_is_stored_and_not_when_it_has_colour(tmp_path: Path) -> None:
    grey = noise("L")
    assert is_grey(saved(tmp_path / "a.png", grey))
    assert is_grey(saved(tmp_path / "b.jpg", grey.convert("RGB"), quality=60))
    assert not is_grey(saved(tmp_path / "c.png", noise()))
    tinted = Image.merge("RGB", (grey, grey, grey.point(lambda value: value * 0.9)))
    assert not is_grey(saved(tmp_path / "d.png", tinted))


def test_a_thumbnail_is_a_small_jpeg(tmp_path: Path) -> None:
    small = Image.open(io.BytesIO(thumbnail(saved(tmp_path / "a.png", noise(size=(640, 480))), 96)))
    assert (small.format, small.size) == ("JPEG", (96, 72))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a.jpg is empty."),
        (b"hello, I am no image", "a.jpg is no image in JPEG, PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a.jpg is no image"),
    ],
)
def test_what_is_no_image_is_refused_by_its_header(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageFileError, match=words):
        require_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_file_cut_off_passes_its_header_and_not_the_decoder(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, noise(size=(640, 480)))
    path.write_bytes(path.read_bytes()[:20_000])
    require_image(path)
    with pytest.raises(ImageFileError, match="is damaged or cut off"):
        open_rgb(path)


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder"])
def test_what_is_no_regular_file_is_refused_and_does_not_hang_its_reader(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.jpg"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(ImageFileError, match="x.jpg is no regular file."):
        open_rgb(path)
    assert find_damaged([path]) == {path: "x.jpg is no regular file."}


def test_an_image_deleted_after_it_was_listed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match="gone.jpg can't be read: No such file or directory."):
        require_image(tmp_path / "gone.jpg")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    with path.open("wb") as handle:  # WebP would be read whole before its size in pixels is known
        handle.write(b"RIFF\xff\xff\xff\x7fWEBPVP8 ")
        handle.truncate(3_000_000_000)
    with pytest.raises(ImageFileError, match="a.webp has 3,000 MB; at most 512 are accepted."):
        require_image(path)


def test_the_size_of_an_image_is_read_from_its_header(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", noise(size=(640, 480)))
    path.write_bytes(path.read_bytes()[:20_000])
    assert image_size(path) == (640, 480)


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 1_000_000)
    path = saved(tmp_path / "a.png", Image.new("L", (1001, 1000)))
    with pytest.raises(ImageFileError, match="1001 x 1000 pixels; at most 1 million"):
        open_rgb(path)


def test_damaged_files_are_found_and_named_among_sound_ones(tmp_path: Path) -> None:
    good, bad = saved(tmp_path / "good.png", noise()), saved(tmp_path / "bad.png", noise())
    bad.write_bytes(bad.read_bytes()[:2000])
    seen: list[int] = []
    found = find_damaged([good, bad], seen.append)
    assert list(found) == [bad] and "bad.png is damaged" in found[bad]
    assert seen == [1, 2]
