"""Images that come as a zip file: unpacked where they belong, whole or not at all, and never anything else."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from bakeoff_core.datasets import uploads
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.datasets.uploads import delete_upload, list_uploads, unpack_upload
from bakeoff_core.errors import BakeoffError, NoSpaceError
from bakeoff_core.system.paths import home, uploads_path


def picture(colour: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (colour, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def photographs(prefix: str = "") -> dict[str, bytes]:
    return {f"{prefix}{name}/{at}.png": picture(20 * at) for name in ("cat", "dog") for at in range(10)}


def everything() -> list[str]:
    return sorted(str(path.relative_to(home())) for path in home().rglob("*") if path.is_file())


@pytest.mark.parametrize("prefix", ["", "My photos/", "a/b/"])
def test_a_zip_file_becomes_a_folder_of_classes_whatever_it_begins_with(prefix: str) -> None:
    told: list[float] = []
    folder = unpack_upload(zipped(photographs(prefix)), "My photos (2).zip", told.append)
    dataset = read_dataset("folder", folder)
    assert dataset.classes == ("cat", "dog")
    assert sum(map(len, dataset.splits().values())) == 20
    assert told[-1] == 1.0 and told == sorted(told)
    (upload,) = list_uploads()
    assert upload.name.startswith("my-photos-2-") and folder.is_relative_to(upload)
    assert unpack_upload(zipped(photographs(prefix)), "other name.zip").is_dir()
    delete_upload(upload)
    assert upload not in list_uploads()


def test_the_same_file_is_unpacked_once() -> None:
    file = zipped(photographs())
    folder = unpack_upload(file, "a.zip")
    (folder / "cat" / "0.png").write_bytes(b"changed by hand")
    assert unpack_upload(file, "a.zip") == folder
    assert (folder / "cat" / "0.png").read_bytes() == b"changed by hand"


@pytest.mark.parametrize(
    "name", ["../out.png", "cat/../../out.png", "/tmp/out.png", "C:\\out.png", "..\\out.png", "\\\\host\\out.png"]
)
def test_a_name_that_leads_outside_is_refused_and_nothing_stays(name: str) -> None:
    with pytest.raises(BakeoffError, match="holds a name that leads outside it"):
        unpack_upload(zipped({**photographs(), name: picture(1)}), "evil.zip")
    assert everything() == [] and list_uploads() == []


def test_a_link_in_a_zip_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    link = zipfile.ZipInfo("cat/link.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    buffer = zipped(photographs())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, str(tmp_path / "secret.txt"))
    folder = unpack_upload(buffer, "links.zip")
    assert not (folder / "cat" / "link.png").exists()
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def test_what_unpacks_to_far_more_than_it_is_is_refused() -> None:
    bomb = zipped({**photographs(), "cat/bomb.png": bytes(60_000_000)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(BakeoffError, match="unpacks to more than the 50 MB that are allowed: 50 times its own size"):
        unpack_upload(bomb, "bomb.zip")
    assert everything() == []


def test_without_room_the_sizes_are_told_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    free = uploads.SPARE_BYTES + 1_000
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with pytest.raises(
        NoSpaceError, match=r"^photos\.zip unpacks to .* kB, and 500 MB have to stay free beside it; 500 MB"
    ):
        unpack_upload(zipped(photographs()), "photos.zip")
    assert everything() == []


def test_a_table_that_lies_about_sizes_does_not_help() -> None:
    lying = bytearray(
        zipped({"cat/bomb.png": bytes(60_000_000), "dog/a.png": picture(1)}, zipfile.ZIP_DEFLATED).getvalue()
    )
    place = lying.index(b"PK\x01\x02")
    lying[place + 24 : place + 28] = (10).to_bytes(4, "little")  # the size that the table gives the first file
    with pytest.raises(BakeoffError, match="lies.zip is damaged"):
        unpack_upload(io.BytesIO(bytes(lying)), "lies.zip")
    assert everything() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is no zip file"), (b"Rar!\x1a\x07", "is no zip file"), (b"PK\x03\x04" + bytes(100), "is no zip file")],
)
def test_what_is_no_zip_file_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(BakeoffError, match=f"photos.zip {words}"):
        unpack_upload(io.BytesIO(content), "photos.zip")


def test_a_damaged_and_an_encrypted_file_are_refused_in_words() -> None:
    whole = zipped(photographs()).getvalue()
    at = whole.index(b"IHDR")
    with pytest.raises(BakeoffError, match="photos.zip is damaged"):
        unpack_upload(io.BytesIO(whole[:at] + b"\0\0\0\0" + whole[at + 4 :]), "photos.zip")
    flagged = bytearray(whole)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = flagged.find(mark)
        while place >= 0:
            flagged[place + offset] |= 1
            place = flagged.find(mark, place + 4)
    with pytest.raises(BakeoffError, match="photos.zip is encrypted; unpack it and zip it again without a password"):
        unpack_upload(io.BytesIO(bytes(flagged)), "photos.zip")
    assert everything() == []


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_packed_data_that_is_damaged_is_refused_in_words(compression: int) -> None:
    whole = bytearray(zipped({"cat/a.bin": bytes(range(256)) * 200, **photographs()}, compression).getvalue())
    for at in range(45, 90):
        whole[at] ^= 0xA5
    with pytest.raises(BakeoffError, match="photos.zip (is damaged|could not be unpacked)"):
        unpack_upload(io.BytesIO(bytes(whole)), "photos.zip")
    assert everything() == []


def test_a_full_disk_leaves_nothing_behind(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(small_disk))
    monkeypatch.setattr(uploads, "SPARE_BYTES", -(10**9))
    big = {f"cat/{at}.png": bytes([at]) * 300_000 for at in range(8)}
    with pytest.raises(NoSpaceError, match="could not be unpacked"):
        unpack_upload(zipped({**photographs(), **big}), "big.zip")
    assert list(uploads_path().iterdir()) == []


def test_only_an_upload_can_be_deleted(tmp_path: Path) -> None:
    with pytest.raises(BakeoffError, match="is no upload"):
        delete_upload(tmp_path)
    assert tmp_path.is_dir()
