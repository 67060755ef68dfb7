"""The decision report: to download, to read, and to copy."""

from __future__ import annotations

import re

import streamlit as st

from bakeoff_core.reporting.documents.bundle import report_bundle, report_text
from bakeoff_core.reporting.documents.checklist_section import advice_section
from bakeoff_core.reporting.documents.record import without_record
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.checklist.advice import Advice, advise
from bakeoff_core.selection.checklist.rules import read_rules
from bakeoff_core.selection.decision import decide
from pages.parts.common import cache, session

MOST_ENTRIES = 8
"""Entries of a list, or rows of a table, that a section shows in the preview without being opened."""
_FOLDED = re.compile(r"\n*<details><summary>(.*?)</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
"""What the report itself folds; text from files has no such marks, since every one is escaped."""
_ENTRY = re.compile(r"^(?:- |\| (?!Model|---))", re.MULTILINE)


def draw(shown: MeasuredSetting) -> None:
    """Draw the report of the Frontier page's last question, with the checklist's answers where there are any.

    Args:
        shown: The setting whose candidates are decided between.
    """
    question = session.last_question()
    view = cache.view_of(shown, question.criteria)
    decision = decide(view.candidates, question.limits, rule=question.rule, cost=question.criteria.cost)
    advice = _advice(shown)
    sections = [advice_section(advice, question.limits)] if advice else []
    text = report_text(view, decision, sections=sections)
    st.caption(
        "Limits, rule, accuracy and recipes are those of the Frontier page."
        + (" The checklist's answers have a section of their own." if advice else "")
    )
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Download the report", text, "backbone-report.md", "text/markdown", icon=":material/download:", type="primary"
    )
    right.download_button(
        "Report, figure and data",
        lambda: report_bundle(view, decision, sections=sections),
        "backbone-report.zip",
        "application/zip",
        icon=":material/folder_zip:",
    )
    preview, source = st.tabs(["Preview", "Markdown"])
    with preview.container(border=True, key="preview"):
        st.html("<style>.st-key-preview table {display: block; overflow-x: auto}</style>")  # wider than a laptop
        _draw_preview(without_record(text))
    source.code(text, language="markdown", wrap_lines=True)


def _draw_preview(text: str) -> None:
    """Draw a report with the decision first; what it folds itself is folded here, and so are long lists."""
    opening, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    st.markdown(opening)
    for section in sections:
        title, _, body = _FOLDED.sub("", section).partition("\n")
        entries = len(_ENTRY.findall(body))
        if entries > MOST_ENTRIES:
            with st.expander(f"**{title}** · {entries} entries"):
                st.markdown(body)
        else:
            st.markdown(f"## {title}\n{body}")
        for summary, folded in _FOLDED.findall(section):
            with st.expander(summary):
                st.markdown(folded)


def _advice(shown: MeasuredSetting) -> Advice | None:
    """What follows from the checklist's answers; `None` where none was given."""
    answers = session.last_answers()
    return None if answers is None else advise(answers, cache.evidence(shown), read_rules())
