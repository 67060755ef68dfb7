"""Take runs, comparisons and rankings away with what they hold, and clear what nothing uses.

Nothing is taken from a job that is at work, nor anything outside the state folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import active_jobs, list_jobs, read_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.jobs.removal import remove_job, require_removable
from bakeoff_core.storage.inventory import OF_RANKINGS, OF_RUNS, features_in_use, read_holdings, size_of
from bakeoff_core.system.files import to_user_error
from bakeoff_core.system.paths import features_path

DELETABLE = (*OF_RUNS, *OF_RANKINGS, kinds.DRY_RUN.key)
"""Kinds of jobs that are taken away by name."""

NEEDING_FEATURES = (*DELETABLE, kinds.PATCHES.key)
"""Kinds of jobs that may be about to use features that nothing refers to yet."""


def delete_jobs(job_ids: Sequence[str]) -> int:
    """Delete runs, comparisons (with their runs) and rankings, and the features that only they were made with.

    All are looked at before the first is taken away.

    Returns:
        The bytes that are free then.

    Raises:
        BakeoffError: One of them is not there, of another kind, at work, or a part of one that stays.
    """
    wanted = list(dict.fromkeys(job_ids))
    jobs = {job.job_id: job for job_id in wanted for job in _removable(job_id, wanted)}
    features = features_in_use(jobs.values())
    freed = sum(size_of(job.folder) for job in jobs.values())
    for job in jobs.values():
        remove_job(job)
    # A job at work may be about to use them; nothing refers to them yet, so that they can be cleared once it has ended.
    unused = set() if _needing_features() else features - features_in_use(list_jobs())
    return freed + _remove(features_path() / key for key in sorted(unused) if (features_path() / key).is_dir())


def _removable(job_id: str, wanted: Sequence[str]) -> list[Job]:
    job = read_job(job_id)
    if job.kind not in DELETABLE:
        raise BakeoffError(f"Job {job_id} is no run, comparison or ranking.")
    if job.owner in wanted:
        return []  # it goes with its owner
    return require_removable(job_id)


def clear_unused() -> int:
    """Take away what nothing uses; see `storage.inventory`.

    Returns:
        The bytes that are free then.

    Raises:
        BakeoffError: A job is at work, which may be about to use some of it; or something can't be removed.
    """
    needing = _needing_features()
    if needing:
        raise BakeoffError(
            f"Job {needing[0].job_id} is at work and may need some of it. Wait for it, or stop it first."
        )
    return _remove(path for holding in read_holdings() for path in holding.unused)


def _needing_features() -> list[Job]:
    return [job for job in active_jobs() if job.kind in NEEDING_FEATURES]


def _remove(paths: Iterable[Path]) -> int:
    freed = 0
    for path in paths:
        size = size_of(path)
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as err:
            raise to_user_error(err, f"{path} could not be removed") from err
        freed += size
    return freed
