"""The start of a search; the pages' and the command line's common way in.

Not covered: what can be asked for (`search.spec`), the search itself (`search.worker`, in a process of its own), and
what came of it (`search.results`).
"""

from __future__ import annotations

from dataclasses import asdict

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import start_job, stop_what_gives_way
from bakeoff_core.jobs.records import Job
from bakeoff_core.search.narrowing import read_candidates
from bakeoff_core.search.spec import SearchSpec


def start_search(spec: SearchSpec) -> Job:
    """Start a search, and stop the jobs that would spoil it and can be done any time (`jobs.kinds`).

    Raises:
        BakeoffError: There is nothing to search among; the words say what there is.
        BusyError: Another job measures on this machine.
        NoSpaceError: The disk is full.
    """
    read_candidates(spec)
    job = start_job(kinds.SEARCH, asdict(spec))
    stop_what_gives_way()
    return job
