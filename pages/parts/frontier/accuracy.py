"""Which accuracy the Frontier page goes by: ImageNet's, on a harder set, or of runs or rankings on one data set.

Not covered: the accuracies themselves (`bakeoff_core.selection.accuracy_sources`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.formatting import listed, markdown_code, markdown_text
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.reporting.text.names import origin_verb
from bakeoff_core.schema.records import IMAGENET, AccuracySource
from bakeoff_core.selection.accuracy_sources import runs_of, source_key, unmeasured
from pages.parts.common import cache

KEY = "accuracy"
"""Of the choice, in the session and in the link."""
RUN = "run"
"""Of the runs chosen to go by, in the link, where it may stand several times."""
NAMES_SHOWN = 5


@dataclass(frozen=True)
class Shown:
    """What the page goes by."""

    source: AccuracySource
    """What the accuracies are of."""
    chosen: tuple[str, ...] = ()
    """Ids of the source's runs that the user chose to go by; others go by the best validated run."""


def link_to(run: FinishedRun) -> dict[str, str]:
    """Return the parameters of a link to the Frontier page that shows a run's data set and goes by this run.

    For `st.page_link("pages/frontier.py", query_params=link_to(run))` and its like.
    """
    return {KEY: source_key(run.dataset, run.content_key), RUN: run.run_id}


def link_to_ranked(ranking: Ranking) -> dict[str, str]:
    """Return the parameters of a link to the Frontier page that goes by a ranking's accuracies."""
    return {KEY: source_key(ranking.dataset, ranking.content_key, ranking.train_on)}


def floor_slot(source: AccuracySource) -> str:
    """Return where in the session the accuracy floor of a source is kept: 75 % of ImageNet mean nothing elsewhere."""
    return "kept_min_top1" if source.is_imagenet else f"kept_min_top1 {source.key}"


def current() -> Shown:
    """Return what the page goes by now: as chosen, from the link, or from earlier in this session."""
    if KEY not in st.session_state:
        kept = st.session_state.get(f"kept_{KEY}")
        if kept and not {KEY, RUN, "min_top1"} & set(st.query_params):  # leaving the page took them out of the link
            _write(kept)
        st.session_state[f"kept_{RUN}"] = st.query_params.get_all(RUN) or st.session_state.get(f"kept_{RUN}", [])
        st.session_state[KEY] = st.session_state[f"kept_{KEY}"] = st.query_params.get(KEY) or _source_of_runs()
    sources = {source.key: source for source in cache.accuracy_sources()}
    if st.session_state[KEY] not in sources:
        st.session_state[KEY] = IMAGENET.key
    source = sources[st.session_state[KEY]]
    return Shown(source, tuple(run.run_id for run in _chosen(source)))


def draw_choice() -> None:
    """Draw the choice, as high as a collapsed expander; `current` must have been called in this run."""
    names = {source.key: _option(source) for source in cache.accuracy_sources()}
    st.selectbox(
        "Accuracy",
        list(names),
        format_func=names.get,
        key=KEY,
        on_change=_change,
        label_visibility="collapsed",
    )


def draw_notes(shown: Shown, table: pd.DataFrame) -> None:
    """Say under the chart what the accuracies mean, which of their models are missing, and which runs were chosen.

    Args:
        shown: What the page goes by.
        table: The candidates of the setting shown.
    """
    if shown.source.meaning:
        st.caption(f"**{markdown_text(shown.source.name)}**: {shown.source.meaning}")
    missing = (
        unmeasured(cache.accuracy_table(shown.source, shown.chosen), table) if not shown.source.is_published else []
    )
    if missing:
        names = [f"{markdown_code(ref.model_name)} at {ref.img_size} px" for ref in missing[:NAMES_SHOWN]]
        names += [f"{len(missing) - NAMES_SHOWN} more"] if len(missing) > NAMES_SHOWN else []
        st.info(
            f"{origin_verb(shown.source).capitalize()} on {markdown_text(shown.source.name)}, but not measured yet in "
            f"this setting: {listed(names)}. "
            "Measure them on the Measure page to see them here.",
            icon=":material/timer:",
        )
    chosen = _chosen(shown.source)
    if chosen:
        text, button = st.columns([4, 1], vertical_alignment="center")
        told = [
            f"{markdown_code(run.model_name)} by {markdown_text(run.recipe_title)} ({run.run_id})" for run in chosen
        ]
        text.caption(f"By your choice, not by validation: {listed(told)}.")
        button.button("Best validated", on_click=_forget_runs, help="Go by the best validated run of each model.")


def _option(source: AccuracySource) -> str:
    if source.is_published:
        return f"Accuracy: {source.name} top-1"
    name = source.title if source.is_ranked else source.name
    return f"Accuracy: {name} · {source.model_count} {'model' if source.model_count == 1 else 'models'}"


def _chosen(source: AccuracySource) -> list[FinishedRun]:
    wanted = st.session_state.get(f"kept_{RUN}", [])
    return [run for run in runs_of(source, cache.finished_runs()) if run.run_id in wanted]


def _source_of_runs() -> str:
    """Return what the runs in the link were tested on; ImageNet where it names none."""
    wanted = st.session_state[f"kept_{RUN}"] if RUN in st.query_params else []
    found = (source_key(run.dataset, run.content_key) for run in cache.finished_runs() if run.run_id in wanted)
    return next(found, IMAGENET.key)


def _change() -> None:
    """Keep the floor of the accuracy that was shown until now, and put the one just chosen into the link."""
    if "min_top1" in st.query_params:  # a floor that came with the link, and was never moved, is in no slot yet
        st.session_state[floor_slot(_source(st.session_state[f"kept_{KEY}"]))] = st.query_params["min_top1"]
    _write(st.session_state[KEY])


def _source(key: str) -> AccuracySource:
    return next((source for source in cache.accuracy_sources() if source.key == key), IMAGENET)


def _write(key: str) -> None:
    """Put a choice into the link, with the runs and the floor that go with it; the default is left out."""
    st.session_state[f"kept_{KEY}"] = key
    source = _source(key)
    parts = {
        KEY: None if source.is_imagenet else source.key,
        RUN: [run.run_id for run in _chosen(source)],
        "min_top1": st.session_state.get(floor_slot(source)),
    }
    for name, value in parts.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _forget_runs() -> None:
    st.session_state[f"kept_{RUN}"] = []
    st.query_params.pop(RUN, None)
