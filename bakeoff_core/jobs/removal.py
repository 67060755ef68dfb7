"""Take a job's folder away, whole: nobody can go on with it meanwhile, and half of one is never seen.

Not covered: what else a job has left on the disk (`storage.deletion`).
"""

from __future__ import annotations

import contextlib
import shutil

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.manager import list_parts, read_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.system.files import to_user_error
from bakeoff_core.system.locks import take_lock
from bakeoff_core.system.paths import jobs_path

REMOVED = ".removed-"
"""What the folder of a removed job is called until it is gone."""


def require_removable(job_id: str) -> list[Job]:
    """Return what goes with a job: its parts, and itself.

    Raises:
        BakeoffError: There is no such job, it is at work, or it is a part of one that is still here.
    """
    job = read_job(job_id)
    if job.active:
        raise BakeoffError(f"Job {job_id} is at work. Stop it first.")
    if job.owner and (jobs_path() / job.owner / "spec.json").is_file():
        raise BakeoffError(f"Job {job_id} is a part of {job.owner}. Delete that, and its parts go with it.")
    return [*list_parts(job_id), job]


def remove_job(job: Job) -> None:
    """Take away the folder of a job that is not at work.

    Raises:
        BakeoffError: It has been taken up again, or the folder can't be removed.
    """
    removed = job.folder.with_name(f"{REMOVED}{job.job_id}")
    with contextlib.ExitStack() as stack:
        try:
            take_lock(stack, job.folder / "lock")
            job.folder.rename(removed)
            shutil.rmtree(removed)
        except BlockingIOError as err:
            raise BakeoffError(f"Job {job.job_id} is at work. Stop it first.") from err
        except FileNotFoundError as err:
            raise BakeoffError(f"There is no job {job.job_id!r}.") from err
        except OSError as err:
            raise to_user_error(err, f"The folder of {job.job_id} could not be removed") from err
