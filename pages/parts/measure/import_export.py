"""Take profiles to another machine, or in from one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.reporting.text.imports import explain_import
from bakeoff_core.system.paths import profiles_path
from pages.parts.common import cache


def draw() -> None:
    """Draw import and export."""
    st.markdown("### Other machines")
    st.caption(
        "Measure an edge box by command line (`python -m bakeoff_core profile`, then `export box.parquet`) and bring "
        "the file here. Its rows keep their machine and are never mixed with this one's."
    )
    left, right = st.columns(2, gap="large")
    with left:
        upload = st.file_uploader("Import a profile file", type="parquet", max_upload_size=50)
        if upload is not None and st.button("Import", icon=":material/upload:"):
            _import(upload.name, upload.getvalue())
    with right:
        if not cache.profiles().empty:
            st.download_button(
                "Export all profiles",
                profiles_path().read_bytes,
                "profiles.parquet",
                "application/octet-stream",
                icon=":material/download:",
            )
        else:
            st.caption("Nothing to export yet.")


def _import(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / (Path(name).name or "upload.parquet")
        try:
            source.write_bytes(content)
            imported, outdated = profiling_store.import_profiles(profiles_path(), source)
        except (BakeoffError, OSError) as err:
            st.error(markdown_text(err))
            return
    (st.success if imported else st.info)(explain_import(imported, outdated))
    if imported:
        st.caption("Choose the machine at the side to see what came in.")
