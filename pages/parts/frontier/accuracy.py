"""Which accuracy the Frontier page goes by: ImageNet's, on a harder set, or of runs or rankings on one data set.

Of the latter each metric is one of its own.

Not covered: the accuracies themselves (`bakeoff_core.selection.accuracy_sources`).
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.formatting import listed, markdown_code, markdown_text
from bakeoff_core.reporting.text.metrics import metric_meaning
from bakeoff_core.reporting.text.names import origin_verb
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.selection.accuracy_sources import key_of_run, runs_of, unmeasured
from pages.parts.common import cache, links
from pages.parts.common.links import ACCURACY, FLOOR, RUN, floor_key, session_key
from pages.parts.common.session import Criteria

ACCURACY_KEY, RUNS_KEY = session_key(ACCURACY), session_key(RUN)
NAMES_SHOWN = 5


def current() -> Criteria:
    """Return the accuracy the page goes by now: as chosen, from the link, or from earlier in this session."""
    if ACCURACY not in st.session_state:
        last = st.session_state.get(ACCURACY_KEY)
        if last and not {ACCURACY, RUN, FLOOR} & set(st.query_params):  # leaving the page took them out of the link
            _write(last)
        st.session_state[RUNS_KEY] = st.query_params.get_all(RUN) or st.session_state.get(RUNS_KEY, [])
        st.session_state[ACCURACY] = st.session_state[ACCURACY_KEY] = st.query_params.get(ACCURACY) or _key_of_runs()
    sources = {source.key: source for source in cache.accuracy_sources()}
    if st.session_state[ACCURACY] not in sources:
        st.session_state[ACCURACY] = IMAGENET.key
    source = sources[st.session_state[ACCURACY]]
    return Criteria(source=source, run_ids=tuple(run.run_id for run in _chosen_runs(source)))


def draw_choice() -> None:
    """Draw the choice, as high as a collapsed expander; `current` must have been called in this run."""
    names = {source.key: _option(source) for source in cache.accuracy_sources()}
    st.selectbox(
        "Accuracy",
        list(names),
        format_func=names.get,
        key=ACCURACY,
        on_change=_change,
        label_visibility="collapsed",
    )


def draw_notes(criteria: Criteria, table: pd.DataFrame) -> None:
    """Say under the chart what the accuracies mean, which of their models are missing, and which runs were chosen.

    Args:
        criteria: What the page goes by.
        table: The candidates of the setting shown, of every recipe class.
    """
    source = criteria.source
    told = [source.meaning] if source.meaning else []
    if not source.is_accuracy:
        meaning = metric_meaning(source.metric, source.positive_class, markdown_text)
        told.append(f"{source.told.heading}: {meaning}")
    if told:
        st.caption(f"**{markdown_text(source.name)}**: {' '.join(told)}")
    missing = unmeasured(cache.accuracy_table(criteria), table) if not source.is_published else []
    if missing:
        names = [f"{markdown_code(ref.model_name)} at {ref.img_size} px" for ref in missing[:NAMES_SHOWN]]
        names += [f"{len(missing) - NAMES_SHOWN} more"] if len(missing) > NAMES_SHOWN else []
        st.info(
            f"{origin_verb(source).capitalize()} on {markdown_text(source.name)}, but not measured yet in this "
            f"setting: {listed(names)}. "
            "Measure them on the Measure page to see them here.",
            icon=":material/timer:",
        )
    runs = _chosen_runs(source)
    if runs:
        text, button = st.columns([4, 1], vertical_alignment="center")
        names = [f"{markdown_code(run.model_name)} by {markdown_text(run.recipe_title)} ({run.run_id})" for run in runs]
        text.caption(f"By your choice, not by validation: {listed(names)}.")
        button.button("Best validated", on_click=_forget_runs, help="Go by the best validated run of each model.")


def _option(source: AccuracySource) -> str:
    if source.is_published:
        return f"Accuracy: {source.name} top-1"
    name = source.title if source.is_ranked else source.name
    named = f"Accuracy: {name}" if source.is_accuracy else source.title
    return f"{named} · {source.model_count} {'model' if source.model_count == 1 else 'models'}"


def _chosen_runs(source: AccuracySource) -> list[FinishedRun]:
    run_ids = st.session_state.get(RUNS_KEY, [])
    return [run for run in runs_of(source, cache.finished_runs()) if run.run_id in run_ids]


def _key_of_runs() -> str:
    """Return what the runs in the link were tested on; ImageNet where it names none."""
    run_ids = st.session_state[RUNS_KEY] if RUN in st.query_params else []
    keys = (key_of_run(run) for run in cache.finished_runs() if run.run_id in run_ids)
    return next(keys, IMAGENET.key)


def _change() -> None:
    """Keep the floor of the accuracy that was shown until now, and put the one just chosen into the link."""
    if FLOOR in st.query_params:  # a floor that came with the link, and was never moved, is in the session nowhere yet
        st.session_state[floor_key(_source(st.session_state[ACCURACY_KEY]))] = st.query_params[FLOOR]
    _write(st.session_state[ACCURACY])


def _source(key: str) -> AccuracySource:
    return next((source for source in cache.accuracy_sources() if source.key == key), IMAGENET)


def _write(key: str) -> None:
    """Put a choice into the link, with the runs and the floor that go with it; the default is left out."""
    st.session_state[ACCURACY_KEY] = key
    source = _source(key)
    links.write(
        {
            ACCURACY: None if source.is_imagenet else source.key,
            RUN: [run.run_id for run in _chosen_runs(source)],
            FLOOR: st.session_state.get(floor_key(source)),
        }
    )


def _forget_runs() -> None:
    st.session_state[RUNS_KEY] = []
    links.write({RUN: None})
