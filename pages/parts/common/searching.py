"""A search, as every page shows it that can start it: at work with its live chart, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import duration, markdown_code, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.records import Job
from bakeoff_core.reporting.figures.search import search_figure
from bakeoff_core.reporting.text.doubts import distrust_sentence, doubts_sentence
from bakeoff_core.reporting.text.names import CandidateNames, Terms
from bakeoff_core.reporting.text.search import (
    WHAT_COUNTS,
    WHAT_PREDICTIONS_ARE,
    count_sentence,
    failures_sentence,
    outcome_sentences,
)
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.records import FAILED, STOPPED, TIME
from bakeoff_core.search.request import start_search
from bakeoff_core.search.results import SearchRun, read_search
from bakeoff_core.search.spec import SearchSpec
from bakeoff_core.selection.doubts import decisive_doubts, find_doubts
from bakeoff_core.system import locks
from pages.parts.common import actions, cache, job_card, links, plotly_chart, resume, sidebar, waiting

ToFrontier = Callable[[Limits, str | None, AccuracySource], dict[str, str]]

WATCHED = "search-watched"
"""Session key of the search whose card this session has seen at work."""


def start(spec: SearchSpec) -> None:
    """Start a search from a button's press; show why it can't be, where it can't."""
    actions.attempt_and_redraw(lambda: start_search(spec))


def draw_watched(to_frontier: ToFrontier) -> None:
    """Draw what came of the search that this session has watched, until it is put away; `to_frontier` as below."""
    job_id = st.session_state.get(WATCHED)
    if job_id is None:
        return
    try:
        search = read_search(job_id)
    except BakeoffError:  # it was deleted meanwhile
        del st.session_state[WATCHED]
        return
    if search.job.active:
        return
    with st.container(border=True):
        draw_ended(search, to_frontier)
        st.button("Close", key=f"close-{job_id}", icon=":material/close:", on_click=lambda: _forget(job_id))


def draw_ended(search: SearchRun, to_frontier: ToFrontier, *, chart: bool = True) -> None:
    """Draw what came of a search that ended, with the way to the frontier, and the button that goes on with it.

    Args:
        search: The search.
        to_frontier: Makes the Frontier page go by limits; see `components.frontier_limits.to_limits`.
        chart: Whether to draw its chart.
    """
    try:
        answer = cache.search_answer(search)
    except BakeoffError as err:  # what it was narrowed by is there no more
        st.error(markdown_text(err))
        return
    names = CandidateNames(answer.view.candidates, Terms(answer.view.source, markdown_code))
    st.markdown(f":material/travel_explore: **Search:** {markdown_text(count_sentence(search.job.status))}.")
    if distrust := distrust_sentence(decisive_doubts(answer.view.candidates, answer.decision), names):
        st.warning(distrust, icon=":material/warning:")
    for sentence in outcome_sentences(search, answer, markdown_code):
        st.markdown(sentence)
    if doubts := doubts_sentence(find_doubts(answer.view.candidates)):
        st.caption(doubts)
    if failed := failures_sentence(search.job.status, markdown_code):
        st.caption(failed)
    if search.stopped_because == FAILED:
        st.error(markdown_text(search.job.status.get("message") or ""))
        resume.draw_log(search.job)
    with st.container(horizontal=True, vertical_alignment="center"):
        job_id = search.job.job_id
        spec, view = search.spec, answer.view
        if answer.decision.pick and st.button(
            "Show it on the frontier",
            icon=":material/show_chart:",
            key=f"show-{job_id}",
            on_click=lambda: sidebar.show(view.measured),
        ):
            st.switch_page(links.FRONTIER, query_params=to_frontier(spec.limits, spec.rule, view.source))
        if search.stopped_because in (TIME, STOPPED, FAILED):
            label = f"Go on for {duration(search.spec.budget_s)} more"
            is_busy = bool(locks.machine_holder())
            if st.button(label, icon=":material/resume:", key=f"go-on-{job_id}", disabled=is_busy):
                start(search.spec)
    if chart:
        _draw_chart(search, key=f"search-{search.job.job_id}")


def _draw_chart(search: SearchRun, key: str) -> None:
    answer = cache.search_answer(search)
    figure = search_figure(
        answer.view.candidates,
        cache.predictions_of(search),
        search.spec.limits,
        dark=plotly_chart.is_dark(),
        source=answer.view.source,
    )
    plotly_chart.draw_static(figure.update_layout(height=plotly_chart.HEIGHT_PX), key=key)
    st.caption(f"{WHAT_PREDICTIONS_ARE} {WHAT_COUNTS}")


def _describe(job: Job) -> str:
    status = job.status
    name, left = status.get("current"), status.get("time_left_s")
    size = f" at {status['img_size']} px" if name and status.get("img_size") else ""
    message = markdown_text(status.get("message") or job_card.LOADING)
    what = f"{message}: **{markdown_text(name)}**{size}" if name else message
    return f"{what} · {duration(left)} left" if left else what


def _draw_live(job: Job) -> None:
    """Say how far a search is, what it waits for, and show what it has found."""
    st.session_state[WATCHED] = job.job_id
    waiting.draw(job)
    try:
        search = read_search(job.job_id)
        st.markdown(f"**{markdown_text(count_sentence(job.status))}**")
        if search.candidates is not None:
            _draw_chart(search, key=f"live-{job.job_id}")
    except BakeoffError as err:
        st.caption(markdown_text(err))


def _forget(job_id: str) -> None:
    if st.session_state.get(WATCHED) == job_id:
        del st.session_state[WATCHED]


CARD = job_card.JobCard(
    kinds.SEARCH,
    _describe,
    draw_details=_draw_live,
    note="You can close this tab: the search goes on, and everything measured is kept. "
    "Using the machine meanwhile spoils the timings.",
    every="2s",
)
