"""Image files of every kind, broken ones above all."""

import io
import os
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bakeoff_core.datasets import images
from bakeoff_core.datasets.images import (
    ImageHeader,
    find_damaged,
    image_size,
    is_grey,
    is_image,
    open_rgb,
    read_header,
    thumbnail,
)
from bakeoff_core.errors import ImageFileError
from bakeoff_core.jobs.worker import StopRequested
from tests.support.odd_images import KINDS


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
    assert [int(v) for v in pixels[0, :3, 0]] == [0, 255, 128]


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
        read_header(tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_file_cut_off_passes_its_header_and_not_the_decoder(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, noise(size=(640, 480)))
    path.write_bytes(path.read_bytes()[:20_000])
    read_header(path)
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
        read_header(tmp_path / "gone.jpg")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    with path.open("wb") as handle:  # WebP would be read whole before its size in pixels is known
        handle.write(b"RIFF\xff\xff\xff\x7fWEBPVP8 ")
        handle.truncate(3_000_000_000)
    with pytest.raises(ImageFileError, match="a.webp has 3,000 MB; at most 512 are accepted."):
        read_header(path)


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


# --- by content -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exif-odd.jpg", "plain.heic", "plain.avif", "two.gif", "rgba.webp", "two.mpo"])
@pytest.mark.parametrize("called", ["photo.jfif", "photo", "photo.txt", "photo.png"])
def test_what_a_file_is_called_says_nothing(tmp_path: Path, name: str, called: str) -> None:
    """A plain JPEG that ends in `.jfif` had no image's ending."""
    (tmp_path / called).write_bytes(KINDS[name]())
    (tmp_path / name).write_bytes(KINDS[name]())
    assert is_image(tmp_path / called)
    assert open_rgb(tmp_path / called).tobytes() == open_rgb(tmp_path / name).tobytes()


def test_a_text_is_no_image_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    assert not is_image(tmp_path / "a.jpg")
    with pytest.raises(ImageFileError) as caught:
        read_header(tmp_path / "a.jpg")
    assert str(caught.value) == "a.jpg is no image in JPEG, PNG, WEBP, BMP, TIFF, GIF, AVIF or HEIC."


DNG_VERSION, SUBFILE_TYPE, SUB_IFDS = 50706, 254, 330


@pytest.mark.parametrize("tags", [{DNG_VERSION: b"\1\4\0\0"}, {SUBFILE_TYPE: 1, SUB_IFDS: 8}, {}])
def test_a_cameras_raw_file_is_not_taken_for_its_preview(tmp_path: Path, tags: dict[int, object]) -> None:
    content = bytearray(as_tiff(noise(), tags))
    if not tags:  # Canon's mark stands behind the header, before the first directory
        content[8:8] = b"CR\2\0"
        content[4:8] = (12).to_bytes(4, "little")
        content = content[:12] + moved_by_four(bytes(content[12:]))
    (tmp_path / "IMG_1").write_bytes(content)
    with pytest.raises(ImageFileError) as caught:
        read_header(tmp_path / "IMG_1")
    assert str(caught.value) == (
        "IMG_1 is a camera's raw file, of which only a preview could be read. Export it as JPEG or TIFF."
    )


def as_tiff(image: Image.Image, tags: dict[int, object]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", tiffinfo=tags)
    return buffer.getvalue()


def moved_by_four(directory: bytes) -> bytes:
    """A little-endian TIFF's directory, where what it points to lies four bytes further on."""
    found = bytearray(directory)
    for at in range(2, 2 + 12 * int.from_bytes(found[:2], "little"), 12):
        kind, count = (int.from_bytes(found[at + a : at + b], "little") for a, b in ((2, 4), (4, 8)))
        tag = int.from_bytes(found[at : at + 2], "little")
        if tag == 273 or {2: 1, 3: 2, 4: 4, 5: 8}[kind] * count > 4:
            target = int.from_bytes(found[at + 8 : at + 12], "little") + 4
            found[at + 8 : at + 12] = target.to_bytes(4, "little")
    return bytes(found)


def test_a_smaller_copy_alone_is_an_image_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(as_tiff(noise(), {SUBFILE_TYPE: 1}))
    assert read_header(tmp_path / "a.tif") == ImageHeader((64, 48), None, False)


# --- frames and pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_files_of_several_frames_or_pages_and_no_others_are_told_by_their_header(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(KINDS[name]())
    # Further pictures in a JPEG are previews or maps, unless its index calls them views.
    assert read_header(tmp_path / name).has_more_frames == (name.startswith("two") and name != "two.mpo")


def test_smaller_copies_and_masks_of_the_first_page_are_no_further_pages(tmp_path: Path) -> None:
    path, small = tmp_path / "a.tif", noise(size=(32, 24))
    for kind in (1, 4):
        small.encoderinfo = {"tiffinfo": {SUBFILE_TYPE: kind}}
        noise().save(path, save_all=True, append_images=[small])
        with Image.open(path) as image:
            image.seek(1)
            assert image.tag_v2[SUBFILE_TYPE] == kind
        assert not read_header(path).has_more_frames


# --- whatever a decoder raises ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (struct.error("odd"), "odd"),
        (TypeError("odd"), "odd"),
        (KeyError("odd"), "'odd'"),
        (RuntimeError(), "RuntimeError"),
        (MemoryError(), "it needs more memory than there is"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_whatever_a_decoder_raises_is_the_error_of_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, words: str
) -> None:
    path = saved(tmp_path / "a.png", noise())

    def fail(image: Image.Image) -> None:
        raise raised

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", fail)
    for call in (open_rgb, is_grey, lambda path: thumbnail(path, 16)):
        with pytest.raises(ImageFileError) as caught:
            call(path)
        assert str(caught.value) == f"a.png is damaged or cut off: {words}"
    assert find_damaged([path]) == {path: f"a.png is damaged or cut off: {words}"}


@pytest.mark.parametrize("raised", [KeyboardInterrupt, StopRequested])
def test_a_wish_to_stop_is_nobodys_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    path = saved(tmp_path / "a.png", noise())

    def stop(image: Image.Image) -> None:
        raise raised

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", stop)
    with pytest.raises(raised):
        find_damaged([path])
