"""Parts of a job: jobs with folders of their own, that its worker does one after the other in its own process.

A part is read, stopped and resumed as any job (`jobs.manager`); stopping one that is at work stops its owner too, since
they are one process. Not covered: what a part does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.kinds import JobKind
from bakeoff_core.jobs.records import TIME_CHARS, first_status, make_request
from bakeoff_core.system.files import to_user_error, write_json
from bakeoff_core.system.locks import take_lock, unlock
from bakeoff_core.system.paths import jobs_path


@contextlib.contextmanager
def hold_part(owner: str, number: int, kind: JobKind, spec: Mapping[str, Any]) -> Iterator[Path]:
    """Set up a part of a job, or take it up again, for the caller to work on; called by the owner's worker.

    The part is at work while the context lasts, and as long as this process lives: its lock is held here. What it
    says of itself is the caller's to write, with a `Reporter` on its folder.

    Args:
        owner: Id of the job it is a part of, which holds the machine.
        number: Which part, from 1; the same number means the same part, whose first spec stays.
        kind: What the part does; its worker can resume it alone.
        spec: What to do; must be JSON.

    Yields:
        The part's folder, whose name is its id.

    Raises:
        BakeoffError: Another process works on it, or its folder can't be written to.
        NoSpaceError: The disk is full.
    """
    folder = jobs_path() / f"{owner[:TIME_CHARS]}-{kind.key}-{owner.rpartition('-')[2]}-{number}"
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = take_lock(stack, folder / "lock")
            stack.callback(unlock, lock)  # a child that inherited the open file must not keep it
            write_json(folder / "status.json", first_status(folder))
            (folder / "stop").unlink(missing_ok=True)
            if not (folder / "spec.json").is_file():
                write_json(folder / "spec.json", make_request(kind, spec, owner))
        except BlockingIOError as err:
            raise BakeoffError(f"Job {folder.name} is at work already.") from err
        except OSError as err:
            raise to_user_error(err, f"A part of the job could not be set up in {jobs_path()}") from err
        yield folder
