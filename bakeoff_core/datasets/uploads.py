"""Folders of images that came as a zip file: unpacked safely into the state folder, listed, and deleted.

Nothing is written outside their folder, no link is made, and nothing runs; sizes are those that were really unpacked,
whatever the file's table says. Not covered: which images are in a folder (`datasets.image_folder`).
"""

from __future__ import annotations

import hashlib
import lzma
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from bakeoff_core.errors import BakeoffError, NoSpaceError
from bakeoff_core.formatting import disk_size, name_text
from bakeoff_core.system.files import to_user_error
from bakeoff_core.system.paths import uploads_path

MOST_FILES = 200_000
MOST_BYTES = 20_000_000_000
"""Unpacked, all files together."""
MOST_TIMES = 50
"""Times its own size that a zip file may unpack to: images hardly shrink, and what shrinks so much is no image."""
SPARE_BYTES = 500_000_000
"""What has to stay free on the disk."""
UNRATED_BYTES = 50_000_000
"""What may be unpacked whatever the share: a few flat drawings can shrink a hundredfold."""
BLOCK_BYTES = 1 << 20
_DIGEST_CHARS = 12
_UNREADABLE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, ValueError, RuntimeError),
)
"""What `zipfile` and its decompressors raise for a file that is none, is damaged or encrypted."""
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")


def unpack_upload(file: IO[bytes], name: str, progress: Callable[[float], None] = lambda share: None) -> Path:
    """Unpack a zip file of images and return the folder that holds its classes.

    The same file again leads to the same folder, without being unpacked.

    Args:
        file: The zip file, open for reading from any place.
        name: What it was called, for people.
        progress: Told the share that is done.

    Raises:
        BakeoffError: It is no zip file, damaged, encrypted, has names that lead outside, or is too large.
        NoSpaceError: The disk is full.
    """
    folder = uploads_path() / f"{_slug(name)}-{_digest(file)}"
    if not folder.is_dir():
        try:
            uploads_path().mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=uploads_path(), prefix=".") as unfinished:
                whole = Path(unfinished) / "whole"
                whole.mkdir()
                _unpack(file, name, whole, progress)
                whole.replace(folder)
        except OSError as err:
            raise to_user_error(err, f"{name_text(name)} could not be unpacked") from err
    return classes_folder(folder)


def list_uploads() -> list[Path]:
    """Return the folders of what was uploaded, in the order of their names."""
    try:
        return sorted(path for path in uploads_path().iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []


def delete_upload(folder: Path) -> None:
    """Take an upload away.

    Raises:
        BakeoffError: It is none, or it can't be removed.
    """
    if folder not in list_uploads():
        raise BakeoffError(f"{name_text(folder.name)} is no upload.")
    try:
        shutil.rmtree(folder)
    except OSError as err:
        raise to_user_error(err, f"{name_text(folder.name)} could not be removed") from err


def classes_folder(folder: Path) -> Path:
    """Return the folder that holds more than one folder: a zip file often begins with one that holds everything."""
    while True:
        inner = [path for path in folder.iterdir() if not path.name.startswith(".")]
        if len(inner) != 1 or not inner[0].is_dir():
            return folder
        folder = inner[0]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-")[:40] or "images"


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST_CHARS]
    file.seek(0)
    return found


def _unpack(file: IO[bytes], name: str, folder: Path, progress: Callable[[float], None]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = list(_members(archive, name))
            needed = sum(member.file_size for member in members)
            allowed = _allowed_bytes(file)
            if needed > allowed:
                raise _too_large(name, allowed)
            _require_room(needed, name, folder)
            done = 0
            for at, member in enumerate(members):
                done += _extract(archive, member, folder, allowed - done, name, allowed)
                progress((at + 1) / len(members))
    except _UNREADABLE as err:
        reason = "is encrypted; unpack it and zip it again without a password" if _is_encrypted(err) else "is damaged"
        if isinstance(err, zipfile.BadZipFile) and "not a zip file" in str(err):
            reason = "is no zip file"
        raise BakeoffError(f"{name_text(name)} {reason}.") from err


def _is_encrypted(err: Exception) -> bool:
    return isinstance(err, RuntimeError) and "password" in str(err)


def _allowed_bytes(file: IO[bytes]) -> int:
    file.seek(0, 2)
    packed = file.tell()
    return min(MOST_BYTES, max(UNRATED_BYTES, MOST_TIMES * packed))


def _require_room(needed: int, name: str, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free - SPARE_BYTES:
        raise NoSpaceError(
            f"{name_text(name)} unpacks to {disk_size(needed)}, and {disk_size(SPARE_BYTES)} have to stay free beside "
            f"it; {disk_size(free)} are free where it is unpacked. Make room there, or set BAKEOFF_HOME to a folder on "
            "another disk."
        )


def _members(archive: zipfile.ZipFile, name: str) -> Iterator[zipfile.ZipInfo]:
    """The regular files; links and folders are left out, names that lead outside are refused."""
    found = 0
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if _ABSOLUTE.match(member.filename) or ".." in path.parts or "\0" in member.filename:
            raise BakeoffError(f"{name_text(name)} holds a name that leads outside it: {name_text(member.filename)}.")
        if member.is_dir() or stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            continue
        found += 1
        if found > MOST_FILES:
            raise BakeoffError(f"{name_text(name)} has more than {MOST_FILES:,} files.")
        yield member


def _extract(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int, name: str, allowed: int
) -> int:
    """Unpack one file and return its bytes."""
    target = folder.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as source, target.open("xb") as out:
        while block := source.read(BLOCK_BYTES):
            written += len(block)
            if written > left:
                raise _too_large(name, allowed)
            out.write(block)
    return written


def _too_large(name: str, allowed: int) -> BakeoffError:
    return BakeoffError(
        f"{name_text(name)} unpacks to more than the {allowed / 1e6:,.0f} MB that are allowed: {MOST_TIMES} times its "
        f"own size, {MOST_BYTES // 10**9} GB at most."
    )
