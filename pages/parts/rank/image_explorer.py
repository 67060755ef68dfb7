"""Inside a ranking: its test images, what a backbone finds like one of them, and what it finds alike within it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from bakeoff_core.features.nearest import Neighbour, nearest
from bakeoff_core.features.patches.request import Look
from bakeoff_core.formatting import markdown_code, markdown_text
from bakeoff_core.ranking.records import Ranking, RankRow
from bakeoff_core.ranking.request import RankRun
from bakeoff_core.reporting.text.ranking import voters
from pages.parts.common import pictures
from pages.parts.components import patch_map, picture_picker
from pages.parts.rank import patches_job

SHOWN = 12
"""Pictures at a time."""
NEIGHBOURS = 8
SAME = 0.9999
"""Cosine from which two images are most likely one picture."""
WRONG, RIGHT, ALL = "wrong", "right", "all"
KINDS = {WRONG: "Misclassified", RIGHT: "Right", ALL: "All"}


class _Answer(NamedTuple):
    """The probe's answer to a test image."""

    row: int
    """Its place among the test images."""
    path: Path
    label: int
    predicted: int
    probability: float
    predicted_by_neighbours: int

    @property
    def is_wrong(self) -> bool:
        return self.label != self.predicted


def draw(run: RankRun, ranking: Ranking) -> None:
    """Draw the choice of a backbone and of one of the test images, and what there is to see of it."""
    ranked = ranking.ranked()
    images = run.images()
    if not ranked:
        return
    st.markdown("### Look inside")
    if images is None or not any(row.features_key for row in ranked):
        st.caption("This ranking did not note its images yet. Rank again to look inside: the features are kept.")
        return
    key = run.rank_id
    model, label = st.columns([3, 2])
    name = model.selectbox("Backbone", [row.model_name for row in ranked], key=f"look-model-{key}")
    row = next(row for row in ranked if row.model_name == name)
    answers = _answers(run, row, images)
    if answers is None or row.features_key is None:
        st.caption("This backbone's answers are gone from the ranking's folder. Rank again: the features are kept.")
        return
    classes = sorted({one.label for one in answers})
    of_class = label.selectbox(
        "Class",
        [None, *classes],
        format_func=lambda at: "All classes" if at is None else ranking.classes[at],
        key=f"look-class-{key}",
    )
    kind, listed = _of_kind([one for one in answers if of_class in (None, one.label)], key)
    number = _choose(listed, ranking, key, f"{name}-{kind}-{of_class}")
    if number is None:
        st.caption("Click a picture to see what the backbone finds like it.")
    else:
        _draw_one(next(one for one in answers if one.row == number), row, ranking, images, key)


def _of_kind(answers: list[_Answer], key: str) -> tuple[str, list[_Answer]]:
    """Draw the choice between wrong and right answers; return it, and those it leaves."""
    wrong = [one for one in answers if one.is_wrong]
    kinds = {WRONG: wrong, RIGHT: [one for one in answers if not one.is_wrong], ALL: answers}
    kind = st.segmented_control(
        "Test images",
        list(KINDS),
        format_func=lambda at: f"{KINDS[at]} ({len(kinds[at]):,})",
        default=WRONG,
        required=True,
        key=f"look-kind-{key}",
        help="By the probe's answer, those it was surest of first.",
    )
    return kind, kinds[kind]


def _answers(run: RankRun, row: RankRow, images: pd.DataFrame) -> list[_Answer] | None:
    """A backbone's answers, the surest first; `None` where they can't be read."""
    table = run.answers(row.asked)
    test = images[images["split"] == "test"]
    if table is None or len(table) != len(test):
        return None
    table = table.assign(path=test["path"].to_numpy(), row=range(len(table))).sort_values(
        "probability", ascending=False, kind="stable"
    )
    columns = ("row", "path", "label", "predicted", "probability", "predicted_by_neighbours")
    return [
        _Answer(at, Path(path), *rest)
        for at, path, *rest in zip(*(table[name].tolist() for name in columns), strict=True)
    ]


def _choose(listed: list[_Answer], ranking: Ranking, key: str, part: str) -> int | None:
    """Draw the pictures, so many at a time; return the place of the test image clicked last, whatever is shown now."""
    if not listed:
        st.caption("None.")
    pages, page = max(1, -(-len(listed) // SHOWN)), 1
    if pages > 1:
        page = st.number_input(f"Page, 1 to {pages:,}", 1, pages, key=f"look-page-{key}-{part}", width=180)
    shown = {one.row: _picture(one, ranking) for one in listed[(page - 1) * SHOWN : page * SHOWN]}
    return picture_picker.pick("Pictures", shown, slot=f"look-chosen-{key}", key=f"look-{key}-{part}-{page}")


def _picture(one: _Answer, ranking: Ranking) -> pictures.Picture:
    answer = f"{ranking.classes[one.predicted]} ({one.probability:.0%})"
    truth = f", is {ranking.classes[one.label]}" if one.is_wrong else ""
    return pictures.Picture(one.path, answer + truth, one.is_wrong, ranking.value_ranges)


def _draw_one(one: _Answer, row: RankRow, ranking: Ranking, images: pd.DataFrame, key: str) -> None:
    """Draw the neighbours of an image and its heat map."""
    classes = [markdown_text(name) for name in ranking.classes]
    near = classes[one.predicted_by_neighbours]
    st.markdown(
        f"**{markdown_text(one.path.name)}** is {classes[one.label]}. The probe says {classes[one.predicted]} "
        f"({one.probability:.0%}), {voters(ranking)} for {near}."
    )
    st.markdown("**The images most like it**")
    try:
        found = _nearest(row.features_key, tuple(images["split"].unique()), one.row)
    except LookupError:
        st.caption("The features of this ranking are gone. Rank again to compute them anew.")
        return
    paths = {split: rows.reset_index(drop=True) for split, rows in images.groupby("split", sort=False)}
    shown = []
    for other in found:
        file = paths[other.split].iloc[other.row]
        caption = f"{ranking.classes[file['label']]} · {other.cosine:.2f} · {SPLITS[other.split]}"
        is_other = bool(file["label"] != one.label)
        shown.append(pictures.Picture(Path(file["path"]), caption, is_other, ranking.value_ranges))
    pictures.draw(shown)
    st.caption(
        f"Of all {len(images):,} images, by the cosine of their features under {markdown_code(row.model_name)} (1: the "
        "same direction). ✓ the same class, ✗ another."
    )
    if any(other.cosine >= SAME and other.split != "test" for other in found):
        st.warning(
            "The nearest image is most likely the same picture, and the probe has learned from it or was adjusted by "
            "it: a right answer to this one says nothing."
        )
    st.markdown("**What it finds alike in this image**")
    look = Look(row.model_name, row.features_key, str(one.path), ranking.value_ranges)
    looked = patches_job.get_or_start(look)
    if looked is None:
        return
    patches = looked.maps[0]
    if len(looked.maps) > 1:
        names = {at: _grid_name(at, *found.grid) for at, found in enumerate(looked.maps)}
        at = st.segmented_control(
            "Patches",
            list(names),
            format_func=names.get,
            default=0,
            required=True,
            key=f"look-grid-{key}-{row.model_name}",
            help="The head pools the last ones. Those a stage earlier are smaller and know less of the whole image.",
        )
        patches = looked.maps[at]
    patch_map.draw(looked, patches, f"{look.model_name} {look.image} {patches.name}", key=f"look-map-{key}")


SPLITS = {"train": "training", "val": "validation", "test": "test"}


def _grid_name(at: int, rows: int, columns: int) -> str:
    return f"{rows} × {columns}, {'last layer' if at == 0 else 'a stage earlier'}"


@st.cache_data(max_entries=200, show_spinner=False)
def _nearest(key: str, splits: tuple[str, ...], row: int) -> list[Neighbour]:
    return nearest(key, splits, "test", row, NEIGHBOURS)
