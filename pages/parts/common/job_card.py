"""A job at work as a card: how far it is, what its kind has to show meanwhile, and how to stop it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from bakeoff_core.formatting import duration, images_per_second, markdown_text
from bakeoff_core.jobs.kinds import JobKind
from bakeoff_core.jobs.manager import read_job, stop_job, watched_jobs
from bakeoff_core.jobs.records import Job

LOADING = "Loading PyTorch and timm"
"""What a worker is at before it has said anything."""


@dataclass(frozen=True)
class JobCard:
    """What the cards of one kind of job show."""

    kind: JobKind
    """The kind."""
    describe: Callable[[Job], str]
    """Returns what a job is at and how far, in Markdown."""
    draw_details: Callable[[Job], None] | None = None
    """Draws what there is to see of its work so far; `None` for nothing."""
    note: str = ""
    """What to know while it is at work, in small print."""
    every: str = "1s"
    """How often it is drawn anew."""


def draw_active(cards: Sequence[JobCard]) -> None:
    """Draw every job at work that is of one of these kinds, the newest first."""
    by_kind = {card.kind.key: card for card in cards}
    for job in watched_jobs():
        if job.kind in by_kind:
            card = by_kind[job.kind]
            st.fragment(_draw, run_every=card.every)(job.job_id, card)


def _draw(job_id: str, card: JobCard) -> None:
    """Draw one card; it redraws itself every second, and the page when the job has ended."""
    job = read_job(job_id)
    if not job.active:
        st.rerun()
    with st.container(border=True):
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(share_done(job), text=card.describe(job))
        if button.button("Stop", key=f"stop-{job_id}", icon=":material/stop_circle:", width="stretch"):
            with st.spinner("Stopping"):
                stop_job(job_id)
            st.rerun()
        if card.draw_details is not None:
            card.draw_details(job)
        if card.note:
            st.caption(card.note)


def share_done(job: Job) -> float:
    """Return how much of what it is at is done, 0 to 1: its own word for it, or what it counts."""
    if isinstance(share := job.status.get("share"), int | float):
        return min(1.0, max(0.0, share))
    return min(1.0, (job.status.get("done") or 0) / max(1, job.status.get("total") or 1))


def describe_progress(job: Job, unit: str | None = "images", speed: float | None = None) -> str:
    """Return what a job is at, how far, how fast, and how long it will take, in Markdown.

    Args:
        job: The job.
        unit: What its status counts; `None` where that says nothing.
        speed: Images a second, where they are worth telling.
    """
    status = job.status
    parts = [markdown_text(status.get("message") or LOADING)]
    if unit and status.get("total"):
        parts.append(f"{status.get('done') or 0:,} of {status['total']:,} {unit}")
    if speed:
        parts.append(images_per_second(speed))
    if status.get("time_left_s"):
        parts.append(f"about {duration(status['time_left_s'])} left")
    return " · ".join(parts)
