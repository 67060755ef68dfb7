"""The download of Flowers102, from a server on this machine that keeps, breaks and delays its word."""

import hashlib
import io
import socket
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from bakeoff_core.datasets.download import fetching
from bakeoff_core.datasets.download import worker as download_worker
from bakeoff_core.datasets.download.request import DownloadSpec, start_download
from bakeoff_core.datasets.download.worker import Download
from bakeoff_core.datasets.flowers102 import ARCHIVE, LABELS, SPLITS
from bakeoff_core.datasets.registry import available_datasets, read_dataset
from bakeoff_core.errors import BakeoffError, BusyError, DatasetMissingError, NoSpaceError
from bakeoff_core.jobs.manager import read_job, resume_job, stop_job
from bakeoff_core.jobs.records import Job
from tests.support.file_server import closed_port, hang_for_ever, serving, silent
from tests.support.image_folders import make_flowers
from tests.support.processes import wait_until

IMAGES = 6


def packed(members: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def files(small_flowers: None, tmp_path: Path) -> dict[str, bytes]:
    """Six flowers, as they are published."""
    root = make_flowers(tmp_path / "published" / "flowers-102")
    images = {f"jpg/{path.name}": path.read_bytes() for path in sorted((root / "jpg").iterdir())}
    return {ARCHIVE: packed(images), **{name: (root / name).read_bytes() for name in (LABELS, SPLITS)}}


@pytest.fixture
def place(home: Path) -> Path:
    return home / "datasets" / "flowers-102"


def options(files: Mapping[str, bytes], base_url: str, **more: object) -> dict:
    md5s = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    return {"base_url": base_url, "md5s": md5s, "image_count": IMAGES, **more}


class Reports(list):
    """Takes the place of the reporter."""

    def report(self, **fields: object) -> None:
        self.append(fields)


def fetch(files: Mapping[str, bytes], base_url: str, **more: object) -> Reports:
    """Download in this process."""
    reports = Reports()
    Download(reports, DownloadSpec("flowers102", **options(files, base_url, **more))).run()
    return reports


def ended(job: Job) -> Job:
    assert wait_until(lambda: not read_job(job.job_id).active), job.log()
    return read_job(job.job_id)


def left_in(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()} - {".lock"}


# --- as it should be -------------------------------------------------------------------------------------------------


def test_a_download_ends_with_a_data_set_that_can_be_read(files, place: Path) -> None:
    with serving(files) as url:
        job = ended(start_download(**options(files, url)))
    assert (job.state, job.status["message"]) == ("done", "Flowers102 is here."), job.log()
    assert left_in(place) == {"jpg", LABELS, SPLITS}
    assert available_datasets() == ("flowers102", "elpv")
    assert len(read_dataset("flowers102").test) == 2


def test_progress_is_told_in_bytes_with_the_time_left(files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_worker, "REPORT_S", 0)
    with serving(files) as url:
        reports = fetch(files, url)
    last = [r for r in reports if r["message"] == f"Downloading {ARCHIVE}"][-1]
    size = len(files[ARCHIVE])
    assert last == {"message": f"Downloading {ARCHIVE}", "done": size, "total": size, "time_left_s": 0}
    assert reports[-1]["message"] == "Unpacking the images"
    assert (reports[-1]["done"], reports[-1]["total"], reports[-1]["unit"]) == (IMAGES, IMAGES, "images")


def test_files_put_there_by_hand_are_used_without_a_network(files, place: Path) -> None:
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    with closed_port() as url:
        fetch(files, url)
    assert left_in(place) == {"jpg", *files}
    assert len(read_dataset("flowers102").train) == 2


def test_images_that_are_all_there_are_not_fetched_again(files, place: Path) -> None:
    make_flowers(place)
    (place / LABELS).write_bytes(b"damaged")
    without = {name: files[name] for name in (LABELS, SPLITS)}
    with serving(without) as url:
        fetch(files, url)
    assert (place / LABELS).read_bytes() == files[LABELS]


def test_an_incomplete_folder_of_images_is_replaced(files, place: Path) -> None:
    (place / "jpg").mkdir(parents=True)
    (place / "jpg" / "image_00001.jpg").write_bytes(b"half")
    (place / ".download").mkdir()
    (place / ".download" / "of-a-killed-worker").write_bytes(b"")
    with serving(files) as url:
        fetch(files, url)
    assert left_in(place) == {"jpg", LABELS, SPLITS}
    assert len(read_dataset("flowers102").train) == 2


def test_only_images_are_unpacked_and_nothing_outside_their_folder(files, place: Path, home: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(files[ARCHIVE])) as archive:
        images = {m.name: archive.extractfile(m).read() for m in archive}
    strays = ("../escaped.jpg", "/tmp/bakeoff-escaped.jpg", "jpg/../../image_00001.jpg", "jpg/notes.txt", "setup.py")
    links = {"jpg/image_09999.jpg": "/etc/passwd", "jpg": "/tmp"}
    files[ARCHIVE] = packed({**dict.fromkeys(strays, b"stray"), **images}, links=links)
    with serving(files) as url:
        fetch(files, url)
    assert {f"jpg/{path.name}" for path in (place / "jpg").iterdir()} == set(images)
    assert left_in(place) == {"jpg", LABELS, SPLITS}
    assert not list(home.rglob("escaped*")) and not Path("/tmp/bakeoff-escaped.jpg").exists()


# --- as it may be ----------------------------------------------------------------------------------------------------


def assert_offers_help(words: str, place: Path) -> None:
    assert words.startswith("Flowers102 can't be downloaded: http://127.0.0.1:")
    assert f"`{LABELS}`, `{SPLITS}`" in words and f"`{ARCHIVE}`" in words
    assert f"into {place}. The three files as they are will do as well (" in words
    assert words.endswith(
        "Available without it: the solar cells of ELPV (`elpv`), and any folder of your own (`folder`)."
    )


@pytest.mark.parametrize("server", [closed_port, silent])
def test_that_nobody_answers_is_said_within_15_seconds_with_what_to_do(files, place: Path, server) -> None:
    with server() as url:
        began = time.monotonic()
        job = ended(start_download(**options(files, url)))
        assert time.monotonic() - began < 15
    assert job.state == "failed"
    assert_offers_help(job.status["message"], place)
    assert ("Connection refused" if server is closed_port else "there is no answer") in job.status["message"]
    assert left_in(place) == set()


def test_a_name_that_is_never_resolved_does_not_keep_its_asker_waiting(
    files, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_worker, "ANSWER_S", 0.5)
    monkeypatch.setattr(socket, "getaddrinfo", hang_for_ever)
    began = time.monotonic()
    with pytest.raises(DatasetMissingError, match="there is no answer") as caught:
        fetch(files, "http://127.0.0.1:9/")
    assert time.monotonic() - began < 5
    assert_offers_help(str(caught.value), place)
    assert caught.value.available == ("elpv",)


def test_all_files_together_have_one_time_to_answer(files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_worker, "ANSWER_S", 2.0)
    began = time.monotonic()
    with serving(files, half=ARCHIVE, hang=True) as url, pytest.raises(DatasetMissingError, match="stands still after"):
        fetch(files, url)
    assert time.monotonic() - began < 4


def test_a_server_that_drips_counts_as_standing_still(files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_worker, "ANSWER_S", 1.0)
    with serving(files, drip=LABELS) as url, pytest.raises(DatasetMissingError, match="stands still after"):
        fetch(files, url)


def test_a_connection_that_stalls_half_way_is_given_up(files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "STALL_S", 0.5)
    files[ARCHIVE] = np.random.default_rng(1).bytes(400_000)
    began = time.monotonic()
    with serving(files, half=ARCHIVE, hang=True) as url, pytest.raises(DatasetMissingError, match="after 200,000 byt"):
        fetch(files, url)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files.pop(SPLITS), "the server answers 404 Not Found"),
        (lambda files: files.update({LABELS: b"<html>Please log in</html>"}), "is not the published file"),
    ],
)
def test_what_the_server_does_wrong_is_said_and_nothing_is_left(files, place: Path, change, words: str) -> None:
    asked = dict(files)
    change(files)
    with serving(files) as url, pytest.raises(DatasetMissingError, match=words) as caught:
        fetch(asked, url)
    assert_offers_help(str(caught.value), place)
    assert left_in(place) == set()


def test_a_file_that_never_ends_is_given_up(files, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_worker, "MOST_ARCHIVE_BYTES", 100_000)
    files[ARCHIVE] = bytes(400_000)
    with serving(files, sized=False) as url, pytest.raises(DatasetMissingError, match="far larger than the published"):
        fetch(files, url)
    assert left_in(place) == set()


def test_certificates_that_are_not_there_are_named(files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    with closed_port() as url, pytest.raises(DatasetMissingError, match="certificates that SSL_CERT_FILE .* can't be"):
        fetch(files, url)


def test_a_connection_that_breaks_off_is_said(files, place: Path) -> None:
    with serving(files, half=ARCHIVE) as url, pytest.raises(DatasetMissingError, match="has broken off after .* of"):
        fetch(files, url)
    assert left_in(place) == set()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive", "can't be unpacked"),
        (packed({"jpg/image_00001.jpg": b"x" * 100_000})[:-20], "can't be unpacked"),
        (packed({"jpg/image_00001.jpg": b"x"}), "holds 1 images, not 6"),
    ],
)
def test_an_archive_with_the_right_checksum_is_not_trusted_either(files, place: Path, content, words: str) -> None:
    files[ARCHIVE] = content
    with serving(files) as url, pytest.raises(BakeoffError, match=words):
        fetch(files, url)
    assert left_in(place) == set()


def test_an_archive_that_unpacks_to_far_too_much_is_refused(
    files, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_worker, "MOST_UNPACKED_BYTES", 1000)
    with serving(files) as url, pytest.raises(BakeoffError, match="unpacks to far more than Flowers102 has"):
        fetch(files, url)
    assert left_in(place) == set()


def test_a_download_that_is_stopped_leaves_nothing_and_can_be_started_again(files, place: Path) -> None:
    files[ARCHIVE] = files[ARCHIVE] + bytes(400_000)
    with serving(files, half=ARCHIVE, hang=True) as url:
        job = start_download(**options(files, url))
        assert wait_until(lambda: read_job(job.job_id).status.get("message") == f"Downloading {ARCHIVE}"), job.log()
        assert start_download().job_id == job.job_id
        with pytest.raises(BusyError, match="is already being downloaded"):
            fetch(files, url)
        job = stop_job(job.job_id)
    assert (job.state, job.status["message"]) == ("stopped", "Stopped; what had come so far was removed.")
    assert left_in(place) == set()
    for name, content in files.items():
        (place / name).write_bytes(content)
    assert ended(resume_job(job.job_id)).state == "done"


def test_a_full_disk_is_said_and_nothing_is_left(files, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(small_disk))
    files[ARCHIVE] = np.random.default_rng(1).bytes(2_000_000)
    with serving(files, sized=False) as url:
        job = ended(start_download(**options(files, url)))
    assert job.state == "failed"
    assert job.status["message"].endswith("No space left on device. Free some space."), job.status
    assert left_in(small_disk / "datasets" / "flowers-102") == set()


def test_too_little_space_is_said_before_the_archive_is_fetched(files, small_disk: Path, monkeypatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(small_disk))
    files[ARCHIVE] = np.random.default_rng(1).bytes(900_000)
    with serving(files) as url, pytest.raises(NoSpaceError, match=r"needs 1.80 MB .*; .* MB are free. Free some space"):
        fetch(files, url)
