"""Have a worker take models apart while the page goes on, and say how far it is and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bakeoff_core.errors import BakeoffError, BusyError
from bakeoff_core.formatting import markdown_code, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs, read_job
from bakeoff_core.profiling.anatomy import store as anatomy_store
from bakeoff_core.profiling.anatomy.records import Anatomy
from bakeoff_core.profiling.anatomy.store import Wanted
from pages.parts.common import cache

ASKED = "anatomies-asked"
"""Session key of what was asked for once: a job that ended without it is not started again by itself."""
LATEST_JOBS = 20
"""Jobs that are looked through for what went wrong."""


def take(wanted: Sequence[Wanted], later: Sequence[Wanted] = ()) -> list[Anatomy | None]:
    """Return the anatomies that are wanted, `None` for each that is not there yet, and see to it that it comes.

    Args:
        wanted: What the page shows; each with its size.
        later: What would be good to have, and is taken along after it.
    """
    found = [cache.anatomy(one.model_name, one.img_size) for one in wanted]
    missing = [one for one, anatomy in zip(wanted, found, strict=True) if anatomy is None]
    useful = [one for one in later if one not in wanted and cache.anatomy(one.model_name, one.img_size) is None]
    asked = st.session_state.setdefault(ASKED, set())
    job = anatomy_store.dissecting_now()
    if job is not None:
        if missing or useful:
            _watch(job.job_id, tuple(missing))
        return found
    for one in missing:
        _draw_failure(one)
    new = [one for one in dict.fromkeys([*missing, *useful]) if one not in asked and _failure(one) is None]
    if new and _start(new):
        asked |= set(new)
        st.rerun()
    return found


def _start(wanted: Sequence[Wanted]) -> bool:
    try:
        anatomy_store.start_dissecting(wanted)
    except BusyError:
        st.info(
            "This machine is being measured, and taking models apart would spoil its timings. It is done after that."
        )
    except BakeoffError as err:
        st.error(markdown_text(err))
    else:
        return True
    return False


def _failure(one: Wanted) -> str | None:
    """Why the latest job that was asked for it could not take a model apart."""
    for job in list_jobs(kinds.ANATOMY)[:LATEST_JOBS]:
        if [one.model_name, one.img_size] in job.spec.get("wanted", []):
            return anatomy_store.failure_of(job, one)
    return None


def _draw_failure(one: Wanted) -> None:
    reason = _failure(one) or ("The worker ended without it." if one in st.session_state[ASKED] else None)
    if reason is None:
        return
    text, button = st.columns([5, 1], vertical_alignment="center")
    text.error(
        f"{markdown_code(one.model_name)} at {one.img_size} px could not be taken apart. {markdown_text(reason)}"
    )
    if button.button("Try again", key=f"again-{one.model_name}-{one.img_size}", width="stretch") and _start([one]):
        st.rerun()


@st.fragment(run_every="1s")
def _watch(job_id: str, waiting: tuple[Wanted, ...]) -> None:
    """Show how far a job is; the page is drawn again as soon as something it waits for is there, or the job ends."""
    job = read_job(job_id)
    if not job.active or any(cache.anatomy(one.model_name, one.img_size) is not None for one in waiting):
        st.rerun()
    status = job.status
    done, total = status.get("done") or 0, max(1, status.get("total") or 1)
    name = status.get("current")
    what = f"Taking {markdown_code(name)} apart" if name else "Loading PyTorch and timm"
    rest = "a few seconds a model, once for each size and version of timm"
    st.progress(min(1.0, done / total), text=f"{what} · {done} of {total} · {rest}")
