"""The Report page: the decision as Markdown that can be pasted into a ticket, and the check of an older report."""

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.documents.bundle import report_bundle, report_text
from bakeoff_core.reporting.documents.checklist_section import advice_section
from bakeoff_core.reporting.documents.record import read_record, without_record
from bakeoff_core.reporting.documents.replay import replay
from bakeoff_core.selection import candidates
from bakeoff_core.selection.decision import decide
from pages.parts.checklist import answers
from pages.parts.common import cache, sidebar
from pages.parts.common.session import asked_before

sidebar.require_app()
st.markdown("## Decision report")
shown = sidebar.shown()
if shown is None:
    st.info("There is nothing to report yet: this machine has not been measured. Start on the Frontier page.")
else:
    asked = asked_before()
    counts = cache.pretraining_counts(shown.setting, asked.source, asked.chosen)
    pretraining_class = asked.pretraining_class if asked.pretraining_class in counts else None
    table = cache.candidates_of(shown.setting, "latency", asked.source, asked.chosen, pretraining_class)
    view = candidates.View(shown, table, asked.source, asked.chosen, pretraining_class, counts)
    decision = decide(table, asked.limits, rule=asked.rule, cost=asked.cost)
    advice = answers.advice_kept()
    sections = [advice_section(advice, asked.limits)] if advice else []
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
        st.markdown(without_record(text))
    source.code(text, language="markdown", wrap_lines=True)

st.markdown("### Does an earlier report still hold?")
st.caption("Upload a report: its limits are applied to the profiles that are here now.")
upload = st.file_uploader("Report to check", type=["md", "txt"])
if upload is not None:
    try:
        outcome = replay(read_record(upload.getvalue().decode(errors="replace")))
    except BakeoffError as err:
        st.error(str(err))
    else:
        (st.success if outcome.same else st.warning)("  \n".join(markdown_text(s) for s in outcome.sentences))
