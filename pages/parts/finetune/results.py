"""A finished run's results: its metrics, classes, confused pairs, predictions, and the model to take away."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import streamlit as st

from bakeoff_core.datasets.records import Copies
from bakeoff_core.finetuning.request import BALANCES, EXPORT, OPENING, PREDICTIONS, Run
from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.formatting import counted, duration, images_per_second, markdown_text, megabytes
from bakeoff_core.reporting.figures.finetuning import MOST_CLASSES, class_figure
from bakeoff_core.reporting.text.finetuning import headline, hidden_in, training_sentences
from bakeoff_core.schema.metrics import ACCURACY, Score
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.system.files import replacing
from pages.parts.common import cache, copies, links, pictures, plotly_chart
from pages.parts.finetune import again, scores, threshold

GALLERY = 12
KINDS = {"any": "At random", "wrong": "Wrong", "unsure": "Least sure"}


def draw(run: Run) -> None:
    """Draw the results of a finished run."""
    results = run.results()
    if results is None:
        st.error("Its results can't be read any more; the folder was changed.")
        return
    finished = next((found for found in cache.finished_runs() if found.run_id == run.run_id), None)
    _headline(results, finished)
    has_curve = finished is not None and threshold.is_known(finished)
    tabs = ["Classes", *(["Threshold"] if has_curve else []), "Confused pairs", "Predictions", "Take it away"]
    classes, *of_threshold, confused, gallery, export = st.tabs(tabs)
    for tab in of_threshold:
        with tab:
            threshold.draw(finished)
    with classes:
        if len(results["by_class"]) > MOST_CLASSES:
            st.caption(f"The {MOST_CLASSES} classes recognised worst, of {len(results['by_class'])}.")
        figure = class_figure(results["by_class"], dark=plotly_chart.is_dark())
        plotly_chart.draw_static(figure, key=f"classes-{run.run_id}")
    with confused:
        _draw_confusions(results)
    with gallery:
        _draw_gallery(run, results)
    with export:
        _draw_export(run, results)


def _headline(results: dict[str, Any], finished: FinishedRun | None) -> None:
    """Draw what the run came to, and how.

    Args:
        results: As they stand in the file.
        finished: The same, checked; `None` while it is not listed among the finished runs.
    """
    known = {ACCURACY: Score(*(results[f"test_accuracy{end}"] for end in ("", "_low", "_high")))}
    metric, name = ACCURACY, None
    if finished is not None:
        known, metric = finished.scores, finished.spec.metric
        name = None if finished.positive_class is None else markdown_text(finished.positive_class)
    st.markdown(headline(metric, known, results["test_images"], name))
    if finished is not None:
        _draw_hidden(finished)
        if len(known) > 1:
            scores.draw(known, metric, finished.positive_class)
    parts = [
        f"{markdown_text(results['model_name'])} at {results['img_size']} px",
        f"started from {markdown_text(results['weights'])}",
        f"{counted(results['steps'], 'step')} on {counted(results['train_images'], 'image')}",
        duration(results["seconds"]),
        *([images_per_second(results["images_per_second"])] if results["images_per_second"] else []),
        f"{megabytes(results['peak_memory_bytes'])} of memory",
        f"on {markdown_text(results['machine']['machine_name'])}",
    ]
    st.caption(" · ".join(parts))
    if finished is not None and (said := training_sentences(finished)):
        st.caption(said)
    if results["skipped_images"]:
        were = "was" if results["skipped_images"] == 1 else "were"
        st.caption(f"{counted(results['skipped_images'], 'file')} could not be used and {were} left out.")
    _draw_copies(results)
    if finished is not None:
        _draw_link(finished)


def _draw_hidden(finished: FinishedRun) -> None:
    """Say what accuracy hides, and offer what may help, unless it was done."""
    hidden = hidden_in(finished, markdown_text)
    if hidden is None:
        return
    st.warning(hidden, icon=":material/visibility_off:")
    if finished.spec.balance == BALANCES[0]:
        again.draw_balanced(finished)


def _draw_copies(results: dict[str, Any]) -> None:
    """Say and show which images are copies of others."""
    try:
        found = parse_record(Copies, results.get("copies") or {})
    except ValueError:  # of a version that did not look for them
        return
    if found.pairs:
        st.warning(markdown_text(" ".join(found.sentences)), icon=":material/content_copy:")
        copies.draw(found)


def _draw_link(finished: FinishedRun) -> None:
    """Offer the frontier with this run's accuracy."""
    st.page_link(
        links.FRONTIER,
        label="Show it on the frontier",
        icon=":material/show_chart:",
        help="Accuracy on these images against latency, beside the other models that were fine-tuned on them.",
        query_params=links.to_run(finished),
    )


def _draw_confusions(results: dict[str, Any]) -> None:
    if not results["confusions"]:
        st.caption("No test image was taken for another class.")
        return
    root, ranges = Path(results["dataset_root"]), _value_ranges(results)
    for pair in results["confusions"][:6]:
        st.markdown(
            f"**{markdown_text(pair['true'])}** taken for **{markdown_text(pair['predicted'])}**: "
            f"{pair['count']} image{'s' if pair['count'] != 1 else ''}"
        )
        pictures.draw([pictures.Picture(root / name, Path(name).name, True, ranges) for name in pair["examples"]])


def _draw_gallery(run: Run, results: dict[str, Any]) -> None:
    rows = _predictions(str(run.job.folder / PREDICTIONS))
    if rows is None:
        st.caption("The predictions can't be read any more.")
        return
    kind = st.segmented_control(
        "Which", tuple(KINDS), format_func=KINDS.get, default="any", required=True, key=f"gallery-{run.run_id}"
    )
    is_wrong = rows["label"] != rows["predicted"]
    chosen = rows[is_wrong] if kind == "wrong" else rows
    if kind == "unsure":
        chosen = chosen.nsmallest(GALLERY, "probability")
    else:
        chosen = chosen.sample(min(GALLERY, len(chosen)), random_state=0)
    if chosen.empty:
        st.caption("None.")
        return
    root, classes = Path(results["dataset_root"]), results["classes"]
    pictures.draw(
        [
            pictures.Picture(
                root / row.image,
                f"{classes[row.predicted]} ({row.probability:.0%})"
                + (f", is {classes[row.label]}" if row.label != row.predicted else ""),
                row.label != row.predicted,
                _value_ranges(results),
            )
            for row in chosen.itertuples()
        ]
    )


def _value_ranges(results: dict[str, Any]) -> dict[str, Any]:
    """What is black and white in images of more than 8 bits; results of before this was decided have none."""
    return results.get("value_ranges", {})


def _draw_export(run: Run, results: dict[str, Any]) -> None:
    card = run.job.folder / EXPORT / "README.md"
    if not card.is_file():
        st.caption("The exported model is gone from the run's folder.")
        return
    st.download_button(
        "Download the model",
        lambda: _packed(run.job.folder),
        f"{results['model_name']}-{results['dataset']}.zip",
        "application/zip",
        icon=":material/download:",
        help="Weights as safetensors, labels, preprocessing, how images are opened, and a card; plain timm loads it.",
    )
    if not (run.job.folder / EXPORT / OPENING).is_file():
        st.warning(
            "An earlier version exported this model, and its card opens images otherwise than the model was trained to "
            "see them: photographs must be turned as their EXIF says, and transparency laid over white. Fine-tune "
            "again to get a model that brings along how images are opened."
        )
    st.caption("Everything the run needs to be repeated is in its folder:")
    st.code(str(run.job.folder), language=None)
    with st.container(border=True):
        st.markdown(card.read_text(encoding="utf-8"))


def _packed(folder: Path) -> BinaryIO:
    """The exported model as a zip, opened; packed when it is first asked for."""
    target = folder / "model.zip"
    if not target.exists():
        with replacing(target) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted((folder / EXPORT).iterdir()):  # stored, for weights do not compress
                if path.is_file():  # not what Python left there when the card's lines were run
                    archive.write(path, f"{EXPORT}/{path.name}")
    return target.open("rb")


@st.cache_data(max_entries=8, show_spinner=False)
def _predictions(path: str) -> pd.DataFrame | None:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        return None
