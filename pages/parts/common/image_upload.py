"""Images of the user's own as a zip file: brought in, chosen again, and deleted."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from bakeoff_core.datasets.uploads import classes_folder, delete_upload, list_uploads, unpack_upload
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from pages.parts.common import actions

MOST_MB = 500
"""What one zip file may have; the server holds it in memory until it is unpacked."""
CHOSEN, NEXT, UPLOADER = "upload-chosen", "upload-next", "upload-count"
"""Session keys: the upload that is shown, the one to show next, and how often the field was emptied."""


def choose() -> Path | None:
    """Draw the field and the choice among earlier uploads; return the folder of classes, `None` while there is none."""
    at = st.session_state.setdefault(UPLOADER, 0)
    given = st.file_uploader(
        "A zip file of your images",
        type="zip",
        max_upload_size=MOST_MB,
        key=f"upload-{at}",
        help="One folder a class, with or without train, val and test above them. It is unpacked into the app's own "
        "folder and stays there until it is deleted.",
    )
    if given is not None:
        bar = st.progress(0.0, text="Unpacking")
        try:
            folder = unpack_upload(given, given.name, lambda share: bar.progress(share, text="Unpacking"))
        except BakeoffError as err:
            bar.empty()
            st.error(markdown_text(err))
            if list_uploads():
                st.caption("Remove it to go on with what was uploaded before.")
            return None  # nobody should train on an earlier upload in the belief that it is this one
        st.session_state[NEXT] = next(up.name for up in list_uploads() if folder.is_relative_to(up))
        st.session_state[UPLOADER] = at + 1  # the server would hold the file for as long as it is shown
        st.rerun()
    names = [upload.name for upload in list_uploads()]
    if not names:
        return None
    if (following := st.session_state.pop(NEXT, None)) in names:
        st.session_state[CHOSEN] = following
    elif st.session_state.get(CHOSEN) not in names:
        st.session_state.pop(CHOSEN, None)
    left, right = st.columns([5, 2], vertical_alignment="bottom")
    name = left.selectbox("Uploaded", names, key=CHOSEN, persist_state="session")
    upload = next(upload for upload in list_uploads() if upload.name == name)
    if right.button("Delete", icon=":material/delete:", key="upload-delete", help="With all its images."):
        actions.attempt_and_redraw(lambda: delete_upload(upload))
    return classes_folder(upload)
