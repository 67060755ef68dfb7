"""Bring in timm's result tables as a published machine, and see what joined and what did not."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue import published_store
from bakeoff_core.catalogue.published import JoinCount, name_from_file
from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.datasets.records import expanded
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.text.published import REASON_WORDS, explain_joins
from bakeoff_core.system.paths import published_path
from pages.parts.common import actions, cache, server_paths
from pages.parts.explore import landscape, published_cache

RESULTS_HELP = (
    "timm publishes `results-imagenet.csv` and a `benchmark-….csv` for each machine in the folder `results` of its "
    "repository, github.com/huggingface/pytorch-image-models. Any year's will do."
)


def draw(*, readable: bool) -> None:
    """Draw the form, and what became of each table that was imported.

    Args:
        readable: Whether the file of published machines can be used.
    """
    counts = published_cache.counts() if readable else ()
    for count in counts:
        _draw_count(count)
    if done := st.session_state.pop("published_done", None):
        st.success(done)
    with st.expander("Import timm's tables", expanded=not counts, icon=":material/upload:"):
        _draw_form()


def _draw_form() -> None:
    st.caption(
        "A speed belongs to an architecture at an image size, and so to each of its weights tags; an accuracy belongs "
        "to one tag at one size. What can't be joined is listed with the reason."
    )
    ways = ("Upload", "Path") if server_paths.are_offered() else ("Upload",)
    by = st.segmented_control("Tables", ways, default="Upload", required=True, key="published_by")
    left, right = st.columns(2)
    labels = "Accuracies (results-imagenet.csv)", "Speeds (benchmark-….csv)"
    if by == "Upload":
        results = left.file_uploader(labels[0], type="csv", max_upload_size=50, help=RESULTS_HELP)
        speeds = right.file_uploader(labels[1], type="csv", max_upload_size=50, help=RESULTS_HELP)
        file_name = speeds.name if speeds else ""
    else:
        results = left.text_input(labels[0], placeholder="~/timm/results/results-imagenet.csv", help=RESULTS_HELP)
        speeds = right.text_input(labels[1], placeholder="~/timm/results/benchmark-….csv", help=RESULTS_HELP)
        file_name = Path(speeds).name
    left, middle, right = st.columns([5, 3, 2], vertical_alignment="bottom")
    machine = left.text_input(
        "Name of the machine",
        name_from_file(file_name),
        key=f"published_name_{file_name}",  # another file proposes another name
        help="Inference and training of one machine may carry one name.",
    )
    replace = middle.checkbox(
        "Replace an earlier table", key="published_replace", help="Of the same name and kind, if there is one."
    )
    names = cache.timm_models()
    ready = bool(results and speeds and names)
    if right.button("Import", disabled=not ready, icon=":material/upload:", type="primary", width="stretch"):
        _import(results, speeds, machine, names, replace)
    if names is None:
        st.caption("timm's names, which tables of other years need, are not read yet.")


def _import(results: object, speeds: object, machine: str, names: TimmModels, replace: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            paths = [_path(given, Path(folder, part)) for part, given in (("results", results), ("speeds", speeds))]
            counts, outcome = published_store.import_tables(published_path(), *paths, names, machine, replace=replace)
        except (BakeoffError, OSError) as err:
            st.error(markdown_text(err))
            return
    landscape.show_next(counts[0].machine, counts[0].part)
    st.session_state["published_done"] = (
        f"{markdown_text(counts[0].machine)}: {published_store.OUTCOMES[outcome]} *Models and speed* shows it."
    )
    st.rerun()


def _path(given: object, folder: Path) -> Path:
    """Return the path that was typed, or where an upload is put, under its own name."""
    if isinstance(given, str):
        path = expanded(Path(given.strip()))
        server_paths.require_allowed(path)
        return path
    folder.mkdir()
    path = folder / (Path(given.name).name or "upload.csv")
    path.write_bytes(given.getvalue())
    return path


def _draw_count(count: JoinCount) -> None:
    label = f"{markdown_text(count.machine)}, {count.part}: {count.joined:,} of {count.listed:,} joined"
    with st.expander(label, icon=":material/join_inner:"):
        st.markdown("\n".join(f"- {markdown_text(sentence)}" for sentence in explain_joins(count)))
        alone = _alone_table(count)
        if len(alone):
            st.dataframe(alone, hide_index=True, width="stretch", height=240, placeholder="—")
        if st.button(
            "Remove this machine",
            key=f"remove {count.machine} {count.part}",
            help="With all its tables, of inference and of training.",
            icon=":material/delete:",
        ):
            actions.attempt_and_redraw(lambda: published_store.remove_machine(published_path(), count.machine))


def _alone_table(count: JoinCount) -> pd.DataFrame:
    """Every row that did not join, one line each."""
    rows: Sequence[tuple[str, str]] = [
        (label, REASON_WORDS[reason].one) for reason, labels in count.alone.items() for label in labels
    ]
    return pd.DataFrame(rows, columns=["model and size (px)", "what became of it"])
