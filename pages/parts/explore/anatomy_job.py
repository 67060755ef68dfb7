"""Have a worker take models apart while the page goes on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bakeoff_core.formatting import markdown_code, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.anatomy.records import Anatomy
from bakeoff_core.profiling.anatomy.request import Wanted, dissecting_now, failure_of, start_dissecting
from pages.parts.common import actions, cache, job_card, worker_wait

REQUESTED = "anatomies-requested"
"""Session key of what was requested once: a job that ended without it is not started again by itself."""
LATEST_JOBS = 20
"""Jobs that are looked through for what went wrong."""
IF_BUSY = "This machine is being measured, and taking models apart would spoil its timings. It is done after that."


def get_or_start(shown: Sequence[Wanted], later: Sequence[Wanted] = ()) -> list[Anatomy | None]:
    """Return the anatomies that are shown, `None` for each that is not there yet, and see to it that it comes.

    Args:
        shown: What the page shows; each with its size.
        later: What would be good to have, and is taken along after it.
    """
    found = [_find(one) for one in shown]
    missing = [one for one, anatomy in zip(shown, found, strict=True) if anatomy is None]
    useful = [one for one in later if one not in shown and _find(one) is None]
    job = dissecting_now()
    if job is not None:
        if missing or useful:
            worker_wait.draw_wait(job.job_id, _describe, is_ready=lambda: any(_find(one) for one in missing))
        return found
    for one in missing:
        _draw_failure(one)
    requested = st.session_state.setdefault(REQUESTED, set())
    new = [one for one in dict.fromkeys([*missing, *useful]) if one not in requested and _failure(one) is None]
    if new and _start(new):
        requested |= set(new)
        st.rerun()
    return found


def _find(one: Wanted) -> Anatomy | None:
    return cache.anatomy(one.model_name, one.img_size)


def _start(models: Sequence[Wanted]) -> bool:
    return actions.attempt(lambda: start_dissecting(models), if_busy=IF_BUSY)


def _describe(job: Job) -> tuple[float, str]:
    name = job.status.get("current")
    what = f"Taking {markdown_code(name)} apart" if name else job_card.LOADING
    done, total = job.status.get("done") or 0, max(1, job.status.get("total") or 1)
    rest = "a few seconds a model, once for each size and version of timm"
    return job_card.share_done(job), f"{what} · {done} of {total} · {rest}"


def _failure(one: Wanted) -> str | None:
    """Why the latest job that was asked for it could not take a model apart."""
    for job in list_jobs(kinds.ANATOMY)[:LATEST_JOBS]:
        if [one.model_name, one.img_size] in job.spec.get("wanted", []):
            return failure_of(job, one)
    return None


def _draw_failure(one: Wanted) -> None:
    was_requested = one in st.session_state.get(REQUESTED, ())
    reason = _failure(one) or ("The worker ended without it." if was_requested else None)
    if reason is None:
        return
    text = f"{markdown_code(one.model_name)} at {one.img_size} px could not be taken apart. {markdown_text(reason)}"
    if worker_wait.draw_failure(text, key=f"again-{one.model_name}-{one.img_size}") and _start([one]):
        st.rerun()
