"""The job that downloads Flowers102.

Files come from their publisher, are believed only by their checksums, and appear in their place whole or not at all.
Those that somebody has put there already are used. The product itself reads the images alone; the MATLAB files make
the folder one that torchvision reads too. That nobody answers is found out within `ANSWER_S` (see
`datasets.download.fetching`). Not covered: going on with half a file.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import shutil
import sys
import tarfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from bakeoff_core.datasets.download.fetching import UnavailableError, fetch_file
from bakeoff_core.datasets.download.request import DownloadSpec
from bakeoff_core.datasets.flowers102 import ARCHIVE, FOLDER, IMAGES, LABELS, SPLITS, where_to_put
from bakeoff_core.datasets.registry import missing
from bakeoff_core.errors import BakeoffError, BusyError, NoSpaceError
from bakeoff_core.formatting import megabytes
from bakeoff_core.jobs.worker import Reporter, run_worker
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.system.files import to_user_error
from bakeoff_core.system.locks import take_lock
from bakeoff_core.system.paths import datasets_path

ANSWER_S = 10.0
"""Seconds from the start until the label files and the first bytes of the archive must be here, under 15 in all with
the start of the worker."""
REPORT_S = 0.5

MOST_ARCHIVE_BYTES = 500_000_000
"""The published archive has about 345 MB, and its images as much again."""
MOST_UNPACKED_BYTES = 1_000_000_000

_IMAGE_MEMBER = re.compile(r"(?:\./)?jpg/(image_\d{5}\.jpg)")


class Download:
    """One download, from the request to the files in their place."""

    def __init__(self, reporter: Reporter, spec: DownloadSpec) -> None:
        """Prepare to fetch into the state's folder of data sets."""
        self._reporter, self._spec = reporter, spec
        self._root = datasets_path() / FOLDER
        self._partial = self._root / ".download"
        self._answer_by = time.monotonic() + ANSWER_S
        self._reported = 0.0

    def run(self) -> None:
        """Fetch, check and unpack everything; what is half done is removed in any case.

        Raises:
            DatasetMissingError: It can't be had; says why, what to do by hand, and what is available.
            NoSpaceError: The disk is full, or would be.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with self._alone():
                try:
                    shutil.rmtree(self._partial, ignore_errors=True)  # of a worker that was killed
                    self._partial.mkdir()
                    self._fetch_all()
                finally:
                    shutil.rmtree(self._partial, ignore_errors=True)
        except OSError as err:
            raise to_user_error(err, f"Flowers102 could not be stored in {self._root}") from err

    def _fetch_all(self) -> None:
        labels, splits = self._file(LABELS), self._file(SPLITS)  # the small ones first: they tell whether one answers
        if sum(path.is_file() for path in (self._root / IMAGES).glob("image_*.jpg")) != self._spec.image_count:
            self._unpack(self._file(ARCHIVE))
        for path in (labels, splits):
            path.replace(self._root / path.name)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                take_lock(stack, self._root / ".lock")
            except BlockingIOError as err:
                raise BusyError("Flowers102 is already being downloaded.") from err
            yield

    def _require_space(self, size: int) -> None:
        """Raise unless a file of this size, and what it unpacks to, which is about as much, have room."""
        free = shutil.disk_usage(self._root).free
        if free < 2 * size:
            raise NoSpaceError(
                f"Flowers102 needs {megabytes(2 * size)} in {self._root} while it is unpacked; {megabytes(free)} are "
                "free. Free some space."
            )

    # --- fetching ----------------------------------------------------------------------------------------------------

    def _file(self, name: str) -> Path:
        """Return a file that has the right checksum: the one that is in its place already, or else a fresh one."""
        placed = self._root / name
        if placed.is_file() and _md5_of(placed) == self._spec.md5s[name]:
            return placed
        self._report(f"Asking for {name}", done=0, total=None, unit="bytes", time_left_s=None)
        try:
            return self._fetch(name)
        except UnavailableError as err:
            by_hand = (
                f"{where_to_put(self._root)} The three files as they are will do as well (`{LABELS}`, `{SPLITS}` and "
                f"`{ARCHIVE}`): download again then."
            )
            raise missing("flowers102", f"Flowers102 can't be downloaded: {err} {by_hand}") from err

    def _fetch(self, name: str) -> Path:
        path, url = self._partial / name, self._spec.base_url + name
        began = time.monotonic()

        def progress(done: int, total: int | None) -> None:
            speed = done / max(time.monotonic() - began, 1e-3)
            left = (total - done) / speed if total and done else None
            self._report(f"Downloading {name}", done=done, total=total, time_left_s=left)

        fetch_file(
            url,
            path,
            answer_by=self._answer_by,
            most_bytes=MOST_ARCHIVE_BYTES,
            admit=self._require_space,
            progress=progress,
        )
        if _md5_of(path) != self._spec.md5s[name]:
            raise UnavailableError(f"{url} is not the published file, or was damaged on its way (its MD5 is another).")
        return path

    # --- unpacking ---------------------------------------------------------------------------------------------------

    def _unpack(self, archive: Path) -> None:
        """Unpack the images and nothing else, and put their folder in its place."""
        images = self._partial / IMAGES
        images.mkdir()
        size = 0
        count = 0
        try:
            with tarfile.open(archive, "r:gz") as members:
                for member in members:
                    name = _IMAGE_MEMBER.fullmatch(member.name)
                    if not (name and member.isreg()):
                        continue
                    size += member.size
                    count += 1
                    if size > MOST_UNPACKED_BYTES:
                        raise BakeoffError(f"`{ARCHIVE}` unpacks to far more than Flowers102 has; nothing was changed.")
                    source = members.extractfile(member)
                    with (images / name[1]).open("wb") as target:
                        shutil.copyfileobj(source, target)
                    total = self._spec.image_count
                    self._report("Unpacking the images", done=count, total=total, unit="images", time_left_s=None)
        except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as err:
            raise BakeoffError(f"`{ARCHIVE}` can't be unpacked: {err}.") from err
        found = sum(1 for _ in images.iterdir())
        if found != self._spec.image_count:
            raise BakeoffError(f"`{ARCHIVE}` holds {found:,} images, not {self._spec.image_count:,}.")
        place = self._root / IMAGES
        if place.exists():
            place.rename(self._partial / "before")
        images.rename(place)

    def _report(self, message: str, **fields: object) -> None:
        """Report what is going on, at once where it is something new."""
        now = time.monotonic()
        if message != getattr(self, "_message", None) or now - self._reported >= REPORT_S:
            self._message, self._reported = message, now
            self._reporter.report(message=message, **fields)


def _md5_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""

    def work(reporter: Reporter) -> str:
        Download(reporter, parse_record(DownloadSpec, reporter.spec)).run()
        return "Flowers102 is here."

    return run_worker(folder, work, "Stopped; what had come so far was removed.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
