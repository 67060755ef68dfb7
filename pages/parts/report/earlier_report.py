"""The check of an earlier report: whether its pick still follows from the profiles that are here now."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.documents.record import read_record
from bakeoff_core.reporting.documents.replay import replay


def draw() -> None:
    """Draw the upload of a report, and what came of it."""
    st.markdown("### Does an earlier report still hold?")
    st.caption("Upload a report: its limits are applied to the profiles that are here now.")
    upload = st.file_uploader("Report to check", type=["md", "txt"], max_upload_size=10)
    if upload is None:
        return
    try:
        outcome = replay(read_record(upload.getvalue().decode(errors="replace")))
    except BakeoffError as err:
        st.error(markdown_text(err))
    else:
        (st.success if outcome.same else st.warning)("  \n".join(markdown_text(s) for s in outcome.sentences))
