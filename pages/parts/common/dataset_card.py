"""Which images to train on: the choice, and what there is to know of them before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from bakeoff_core.datasets.choices import ImageChoices
from bakeoff_core.datasets.download.request import start_download
from bakeoff_core.datasets.images import value_ranges_of
from bakeoff_core.datasets.records import TEST_FROM, Copies, ImageDataset, LabelledImage, expanded, typed_path
from bakeoff_core.datasets.registry import DATASETS, check_stamp, kept_ranges, known_copies, read_dataset
from bakeoff_core.datasets.summary import DatasetSummary, describe_dataset, sample_images
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from bakeoff_core.formatting import counted, duration, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs, read_job, stop_job
from bakeoff_core.system.files import FileStamp
from pages.parts.common import actions, copies, image_upload, pictures, server_paths
from pages.parts.common.job_card import share_done

ORDER = sorted(DATASETS, key=lambda name: not DATASETS[name].is_packaged)
"""The data set that needs nothing first."""
SAMPLES = 8
FEW_CLASSES, FEW_FILES = 4, 8
"""How many rows of a table are shown without a bar to scroll them."""
PATH, UPLOAD = "In a folder", "In a zip file"
"""How images of the user's own come: on the disk of the machine that runs the app, or uploaded."""
TEST_KEY = "test_from"
"""Of the widget that chooses what to test on, and so which parts the images are read into."""


@dataclass(frozen=True)
class ChosenImages:
    """What was chosen."""

    dataset: ImageDataset
    folder: str | None
    """The user's, in full; `None` for the data set's usual place."""
    choices: ImageChoices
    """Which of the images to use."""

    def fields(self) -> dict[str, Any]:
        """Return it as fields of a request."""
        return {"dataset": self.dataset.name, "data_dir": self.folder, **asdict(self.choices)}


def choose() -> ChosenImages | None:
    """Draw the choice and what is known of it; return what was chosen, `None` while nothing is."""
    name = st.segmented_control(
        "Images",
        ORDER,
        format_func=lambda name: DATASETS[name].title,
        default=ORDER[0],
        required=True,
        key="dataset",
        persist_state="session",
    )
    folder = None if DATASETS[name].is_packaged else _choose_folder(name)
    if name == "folder" and not folder:
        return None
    try:
        dataset = _read(name, folder or None, _chosen_test())
    except DatasetMissingError as err:
        st.warning(markdown_text(err))
        if name == "flowers102" and not folder:
            _offer_download()
        return None
    except BakeoffError as err:
        st.error(markdown_text(err))
        return None
    content_key = dataset.content_key()  # a look at every file, so once
    _describe(dataset, content_key)
    choices = _choices(dataset)
    _describe_copies(dataset, content_key)
    return ChosenImages(dataset, str(expanded(Path(folder)).absolute()) if folder else None, choices)


def _choose_folder(name: str) -> str:
    """Draw where the images are; returns the folder, empty while none is named."""
    is_own = name == "folder"
    ways = (*((PATH,) if server_paths.are_offered() else ()), *((UPLOAD,) if is_own else ()))
    if len(ways) > 1:
        way = st.segmented_control(
            "Your images are", ways, default=ways[0], required=True, key="folder-way", persist_state="session"
        )
    else:
        way = ways[0] if ways else None
    if way == UPLOAD:
        uploaded = image_upload.choose()
        return str(uploaded) if uploaded else ""
    if way is None:
        return ""
    typed = st.text_input(
        "Folder",
        key=f"folder-{name}",
        persist_state="session",
        placeholder="/home/me/photos" if is_own else "where it usually is",
        help="On the machine that runs this app: a folder with one folder a class, with or without train, val and "
        "test above them."
        if is_own
        else "The folder that holds `flowers-102/`. Leave it empty to look in BAKEOFF_DATA and in the app's own "
        "folder.",
    )
    folder = typed_path(typed)
    if folder and not actions.attempt(lambda: server_paths.require_allowed(expanded(Path(folder)).absolute())):
        return ""
    if is_own and not folder:
        st.info("Name the folder that holds your images: one folder a class, named as the class.")
    return folder


def _chosen_test() -> str:
    """What to test on, as it was chosen the last time."""
    chosen = st.session_state.get(TEST_KEY)
    return chosen if chosen in TEST_FROM else TEST_FROM[0]


def _choices(dataset: ImageDataset) -> ImageChoices:
    """Draw which of the images to use, where there is a choice."""
    test_from = _chosen_test()
    if dataset.test_from is not None:
        test_from = st.segmented_control(
            "Test on",
            TEST_FROM,
            format_func={"val": "the images in val", "train": "a part of train"}.get,
            default=TEST_FROM[0],
            required=True,
            key=TEST_KEY,
            persist_state="session",
            help="The folder has train and val, and no test. Accuracy on all of val can be compared with others' "
            "figures on it; what chooses between models then comes out of train.",
        )
    leave_out = st.checkbox(
        "Leave out copies",
        key="leave_out_copies",
        persist_state="session",
        help="Images to validate or test on that are also among those to train on, and the same image under two "
        "labels. Copies are looked for when all images are opened, at the start of a run or a ranking.",
    )
    return ImageChoices(test_from=test_from, leave_out_copies=leave_out)


def _describe_copies(dataset: ImageDataset, content_key: str) -> None:
    """Say which images are copies of others, as far as that is known."""
    found = _copies(content_key, check_stamp(content_key), dataset)
    if found is None or not found.pairs:
        return
    st.warning(markdown_text(" ".join(found.sentences)), icon=":material/content_copy:")
    copies.draw(found)


def _describe(dataset: ImageDataset, content_key: str) -> None:
    summary = _summary(content_key, dataset)
    counts = ", ".join(
        f"{count:,} to {word}"
        for word, count in zip(("train", "validate", "test"), summary.images.values(), strict=True)
    )
    sizes = ""
    if summary.sizes:
        (low_w, low_h), (high_w, high_h) = summary.sizes.smallest, summary.sizes.largest
        same = summary.sizes.smallest == summary.sizes.largest
        sizes = f" · {low_w} x {low_h}" + ("" if same else f" to {high_w} x {high_h}") + " px"
    st.markdown(f"**{len(summary.classes)} classes**; {counts}{sizes} · licence: {markdown_text(summary.licence)}")
    with st.expander("Sample images, classes, and where the parts come from", icon=":material/image:"):
        for note in summary.notes:
            st.caption(markdown_text(note))
        samples = sample_images(dataset, SAMPLES)
        ranges = _ranges_of(samples, dataset)
        pictures.draw([pictures.Picture(image.path, dataset.classes[image.label], None, ranges) for image in samples])
        st.dataframe(
            [{"class": c.name, "train": c.train, "validate": c.val, "test": c.test} for c in summary.classes],
            hide_index=True,
            width="stretch",
            height="content" if len(summary.classes) <= FEW_CLASSES else 180,
        )
    if summary.skipped_count:
        are = "is" if summary.skipped_count == 1 else "are"
        with (
            st.expander(f"{counted(summary.skipped_count, 'file')} {are} left out", icon=":material/warning:"),
            st.container(height=300 if len(summary.skipped) > FEW_FILES else "content"),
        ):
            st.table(  # it wraps, so that reasons are seen whole in a narrow column
                [
                    {"folder": markdown_text(skipped.path.parent.name), "why": markdown_text(skipped.reason)}
                    for skipped in summary.skipped
                ],
                hide_index=True,
            )


def _ranges_of(samples: Sequence[LabelledImage], dataset: ImageDataset) -> Mapping[str, Sequence[float]]:
    """What is black and white in images of more than 8 bits; by the samples while nobody has looked at all of them."""
    if not any(image.pixel_kind for image in samples):
        return {}
    return kept_ranges(dataset) or _ranges_of_files(tuple(str(image.path) for image in samples if image.pixel_kind))


def _offer_download() -> None:
    """Offer to fetch Flowers102, and show how far that is, or why it could not be had."""
    job = next(iter(list_jobs(kinds.DOWNLOAD)), None)
    if job is not None and job.active:
        st.fragment(_draw_download, run_every="1s")(job.job_id)
        return
    if job is not None and job.state == "failed":
        st.error(markdown_text(job.status.get("message") or "The download failed."))
    if st.button("Download it (345 MB)", icon=":material/cloud_download:"):
        actions.attempt_and_redraw(start_download)


def _draw_download(job_id: str) -> None:
    job = read_job(job_id)
    if not job.active:
        _read.clear()
        st.rerun()
    status = job.status
    left = status.get("time_left_s")
    words = markdown_text(status.get("message") or "Starting")
    st.progress(share_done(job), text=words + (f" · about {duration(left)} left" if left else ""))
    if st.button("Stop the download", key=f"stop-{job_id}"):
        stop_job(job_id)
        st.rerun()


@st.cache_data(max_entries=4, show_spinner=False)
def _ranges_of_files(paths: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    return value_ranges_of(map(Path, paths))


@st.cache_resource(max_entries=4, show_spinner=False)
def _summary(content_key: str, _dataset: ImageDataset) -> DatasetSummary:
    return describe_dataset(_dataset)


@st.cache_resource(max_entries=4, show_spinner=False)
def _copies(content_key: str, check: FileStamp, _dataset: ImageDataset) -> Copies | None:
    return known_copies(_dataset)


@st.cache_resource(max_entries=4, ttl=60, show_spinner="Looking at the images")
def _read(name: str, folder: str | None, test_from: str) -> ImageDataset:
    return read_dataset(name, Path(folder) if folder else None, test_from)
