"""What the pages show, read once and shared until a file changes.

Tables are shared between sessions and runs: treat them as read-only.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue import pretraining
from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.request import RESULTS, Run
from bakeoff_core.finetuning.results import FinishedRun, finished_runs_stamp, read_finished_runs, summarise_run
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.anatomy.records import Anatomy
from bakeoff_core.profiling.anatomy.store import anatomy_stamp, read_anatomy
from bakeoff_core.ranking.results import RankedModel, ranked_models_stamp, read_ranked_models
from bakeoff_core.reporting.figures.frontier import hover_texts
from bakeoff_core.reporting.text.catalogue import explain_own_names
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.profile import Setting
from bakeoff_core.search.narrowing import SearchCandidates, find_candidates
from bakeoff_core.search.records import PREDICTIONS, PredictedModel, read_predictions
from bakeoff_core.search.results import SearchAnswer, SearchRun, answer_of
from bakeoff_core.search.spec import SearchSpec, narrowing_of
from bakeoff_core.selection import accuracy_sources as selection_accuracy_sources
from bakeoff_core.selection import candidates, pareto
from bakeoff_core.selection.candidates import MeasuredSetting, View
from bakeoff_core.selection.frozen import freeze
from bakeoff_core.system.files import FileStamp, stamp_of
from bakeoff_core.system.paths import jobs_path, own_accuracy_path, profiles_path, timm_models_path
from pages.parts.common.session import Criteria

BY_DEFAULT = Criteria()
"""Latency against ImageNet's accuracy, of every candidate."""


Version = tuple[FileStamp, FileStamp, int, int]
"""The stamps of all that candidates are made from."""


def version() -> Version:
    """Return what changes when the candidates of any setting may have changed."""
    return stamp_of(profiles_path()), stamp_of(own_accuracy_path()), finished_runs_stamp(), ranked_models_stamp()


def accuracies_version() -> tuple[FileStamp, int, int]:
    """Return what changes when an accuracy may have changed, whatever is measured."""
    return stamp_of(own_accuracy_path()), finished_runs_stamp(), ranked_models_stamp()


def profiles() -> pd.DataFrame:
    """Return every profile; columns as `profiling.store.read_frame`.

    Raises:
        StoreError: The store can't be used, e.g. because a newer version wrote it.
    """
    return _profiles(stamp_of(profiles_path()))


def accuracies() -> pd.DataFrame:
    """Return the published accuracies, with the user's own where their file is in order."""
    return _accuracies(stamp_of(own_accuracy_path()))[0]


def notices() -> list[str]:
    """Return what is wrong with the state's files, in words; empty when all is well."""
    found = [
        f"A damaged profile file was set aside as {path.name} in {path.parent}. Its measurements are not shown. "
        "Measure again, or delete it to remove this notice."
        for path in profiling_store.damaged_files(profiles_path())
    ]
    fault = _accuracies(stamp_of(own_accuracy_path()))[1]
    return [*found, fault] if fault else [*found, *_doubts(stamp_of(own_accuracy_path()), stamp_of(profiles_path()))]


def settings() -> list[MeasuredSetting]:
    """Return the settings that were measured, this machine's first."""
    return _settings(stamp_of(profiles_path()))


def finished_runs() -> list[FinishedRun]:
    """Return every fine-tuning run that finished, the newest first."""
    return _finished_runs(str(jobs_path()), finished_runs_stamp())


def ranked_models() -> list[RankedModel]:
    """Return every model that a ranking has a result of, the newest ranking's first."""
    return _ranked_models(str(jobs_path()), ranked_models_stamp())


def accuracy_sources() -> list[AccuracySource]:
    """Return what an accuracy can be of, ImageNet first."""
    return selection_accuracy_sources.list_sources([*finished_runs(), *ranked_models()])


def accuracy_table(criteria: Criteria) -> pd.DataFrame:
    """Return the accuracies that candidates are compared by; see `selection.accuracy_sources.accuracy_table`."""
    results = [*finished_runs(), *ranked_models()]
    return selection_accuracy_sources.accuracy_table(criteria.source, results, accuracies(), criteria.run_ids)


def candidates_of(measured: MeasuredSetting, criteria: Criteria = BY_DEFAULT) -> pd.DataFrame:
    """Return one setting's candidates, with the frontier by the criteria."""
    return _candidates(measured, criteria, version())


def pretraining_counts(measured: MeasuredSetting, criteria: Criteria = BY_DEFAULT) -> dict[str, int]:
    """Return the recipe classes of one setting's candidates, the restriction to one aside.

    See `catalogue.pretraining.pretraining_counts`.
    """
    return _pretraining_counts(measured, replace(criteria.unrestricted, cost=BY_DEFAULT.cost), version())


def view_of(measured: MeasuredSetting, criteria: Criteria) -> View:
    """Return one setting and its candidates; where none is of the recipe class, they are not restricted to it."""
    counts = pretraining_counts(measured, criteria)
    if criteria.pretraining_class not in counts:
        criteria = criteria.unrestricted
    table = candidates_of(measured, criteria)
    return View(measured, table, criteria.source, criteria.run_ids, criteria.pretraining_class, counts)


def evidence(measured: MeasuredSetting | None) -> pd.DataFrame:
    """Return all that is known of models, measured in a setting and published; see `selection.candidates.evidence_of`.

    Args:
        measured: Where; `None` where nothing is.
    """
    return _evidence(measured, version())


def hovers(measured: MeasuredSetting, criteria: Criteria) -> dict[str, str]:
    """Return the hover texts of one setting's candidates; see `reporting.figures.frontier.hover_texts`."""
    return _hovers(measured, criteria, version())


def published(shortlist: str, cost: str) -> pd.DataFrame:
    """Return what is published about a shortlist, with the frontier of top-1 against `cost`."""
    return pareto.annotate(candidates.published_candidates(shortlist, accuracies()), cost=cost)


def search_candidates(spec: SearchSpec) -> SearchCandidates:
    """Return what a search chooses among; see `search.narrowing.find_candidates`.

    Raises:
        BakeoffError: Nothing is left; the words say what there is.
    """
    return _search_candidates(narrowing_of(spec), accuracies_version())


def search_answer(search: SearchRun) -> SearchAnswer:
    """Return what follows from all that is measured of a search's candidates; the frontier in it is by latency.

    Raises:
        BakeoffError: As for `search_candidates`.
    """
    files = (stamp_of(profiles_path()), *accuracies_version())
    return _search_answer(search.job.job_id, search.setting, files, search)


def predictions_of(search: SearchRun) -> tuple[PredictedModel, ...]:
    """Return what a search predicts of models that it has not measured."""
    return _predictions(stamp_of(search.job.folder / PREDICTIONS), search.job)


def metrics_of(job: Job) -> list[dict]:
    """Return a job's measurements so far."""
    return _metrics(stamp_of(job.folder / "metrics.jsonl"), job)


def summary_of(run: Run) -> dict:
    """Return what there is to say of a run; see `finetuning.results.summarise_run`."""
    files = [stamp_of(run.job.folder / name) for name in ("metrics.jsonl", "status.json", RESULTS)]
    return _summary((run.job.state, *files), run)


def timm_models() -> TimmModels | None:
    """Return timm's names, or `None` until a worker has listed them."""
    return _timm_models(stamp_of(timm_models_path()))


def anatomy(model_name: str, img_size: int) -> Anatomy | None:
    """Return the anatomy of a model at a size, or `None` until a worker has taken it."""
    return _anatomy(model_name, img_size, anatomy_stamp(model_name, img_size))


# The stamps below are part of the cache's keys; Streamlit leaves out arguments that begin with an underscore.


@st.cache_resource(max_entries=2, show_spinner=False)
def _profiles(file: FileStamp) -> pd.DataFrame:
    return candidates.read_measured()[0]


@st.cache_resource(max_entries=2, show_spinner=False)
def _settings(file: FileStamp) -> list[MeasuredSetting]:
    return candidates.list_settings(profiles())


@st.cache_resource(max_entries=2, show_spinner=False)
def _accuracies(file: FileStamp) -> tuple[pd.DataFrame, str | None]:
    try:
        return read_catalogue(Path(file.path)), None
    except BakeoffError as err:
        return read_catalogue(), f"{err} The built-in accuracies are shown without it."


@st.cache_resource(max_entries=2, show_spinner=False)
def _doubts(own: FileStamp, measured: FileStamp) -> list[str]:
    try:
        doubtful = candidates.own_names_in_doubt(profiles())
    except BakeoffError:  # the sidebar says what is wrong with the store
        return []
    return [markdown_text(sentence) for sentence in explain_own_names(Path(own.path).name, doubtful)]


@st.cache_resource(max_entries=16, show_spinner=False)
def _candidates(measured: MeasuredSetting, criteria: Criteria, files: Version) -> pd.DataFrame:
    table = candidates.candidates_of(profiles(), measured.setting, measured.deployment, accuracy_table(criteria))
    table = pretraining.with_pretraining_class(table, criteria.pretraining_class)
    return freeze(pareto.annotate(table, cost=criteria.cost))


@st.cache_resource(max_entries=16, show_spinner=False)
def _pretraining_counts(measured: MeasuredSetting, criteria: Criteria, files: Version) -> dict[str, int]:
    return pretraining.pretraining_counts(candidates_of(measured, criteria))


@st.cache_resource(max_entries=4, show_spinner=False)
def _evidence(measured: MeasuredSetting | None, files: Version) -> pd.DataFrame:
    table = measured and candidates.candidates_of(profiles(), measured.setting, measured.deployment, accuracies())
    return candidates.evidence_of(table, accuracies())


@st.cache_resource(max_entries=16, show_spinner=False)
def _hovers(measured: MeasuredSetting, criteria: Criteria, files: Version) -> dict[str, str]:
    return hover_texts(candidates_of(measured, criteria), criteria.cost, criteria.source)


@st.cache_resource(max_entries=16, show_spinner=False)
def _search_candidates(spec: SearchSpec, files: tuple) -> SearchCandidates:
    return find_candidates(spec, [*finished_runs(), *ranked_models()], accuracies())


@st.cache_resource(max_entries=8, show_spinner=False)
def _search_answer(job_id: str, setting: Setting, files: tuple, _search: SearchRun) -> SearchAnswer:
    return answer_of(_search, search_candidates(_search.spec), profiles())


@st.cache_resource(max_entries=4, show_spinner=False)
def _predictions(file: FileStamp, _job: Job) -> tuple[PredictedModel, ...]:
    return read_predictions(_job.folder)


@st.cache_resource(max_entries=2, show_spinner=False)
def _finished_runs(path: str, version: int) -> list[FinishedRun]:
    return read_finished_runs()


@st.cache_resource(max_entries=2, show_spinner=False)
def _ranked_models(path: str, version: int) -> list[RankedModel]:
    return read_ranked_models()


@st.cache_resource(max_entries=32, show_spinner=False)
def _metrics(file: FileStamp, _job: Job) -> list[dict]:
    return _job.metrics()


@st.cache_resource(max_entries=200, show_spinner=False)
def _summary(version: tuple, _run: Run) -> dict:
    return summarise_run(_run)


@st.cache_resource(max_entries=2, show_spinner=False)
def _timm_models(file: FileStamp) -> TimmModels | None:
    return read_timm_models(Path(file.path))


@st.cache_resource(max_entries=200, show_spinner=False)
def _anatomy(model_name: str, img_size: int, file: FileStamp) -> Anatomy | None:
    return read_anatomy(model_name, img_size)
