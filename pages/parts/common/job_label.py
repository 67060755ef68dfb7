"""What the user calls an ended job, what is noted of it, and its end: a form that is folded away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import disk_size, markdown_text
from bakeoff_core.jobs.labels import MOST_NAME_CHARS, MOST_NOTE_CHARS, read_label, set_label
from bakeoff_core.jobs.records import Job
from bakeoff_core.storage.deletion import delete_jobs
from pages.parts.common import actions

DELETED = "jobs-deleted"
"""Session key of what was said of the last deletion."""


def draw_note(job: Job) -> None:
    """Draw what was noted of a job, where something was."""
    if note := read_label(job.folder).note:
        st.caption(markdown_text(note))


def draw(jobs: Sequence[Job], what: str) -> None:
    """Draw the form: name and note of one job, and the deletion of all of them.

    Args:
        jobs: Ended ones, at least one.
        what: What one is called: "run", "ranking".
    """
    one = jobs[0] if len(jobs) == 1 else None
    title = "Name, note, delete" if one else f"Delete these {len(jobs)}"
    with st.popover(title, icon=":material/edit_note:"):
        if one:
            _draw_label(one)
        _draw_deletion(jobs, what)


def draw_deleted() -> None:
    """Say once what the last deletion came to."""
    if said := st.session_state.pop(DELETED, None):
        st.success(said)


def _draw_label(job: Job) -> None:
    label = read_label(job.folder)
    with st.form(f"label-{job.job_id}", border=False):
        name = st.text_input("Name", label.name or "", max_chars=MOST_NAME_CHARS, key=f"name-{job.job_id}")
        note = st.text_area("Note", label.note or "", max_chars=MOST_NOTE_CHARS, key=f"note-{job.job_id}")
        if st.form_submit_button("Save", icon=":material/save:"):
            actions.attempt_and_redraw(lambda: _save(job.job_id, name, note))


def _save(job_id: str, name: str, note: str) -> None:
    try:
        set_label(job_id, name=name, note=note)
    except ValueError as err:  # a text that a browser lets through, and a label can't hold
        raise BakeoffError(str(err)) from err


def _draw_deletion(jobs: Sequence[Job], what: str) -> None:
    ids = [job.job_id for job in jobs]
    it = f"this {what}" if len(jobs) == 1 else f"these {len(jobs)} {what}s"
    sure = st.checkbox(
        f"Delete {it} with its files and the features that only it uses"
        if len(jobs) == 1
        else f"Delete {it} with their files and the features that only they use",
        key=f"sure-{ids[0]}-{len(ids)}",
    )
    if st.button("Delete", icon=":material/delete:", disabled=not sure, key=f"delete-{ids[0]}-{len(ids)}"):
        actions.attempt_and_redraw(lambda: _delete(ids, what))


def _delete(job_ids: Sequence[str], what: str) -> None:
    freed = delete_jobs(job_ids)
    count = f"{len(job_ids)} {what}{'' if len(job_ids) == 1 else 's'}"
    st.session_state[DELETED] = f"Deleted {count}: {disk_size(freed)} are free again."
