"""Measuring, as every page shows it that can start it: the start, jobs at work, and how one ended."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from bakeoff_core.formatting import duration, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling.request import MeasureSpec, start_measuring
from pages.parts.common import actions, job_card, resume, searching, waiting
from pages.parts.common.session import last_question


def start(spec: MeasureSpec) -> None:
    """Start measuring from a button's press; show why it can't be, where it can't.

    Further rounds go where the question that was last put on the Frontier page is decided.
    """
    question = last_question()
    limits = question.limits
    if not question.criteria.source.is_imagenet:  # the job goes by ImageNet's accuracies, the floor is of others
        limits = replace(limits, min_top1=None)
    asked = replace(spec, limits=limits, rule=question.rule, cost=question.criteria.cost)
    actions.attempt_and_redraw(lambda: start_measuring(asked))


def draw_active() -> None:
    """Draw the jobs at work as cards, searches too."""
    job_card.draw_active([_CARD, searching.CARD])


def draw_ended(job: Job) -> None:
    """Draw how a job ended, with its failures and its log."""
    message = job.status.get("message") or ""
    failures = job.status.get("failures") or ()
    if job.state == "done":
        st.markdown(f":material/check_circle: Measuring finished: {markdown_text(message)}")
    elif job.state == "stopped":
        st.markdown(":material/stop_circle: Measuring was stopped. Everything measured until then is kept.")
    else:
        st.error(
            f"Measuring failed. {markdown_text(message)} What was measured until then is kept; start again to go on."
        )
    for failure in failures:
        st.warning(
            f"{markdown_text(failure['model_name'])}: {markdown_text(failure['error'])}", icon=":material/error:"
        )
    if job.state == "failed" or failures:
        resume.draw_log(job)


def _describe(job: Job) -> str:
    status = job.status
    done, total = status.get("done") or 0, max(1, status.get("total") or 1)
    left = status.get("time_left_s")
    name = status.get("current")
    size = f" at {status['img_size']} px" if name and status.get("img_size") else ""
    what = (
        f"{kinds.MEASURE.title} **{markdown_text(name)}**{size}" if name else status.get("message") or job_card.LOADING
    )
    time_left = f"about {duration(left)} left" if left else "working out the time left"
    return f"{what} · {done} of {total} rounds · {time_left}"


_CARD = job_card.JobCard(
    kinds.MEASURE,
    _describe,
    draw_details=waiting.draw,
    note="You can close this tab: measuring goes on, and everything measured is kept. "
    "Using the machine meanwhile spoils the timings.",
)
