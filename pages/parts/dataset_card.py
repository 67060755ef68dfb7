"""Which images to train on: the choice, and what there is to know of them before anything is trained."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from bakeoff_core.datasets import DATASETS, ImageDataset, read_dataset
from bakeoff_core.errors import BakeoffError, DatasetMissingError
from bakeoff_core.formatting import markdown_text
from pages.parts import pictures

TITLES = {"elpv": "Solar cells", "flowers102": "Flowers102", "folder": "Your own folder"}
ORDER = ("elpv", "flowers102", "folder")
SAMPLES = 8


def choose() -> tuple[ImageDataset, str | None] | None:
    """Draw the choice and what is known of it; return the data set and its folder, `None` while there is none."""
    assert set(ORDER) == set(DATASETS)
    name = st.segmented_control(
        "Images", ORDER, format_func=TITLES.get, default="elpv", required=True, key="dataset", persist_state="session"
    )
    folder = None
    if name != "elpv":
        folder = st.text_input(
            "Folder",
            key=f"folder-{name}",
            persist_state="session",
            placeholder="/home/me/photos" if name == "folder" else "where it usually is",
            help="On the machine that runs this app: a folder with one folder a class, with or without train, val and "
            "test above them."
            if name == "folder"
            else "The folder that holds `flowers-102/`. Leave it empty to look in BAKEOFF_DATA and in the app's own "
            "folder.",
        ).strip()
    if name == "folder" and not folder:
        st.info("Name the folder that holds your images: one folder a class, named as the class.")
        return None
    try:
        dataset = _read(name, folder or None)
    except DatasetMissingError as err:
        st.warning(markdown_text(err))
        if err.available:
            st.caption(f"Here already: {', '.join(TITLES.get(name, name) for name in err.available)}.")
        return None
    except BakeoffError as err:
        st.error(markdown_text(err))
        return None
    _describe(dataset)
    return dataset, folder or None


def _describe(dataset: ImageDataset) -> None:
    counts = ", ".join(
        f"{len(images):,} to {word}"
        for word, images in zip(("train", "validate", "test"), dataset.splits().values(), strict=True)
    )
    st.markdown(f"**{len(dataset.classes)} classes**; {counts} · licence: {markdown_text(dataset.licence)}")
    with st.expander("Sample images, and where the parts come from", icon=":material/image:"):
        for note in dataset.notes:
            st.caption(markdown_text(note))
        pictures.draw([pictures.Picture(image.path, dataset.classes[image.label]) for image in _samples(dataset)])
    if dataset.skipped:
        with st.expander(f"{len(dataset.skipped)} files are left out", icon=":material/warning:"):
            st.dataframe(
                [{"file": str(skipped.path), "why": skipped.reason} for skipped in dataset.skipped[:500]],
                hide_index=True,
                width="stretch",
            )


def _samples(dataset: ImageDataset) -> list:
    """The first images of as many classes as there is room for."""
    rounds = max(1, SAMPLES // len(dataset.classes))
    by_class: dict[int, list] = {}
    for image in dataset.train:
        by_class.setdefault(image.label, []).append(image)
    step = max(1, len(by_class) // SAMPLES)
    return [image for label in sorted(by_class)[::step] for image in by_class[label][:rounds]][:SAMPLES]


@st.cache_resource(max_entries=4, ttl=60, show_spinner="Looking at the images")
def _read(name: str, folder: str | None) -> ImageDataset:
    return read_dataset(name, Path(folder) if folder else None)
