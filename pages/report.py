"""The Report page: the decision as Markdown that can be pasted into a ticket, and the check of an older report."""

import streamlit as st

from bakeoff_core import candidates, output, report
from bakeoff_core.decision import decide
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from pages.parts import data, sidebar
from pages.parts.asked import asked_before

sidebar.require_app()
st.markdown("## Decision report")
shown = sidebar.shown()
if shown is None:
    st.info("There is nothing to report yet: this machine has not been measured. Start on the Frontier page.")
else:
    asked = asked_before()
    counts = data.recipe_counts(shown.setting, asked.source, asked.chosen)
    recipe = asked.recipe if asked.recipe in counts else None
    table = data.candidates_of(shown.setting, "latency", asked.source, asked.chosen, recipe)
    view = candidates.View(shown, table, asked.source, asked.chosen, recipe, counts)
    decision = decide(table, asked.limits, rule=asked.rule, cost=asked.cost)
    text = output.report_text(view, decision)
    st.caption("Limits, rule, accuracy and recipes are those of the Frontier page.")
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Download the report", text, "backbone-report.md", "text/markdown", icon=":material/download:", type="primary"
    )
    right.download_button(
        "Report, figure and data",
        lambda: output.report_bundle(view, decision),
        "backbone-report.zip",
        "application/zip",
        icon=":material/folder_zip:",
    )
    preview, source = st.tabs(["Preview", "Markdown"])
    with preview.container(border=True, key="preview"):
        st.html("<style>.st-key-preview table {display: block; overflow-x: auto}</style>")  # wider than a laptop
        st.markdown(report.without_record(text))
    source.code(text, language="markdown", wrap_lines=True)

st.markdown("### Does an earlier report still hold?")
st.caption("Upload a report: its limits are applied to the profiles that are here now.")
upload = st.file_uploader("Report to check", type=["md", "txt"])
if upload is not None:
    try:
        outcome = candidates.replay(report.read_facts(upload.getvalue().decode(errors="replace")))
    except BakeoffError as err:
        st.error(str(err))
    else:
        (st.success if outcome.same else st.warning)("  \n".join(markdown_text(s) for s in outcome.sentences))
