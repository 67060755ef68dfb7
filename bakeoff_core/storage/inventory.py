"""What takes how much of the disk, and what of it nothing uses any more.

What can be computed again from what is kept is unused where nothing that is kept refers to it. Runs, comparisons,
rankings, measurements and data sets are the user's: they are counted, and taken away by name alone
(`storage.deletion`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.request import RESULTS
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.jobs.records import Job
from bakeoff_core.jobs.removal import REMOVED
from bakeoff_core.ranking.records import from_json
from bakeoff_core.ranking.request import RANKING
from bakeoff_core.system import paths
from bakeoff_core.system.files import looking_at, read_json

OF_RUNS = (kinds.FINETUNE.key, kinds.COMPARISON.key)
OF_RANKINGS = (kinds.RANKING.key,)
OF_MEASUREMENTS = tuple(kind.key for kind in kinds.TIMING)

HOLDINGS = (
    "measurements",
    "runs",
    "rankings",
    "features",
    "looks",
    "anatomies",
    "datasets",
    "uploads",
    "other-jobs",
    "leftovers",
    "other",
)
"""What there can be, in the order it is told; `reporting.text.storage` has the words."""

_TEMPORARY = re.compile(r"\..+\.([0-9]+)-[0-9a-f]{8}")
"""What a file is called while it is being written (`system.files.replacing`), with the process that writes it."""

_NAMES = re.compile(r"timm-.+\.json")
"""What timm's list of names is called, with the version of timm in it."""


@dataclass(frozen=True)
class Holding:
    """Things of one kind in the state folder."""

    key: str
    """One of `HOLDINGS`."""
    count: int
    """How many: runs, rankings, files."""
    size_bytes: int
    """What they take on the disk."""
    unused: tuple[Path, ...] = ()
    """Files and folders of them that nothing uses any more, each inside the state folder."""
    unused_bytes: int = 0
    """What those take."""


def read_holdings() -> list[Holding]:
    """Return what the state folder holds, in the order of `HOLDINGS`; what there is nothing of is left out.

    Raises:
        BakeoffError: The folder can't be read.
    """
    home = paths.home()
    with looking_at(home):
        top = sorted(home.iterdir()) if home.is_dir() else []
    jobs = list_jobs()
    found = [
        _of_jobs("runs", jobs, OF_RUNS),
        _of_jobs("rankings", jobs, OF_RANKINGS),
        _of_measurements(jobs),
        _of_entries("features", paths.features_path(), is_unused=_outside(features_in_use(jobs))),
        _of_entries("looks", paths.looks_path(), is_unused=lambda path: True),
        _of_anatomies(),
        _of_entries("datasets", paths.datasets_path()),
        _of_entries("uploads", paths.uploads_path()),
        _of_other_jobs(jobs),
        _leftovers(home),
        _of_rest(top),
    ]
    by_key = {holding.key: holding for holding in found if holding.count}
    return [by_key[key] for key in HOLDINGS if key in by_key]


def features_in_use(jobs: Iterable[Job]) -> set[str]:
    """Return the keys of the features that these runs and rankings were made with."""
    used: set[str] = set()
    for job in jobs:
        if job.kind == kinds.RANKING.key:
            try:
                rows = from_json(read_json(job.folder / RANKING)).rows
            except (ValueError, BakeoffError):
                continue
            used |= {row.features_key for row in rows if row.features_key}
        elif job.kind == kinds.FINETUNE.key:
            key = read_json(job.folder / RESULTS).get("features_key")
            used |= {key} if isinstance(key, str) else set()
    return used


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of everything in a folder; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return _size(path)
    return sum(_size(Path(folder, name)) for folder, _, names in os.walk(path) for name in names)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # gone meanwhile
        return 0


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _outside(used: set[str]) -> Callable[[Path], bool]:
    return lambda path: path.name not in used


def _holding(key: str, entries: Iterable[Path], unused: Iterable[Path] = ()) -> Holding:
    entries, unused = tuple(entries), tuple(unused)
    return Holding(key, len(entries), sum(map(size_of, entries)), unused, sum(map(size_of, unused)))


def _of_entries(key: str, folder: Path, is_unused: Callable[[Path], bool] = lambda path: False) -> Holding:
    entries = [path for path in _entries(folder) if not _TEMPORARY.fullmatch(path.name)]
    return _holding(key, entries, [path for path in entries if is_unused(path)])


def _of_jobs(key: str, jobs: Iterable[Job], of: tuple[str, ...]) -> Holding:
    return _holding(key, [job.folder for job in jobs if job.kind in of])


def _of_measurements(jobs: Iterable[Job]) -> Holding:
    files = [path for path in (paths.profiles_path(), paths.published_path()) if path.is_file()]
    return _holding("measurements", [*files, *(job.folder for job in jobs if job.kind in OF_MEASUREMENTS)])


def _of_other_jobs(jobs: Iterable[Job]) -> Holding:
    """Jobs whose outcome is kept elsewhere: once they have ended, their folders serve nothing."""
    kept = {*OF_RUNS, *OF_RANKINGS, *OF_MEASUREMENTS}
    others = [job for job in jobs if job.kind not in kept]
    known = [job.folder for job in others if job.kind in kinds.KINDS and not job.active]
    return _holding("other-jobs", [job.folder for job in others], known)


def _of_anatomies() -> Holding:
    """Anatomies and lists of names; those of other versions of timm are not read any more."""
    today = paths.anatomy_path("a", 1).parent
    folders = _entries(today.parent)
    lists = [path for path in _entries(paths.home()) if _NAMES.fullmatch(path.name)]
    unused = [*(path for path in folders if path != today), *(p for p in lists if p != paths.timm_models_path())]
    return _holding("anatomies", [*folders, *lists], unused)


def _leftovers(home: Path) -> Holding:
    """Files that a process was writing when it ended, and folders of removed jobs."""
    found = [path for path in _walk(home) if (match := _TEMPORARY.fullmatch(path.name)) and not _is_alive(match[1])]
    removed = [path for path in _entries(paths.jobs_path()) if path.name.startswith(REMOVED)]
    return _holding("leftovers", [*found, *removed], [*found, *removed])


def _walk(home: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(home):
        yield from (Path(folder, name) for name in names)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _of_rest(top: Iterable[Path]) -> Holding:
    """What else lies in the state folder: checks of images, the user's own accuracies, files of nobody."""
    told = {
        *(paths.jobs_path(), paths.features_path(), paths.looks_path(), paths.datasets_path()),
        *(
            paths.uploads_path(),
            paths.profiles_path(),
            paths.published_path(),
            paths.anatomy_path("a", 1).parent.parent,
        ),
    }
    return _holding(
        "other",
        [
            path
            for path in top
            if path not in told
            and not _TEMPORARY.fullmatch(path.name)
            and not re.fullmatch(r"timm-.+\.json", path.name)
        ],
    )
