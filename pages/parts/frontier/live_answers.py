"""The answers while a thumb is dragged: the browser asks for them itself, and puts them in place of those shown.

A rerun of a fragment has Streamlit's frontend draw the whole page about four times, however little has changed, which
takes most of the wait. So a drag is answered beside Streamlit, by one short request a step; what is asked for and how
it is drawn are the same, and when the thumb rests the fragment reruns as after any widget. Without an answer (the
server was started anew, or the question is too old) the sliders report to Streamlit as they do elsewhere.

Not covered: when to ask, and what to do with the answer (`components.live_answers`); the address (`live_route`).
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import asdict, replace
from threading import Lock

import pandas as pd
import streamlit as st

from bakeoff_core.reporting.figures.frontier_layout import Marks, build_marks
from bakeoff_core.schema.decision import Decision, Limits
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.decision import decide
from pages.parts.common import cache
from pages.parts.common.links import FLOOR, LATENCY
from pages.parts.common.session import Question
from pages.parts.components import limit_marks, live_answers
from pages.parts.frontier import answer_cards

_MOST_OFFERED = 200
"""Questions that are remembered; a page that shows an older one is served by reruns until its next."""

_offered: OrderedDict[str, tuple[MeasuredSetting, Question]] = OrderedDict()
"""Settings and questions, the sliders' limits left out, by the token that the browser asks with; the oldest first."""
_lock = Lock()


def draw(shown: MeasuredSetting, question: Question, thumbs: dict[str, str], *, path: str, over: str) -> Decision:
    """Draw the answers to a question, and keep them to the sliders from now on.

    Args:
        shown: The setting whose candidates are decided on.
        question: What to decide; its limits are where the thumbs are now.
        thumbs: Keys of the sliders, by the parameter of a link that each sets.
        path: Where the browser asks.
        over: Key of the chart over which the marks go.

    Returns:
        What was decided.
    """
    token = offer(shown, question)
    cards, marks, decision = _answer(shown, question)
    limits = question.limits
    values = {LATENCY: limits.max_latency_s * 1e3, FLOOR: limits.min_top1}
    # The browser may have put other answers here, and Streamlit draws only what differs from what it drew last: so each
    # question and each pair of limits has a text of its own.
    where = " ".join(map(str, values.values()))
    with st.container(gap=None):  # the marks and what keeps them to the sliders have no place of their own here
        answer_cards.draw(cards, asked=f"{token} {where}")
        limit_marks.draw(marks, over=over)
        keys_and_values = {name: [key, values[name]] for name, key in thumbs.items()}
        live_answers.draw(path, token, where, keys_and_values, over=over)
    return decision


def offer(shown: MeasuredSetting, question: Question) -> str:
    """Remember a question for `answer` and return the token it goes by; the same for the same but for the sliders."""
    asked = shown, replace(question, limits=replace(question.limits, min_top1=None, max_latency_s=None))
    with _lock:
        token = next((token for token, known in _offered.items() if known == asked), None) or secrets.token_urlsafe()
        _offered[token] = asked
        _offered.move_to_end(token)
        while len(_offered) > _MOST_OFFERED:
            _offered.popitem(last=False)
    return token


def answer(token: str, limits: Limits) -> dict[str, object] | None:
    """Answer a question that was offered; `None` where it is not remembered.

    Args:
        token: What `offer` returned.
        limits: The two that the sliders set.

    Returns:
        `html`, the cards, and `marks`, as `components.limit_marks` takes them.
    """
    with _lock:
        asked = _offered.get(token)
    if asked is None:
        return None
    shown, question = asked
    further = replace(question.limits, min_top1=limits.min_top1, max_latency_s=limits.max_latency_s)
    cards, marks, _ = _answer(shown, replace(question, limits=further))
    return {"html": cards, "marks": asdict(marks)}


def table_of(shown: MeasuredSetting, question: Question) -> pd.DataFrame:
    """Return the candidates that a question is decided on; no limit, rule or cost changes them."""
    return cache.candidates_of(shown, replace(question.criteria, cost=cache.BY_DEFAULT.cost))


def _answer(shown: MeasuredSetting, question: Question) -> tuple[str, Marks, Decision]:
    """Return the cards, the marks and the decision that they are of."""
    table, cost, source = table_of(shown, question), question.criteria.cost, question.criteria.source
    decision = decide(table, question.limits, rule=question.rule, cost=cost)
    return answer_cards.render(decision, table, source), build_marks(table, decision, cost=cost), decision
