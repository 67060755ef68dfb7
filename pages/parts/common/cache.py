"""What the pages show, read once and shared until a file changes.

Tables are shared between sessions and runs: treat them as read-only.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue import pretraining
from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.request import RESULTS, Run
from bakeoff_core.finetuning.results import FinishedRun, finished_runs_stamp, read_finished_runs, summarise_run
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.anatomy.records import Anatomy
from bakeoff_core.profiling.anatomy.store import read_anatomy
from bakeoff_core.ranking.results import RankedModel, ranked_models_stamp, read_ranked_models
from bakeoff_core.reporting.figures.frontier import hover_texts
from bakeoff_core.schema.records import IMAGENET, AccuracySource, Setting
from bakeoff_core.selection import accuracy_sources as selection_accuracy_sources
from bakeoff_core.selection import candidates, pareto
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.system.paths import anatomy_path, jobs_path, own_accuracy_path, profiles_path, timm_models_path

Stamp = tuple[int, int] | None
"""What changes when a file changes: its modification time and size; `None` where there is no file."""


Version = tuple[Stamp, Stamp, int, int]
"""The stamps of all that candidates are made from."""


def stamp(path: Path) -> Stamp:
    """Return the file's stamp."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def version() -> Version:
    """Return what changes when the candidates of any setting may have changed."""
    return stamp(profiles_path()), stamp(own_accuracy_path()), finished_runs_stamp(), ranked_models_stamp()


def profiles() -> pd.DataFrame:
    """Return every profile; columns as `profiling.store.read_frame`.

    Raises:
        StoreError: The store can't be used, e.g. because a newer version wrote it.
    """
    return _profiles(str(profiles_path()), stamp(profiles_path()))


def accuracies() -> pd.DataFrame:
    """Return the published accuracies, with the user's own where their file is in order."""
    return _accuracies(str(own_accuracy_path()), stamp(own_accuracy_path()))[0]


def notices() -> list[str]:
    """Return what is wrong with the state's files, in words; empty when all is well."""
    found = [
        f"A damaged profile file was set aside as {path.name} in {path.parent}. Its measurements are not shown. "
        "Measure again, or delete it to remove this notice."
        for path in profiling_store.damaged_files(profiles_path())
    ]
    fault = _accuracies(str(own_accuracy_path()), stamp(own_accuracy_path()))[1]
    return [*found, fault] if fault else found


def settings() -> list[MeasuredSetting]:
    """Return the settings that were measured, this machine's first."""
    return _settings(str(profiles_path()), stamp(profiles_path()))


def finished_runs() -> list[FinishedRun]:
    """Return every fine-tuning run that finished, the newest first."""
    return _finished_runs(str(jobs_path()), finished_runs_stamp())


def ranked_models() -> list[RankedModel]:
    """Return every model that a ranking has a result of, the newest ranking's first."""
    return _ranked_models(str(jobs_path()), ranked_models_stamp())


def accuracy_sources() -> list[AccuracySource]:
    """Return what an accuracy can be of, ImageNet first."""
    return selection_accuracy_sources.list_sources([*finished_runs(), *ranked_models()])


def accuracy_table(source: AccuracySource, chosen: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the accuracies of a source; see `selection.accuracy_sources.accuracy_table`."""
    return selection_accuracy_sources.accuracy_table(source, [*finished_runs(), *ranked_models()], accuracies(), chosen)


def candidates_of(
    setting: Setting,
    cost: str,
    source: AccuracySource = IMAGENET,
    chosen: tuple[str, ...] = (),
    pretraining_class: str | None = None,
) -> pd.DataFrame:
    """Return one setting's candidates, with the frontier of a source's accuracy against `cost`.

    Args:
        setting: Which rows.
        cost: Key of `schema.records.COST_COLUMNS`.
        source: What the accuracies are of.
        chosen: Ids of fine-tuning runs to go by.
        pretraining_class: Recipe class to restrict them to; `None` for no restriction.
    """
    return _candidates(setting, cost, source, chosen, pretraining_class, version())


def pretraining_counts(
    setting: Setting, source: AccuracySource = IMAGENET, chosen: tuple[str, ...] = ()
) -> dict[str, int]:
    """Return the recipe classes of one setting's candidates; see `catalogue.pretraining.pretraining_counts`."""
    return _pretraining_counts(setting, source, chosen, version())


def evidence(setting: Setting | None) -> pd.DataFrame:
    """Return all that is known of models, measured in a setting and published; see `selection.candidates.evidence_of`.

    Args:
        setting: Which rows are measured; `None` where nothing is.
    """
    return _evidence(setting, version())


def hovers(
    setting: Setting,
    cost: str,
    source: AccuracySource = IMAGENET,
    chosen: tuple[str, ...] = (),
    pretraining_class: str | None = None,
) -> dict[str, str]:
    """Return the hover texts of one setting's candidates; see `figures.frontier.hover_texts`, `candidates_of`."""
    return _hovers(setting, cost, source, chosen, pretraining_class, version())


def published(shortlist: str, cost: str) -> pd.DataFrame:
    """Return what is published about a shortlist, with the frontier of top-1 against `cost`."""
    return pareto.annotate(candidates.published_candidates(shortlist, accuracies()), cost=cost)


def metrics_of(job: Job) -> list[dict]:
    """Return a job's measurements so far."""
    path = job.folder / "metrics.jsonl"
    return _metrics(str(path), stamp(path), job)


def summary_of(run: Run) -> dict:
    """Return what there is to say of a run; see `finetuning.request.summarise_run`."""
    files = [stamp(run.job.folder / name) for name in ("metrics.jsonl", "status.json", RESULTS)]
    return _summary(run.run_id, (run.job.state, *files), run)


def timm_models() -> TimmModels | None:
    """Return timm's names, or `None` until a worker has listed them."""
    return _timm_models(str(timm_models_path()), stamp(timm_models_path()))


def anatomy(model_name: str, img_size: int) -> Anatomy | None:
    """Return the anatomy of a model at a size, or `None` until a worker has taken it."""
    path = anatomy_path(model_name, img_size)
    return _anatomy(str(path), stamp(path), model_name, img_size)


# The stamps below are part of the cache's keys; Streamlit leaves out arguments that begin with an underscore.


@st.cache_resource(max_entries=2, show_spinner=False)
def _profiles(path: str, version: Stamp) -> pd.DataFrame:
    return candidates.read_measured()[0]


@st.cache_resource(max_entries=2, show_spinner=False)
def _settings(path: str, version: Stamp) -> list[MeasuredSetting]:
    return candidates.list_settings(profiles())


@st.cache_resource(max_entries=2, show_spinner=False)
def _accuracies(path: str, version: Stamp) -> tuple[pd.DataFrame, str | None]:
    try:
        return read_catalogue(Path(path)), None
    except BakeoffError as err:
        return read_catalogue(), f"{err} The built-in accuracies are shown without it."


@st.cache_resource(max_entries=16, show_spinner=False)
def _candidates(
    setting: Setting,
    cost: str,
    source: AccuracySource,
    chosen: tuple[str, ...],
    pretraining_class: str | None,
    files: Version,
) -> pd.DataFrame:
    table = candidates.candidates_of(profiles(), setting, accuracy_table(source, chosen))
    return pareto.annotate(pretraining.with_pretraining_class(table, pretraining_class), cost=cost)


@st.cache_resource(max_entries=16, show_spinner=False)
def _pretraining_counts(
    setting: Setting, source: AccuracySource, chosen: tuple[str, ...], files: Version
) -> dict[str, int]:
    return pretraining.pretraining_counts(candidates_of(setting, "latency", source, chosen))


@st.cache_resource(max_entries=4, show_spinner=False)
def _evidence(setting: Setting | None, files: Version) -> pd.DataFrame:
    measured = None if setting is None else candidates.candidates_of(profiles(), setting, accuracies())
    return candidates.evidence_of(measured, accuracies())


@st.cache_resource(max_entries=16, show_spinner=False)
def _hovers(
    setting: Setting,
    cost: str,
    source: AccuracySource,
    chosen: tuple[str, ...],
    pretraining_class: str | None,
    files: Version,
) -> dict[str, str]:
    return hover_texts(candidates_of(setting, cost, source, chosen, pretraining_class), cost, source)


@st.cache_resource(max_entries=2, show_spinner=False)
def _finished_runs(path: str, version: int) -> list[FinishedRun]:
    return read_finished_runs()


@st.cache_resource(max_entries=2, show_spinner=False)
def _ranked_models(path: str, version: int) -> list[RankedModel]:
    return read_ranked_models()


@st.cache_resource(max_entries=32, show_spinner=False)
def _metrics(path: str, version: Stamp, _job: Job) -> list[dict]:
    return _job.metrics()


@st.cache_resource(max_entries=200, show_spinner=False)
def _summary(run_id: str, version: tuple, _run: Run) -> dict:
    return summarise_run(_run)


@st.cache_resource(max_entries=2, show_spinner=False)
def _timm_models(path: str, version: Stamp) -> TimmModels | None:
    return read_timm_models(Path(path))


@st.cache_resource(max_entries=200, show_spinner=False)
def _anatomy(path: str, version: Stamp, model_name: str, img_size: int) -> Anatomy | None:
    return read_anatomy(model_name, img_size)
