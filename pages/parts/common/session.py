"""What this session remembers of one page for the others: the question put on the Frontier page, and the checklist.

Not covered: parameters of links (`common.links`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.decision import RULES, Limits
from bakeoff_core.selection.checklist.rules import Answers

QUESTION, ANSWERS = "question", "checklist-answers"


@dataclass(frozen=True)
class Criteria:
    """What the candidates of a setting are compared by."""

    cost: str = "latency"
    """Key of `schema.decision.COST_COLUMNS`."""
    source: AccuracySource = IMAGENET
    """What the accuracies are of."""
    run_ids: tuple[str, ...] = ()
    """The source's fine-tuning runs that the user chose to go by; other models go by their best validated run."""
    pretraining_class: str | None = None
    """Recipe class to which the candidates are restricted; `None` for no restriction."""

    @property
    def unrestricted(self) -> Criteria:
        """The same, with candidates of every recipe class."""
        return replace(self, pretraining_class=None)


@dataclass(frozen=True)
class Question:
    """What is to be decided: by which criteria, within which limits."""

    limits: Limits = Limits()
    """The hard limits."""
    rule: str = RULES[0]
    """One of `schema.decision.RULES`."""
    criteria: Criteria = Criteria()
    """What the candidates are compared by."""


def remember_question(question: Question) -> None:
    """Keep the Frontier page's question for the other pages."""
    st.session_state[QUESTION] = question


def last_question() -> Question:
    """Return the Frontier page's last question; before there was one, no limits and the defaults."""
    return st.session_state.get(QUESTION, Question())


def remember_answers(answers: Answers | None) -> None:
    """Keep the checklist's answers for the other pages; `None` where every question is open."""
    st.session_state[ANSWERS] = answers


def last_answers() -> Answers | None:
    """Return the checklist's answers; `None` where none was given in this session."""
    return st.session_state.get(ANSWERS)
