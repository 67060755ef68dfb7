"""The candidates of one setting: its profiles joined with an accuracy, and the decision that follows.

The one way from the files to what a page, a report or the command line shows. Not covered: any of the parts
themselves (see `profiling.store`, `catalogue.accuracies`, `selection.pareto`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bakeoff_core.catalogue.accuracies import attach_accuracy, misspelt_own_names, read_catalogue
from bakeoff_core.catalogue.pretraining import MOST_FREQUENT, pretraining_counts, with_pretraining_class
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.errors import BakeoffError
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import DEPLOYMENT_COLUMNS, Deployment, candidate_refs
from bakeoff_core.schema.profile import GROUP_COLUMNS, PROFILE_COLUMNS, SETTING_COLUMNS, Setting
from bakeoff_core.selection.accuracy_sources import PUBLISHED_KEYS, OwnResult, accuracy_table, find_source, runs_of
from bakeoff_core.system.files import is_there, is_utc
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import own_accuracy_path, profiles_path


@dataclass(frozen=True)
class MeasuredSetting:
    """A setting and a deployment that profiles exist for; `reporting.text.settings` has the words for it."""

    setting: Setting
    """Where they were measured."""
    deployment: Deployment
    """What ran the models."""
    machine_name: str
    """Its hardware in words."""
    is_this_machine: bool
    """Whether it was measured on the hardware this process runs on."""
    rows: int
    """Profiles in it."""
    last_measured_at: str
    """When its newest row was measured, ISO 8601 in UTC."""

    def value(self, column: str) -> str | int:
        """Return what all its profiles have in one of `schema.profile.GROUP_COLUMNS`."""
        return getattr(self.deployment if column in DEPLOYMENT_COLUMNS else self.setting, column)


@dataclass(frozen=True)
class View:
    """One setting and its candidates: what one frontier shows."""

    measured: MeasuredSetting
    """The setting, and the deployment of its candidates."""
    candidates: pd.DataFrame
    """As `candidates_of` returns it."""
    source: AccuracySource = IMAGENET
    """What their accuracies are of."""
    chosen: tuple[str, ...] = ()
    """Ids of the fine-tuning runs that the user chose to go by."""
    pretraining_class: str | None = None
    """The recipe class the candidates were restricted to; `None` where all are there."""
    pretraining_counts: Mapping[str, int] = field(default_factory=dict)
    """Candidates that can be compared in each recipe class, the restriction aside."""


def list_settings(profiles: pd.DataFrame) -> list[MeasuredSetting]:
    """List what was measured alike, in one setting and deployment: this machine's first, then the most and newest rows.

    Args:
        profiles: As `profiling.store.read_frame` returns it.
    """
    settings = []
    for values, rows in profiles.groupby(list(GROUP_COLUMNS), sort=False):
        named = dict(zip(GROUP_COLUMNS, values, strict=True))
        named |= {name: int(named[name]) for name in ("threads", "batch_size")}
        setting = Setting(**{name: named[name] for name in SETTING_COLUMNS})
        settings.append(
            MeasuredSetting(
                setting=setting,
                deployment=Deployment(**{name: named[name] for name in DEPLOYMENT_COLUMNS}),
                machine_name=str(rows["machine_name"].iloc[-1]),
                is_this_machine=setting.machine_id == this_machine().machine_id,
                rows=len(rows),
                last_measured_at=max((t for t in rows["measured_at"] if t and is_utc(t)), default=""),
            )
        )
    settings.sort(key=lambda s: (s.rows, s.last_measured_at), reverse=True)
    return sorted(settings, key=lambda s: not s.is_this_machine)


def candidates_of(
    profiles: pd.DataFrame, setting: Setting, deployment: Deployment, accuracies: pd.DataFrame
) -> pd.DataFrame:
    """Return the candidates of one setting in one deployment.

    Args:
        profiles: As `profiling.store.read_frame` returns it.
        setting: Which rows to take; machines, devices, threads and batch sizes are never mixed.
        deployment: Which of them; neither are versions and precisions.
        accuracies: As `catalogue.accuracies.read_catalogue` or `selection.accuracy_sources.accuracy_table` returns it.

    Returns:
        The setting's rows with `schema.accuracy.ACCURACY_COLUMNS` added, in the order they were stored.
    """
    mask = pd.Series(True, index=profiles.index)
    for name, value in (vars(setting) | vars(deployment)).items():
        mask &= profiles[name] == value
    return attach_accuracy(profiles[mask].reset_index(drop=True), accuracies)


def published_candidates(shortlist: str, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return what is published about a shortlist, as candidates that nobody has measured.

    Args:
        shortlist: Key of `SHORTLISTS`.
        accuracies: As `catalogue.accuracies.read_catalogue` returns it.

    Returns:
        One row a model at its default size: accuracy, parameters and MACs; every measured column is unknown.
    """
    models = SHORTLISTS[shortlist].models
    rows = accuracies[
        accuracies["model_name"].isin(models) & (accuracies["img_size"] == accuracies["default_img_size"])
    ]
    return _unmeasured(rows, accuracies)


def evidence_of(measured: pd.DataFrame | None, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return all that is known of models, for the checklist: measured candidates, then what is published of others.

    Args:
        measured: The candidates of one setting, as `candidates_of` returns them; `None` where nothing was measured.
        accuracies: As `catalogue.accuracies.read_catalogue` returns it.

    Returns:
        The columns of candidates, with `is_default` (the default tag of its architecture at the default size) and
        `pretraining` (null where it is not known) added; no model and size stands twice.
    """
    rows = accuracies
    if measured is not None:
        known = {ref.undeployed for ref in candidate_refs(measured)}
        rows = rows[[ref not in known for ref in candidate_refs(rows)]]
    table = _unmeasured(rows, accuracies)
    if measured is not None:
        columns = [name for name in table.columns if name in measured]
        table = pd.concat([measured[columns].astype(object), table.astype(object)], ignore_index=True)
    by_default = accuracies[
        accuracies["is_default_tag"].fillna(False) & accuracies["img_size"].eq(accuracies["default_img_size"])
    ]
    defaults = set(candidate_refs(by_default))
    pretraining = dict(zip(accuracies["model_name"], accuracies["pretraining"], strict=True))
    return table.assign(
        is_default=[ref.undeployed in defaults for ref in candidate_refs(table)],
        pretraining=table["model_name"].map(pretraining),
    )


def _unmeasured(published: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Make candidates of rows of the catalogue: accuracy, parameters and MACs; every measured column is unknown."""
    blank = profiling_store.to_frame(()).reindex(range(len(published)))
    known = published.reset_index(drop=True)
    for name in ("model_name", "img_size", "param_count", "macs"):
        blank[name] = known[name]
    blank["warnings"] = [()] * len(blank)
    blank = blank.astype({n: object for n in PROFILE_COLUMNS if n in blank and blank[n].dtype == object})
    return attach_accuracy(blank, accuracies)


def read_accuracies() -> pd.DataFrame:
    """Read the catalogue with the user's own accuracies.

    Raises:
        BakeoffError: The user's file is faulty; the words name the line.
    """
    return read_catalogue(own_accuracy_path())


def own_names_in_doubt(profiles: pd.DataFrame | None = None) -> dict[str, tuple[str, ...]]:
    """Return the models of the user's own accuracies that are hardly called so, with the nearest names that exist.

    Args:
        profiles: As `profiling.store.read_frame` returns it; `None` reads it where the user's file is there.

    Raises:
        BakeoffError: The user's file is faulty, or the profile store can't be used.
    """
    if not is_there(own_accuracy_path()):
        return {}
    if profiles is None:
        profiles = profiling_store.read_frame(profiles_path())
    return misspelt_own_names(own_accuracy_path(), set(profiles["model_name"]))


def read_measured() -> tuple[pd.DataFrame, Path | None]:
    """Read the profile store; a damaged one is set aside first.

    Returns:
        The profiles, and the name under which a damaged file was kept just now (else `None`).

    Raises:
        StoreError: The file can't be used and was left where it is.
    """
    aside = profiling_store.set_aside_if_damaged(profiles_path())
    return profiling_store.read_frame(profiles_path()), aside


def read_own_results() -> list[OwnResult]:
    """Read what models came to on the user's own images, fine-tuned and ranked, for `selection.accuracy_sources`."""
    # Here, so that published accuracy is had without all that trains and ranks: `pick` starts sooner.
    from bakeoff_core.finetuning.results import read_finished_runs
    from bakeoff_core.ranking.results import read_ranked_models

    return [*read_finished_runs(), *read_ranked_models()]


def find_view(
    wanted: dict[str, object],
    accuracy: str = IMAGENET.key,
    chosen: Sequence[str] = (),
    pretraining_class: str | None = None,
) -> View:
    """Return the candidates of the best-measured setting that has the wanted values.

    Args:
        wanted: Columns of `schema.profile.GROUP_COLUMNS` and the values they must have; without `machine_id` only
            this machine's settings count.
        accuracy: Key of an accuracy source; see `selection.accuracy_sources.list_sources`.
        chosen: Ids of fine-tuning runs to go by, for their model and size.
        pretraining_class: Recipe class to restrict the candidates to, or `MOST_FREQUENT`; `None` for no restriction.

    Raises:
        BakeoffError: Nothing was measured so, or there is no such accuracy, run or candidate; the words say what there
            is.
    """
    # Every run and ranking there is would be read, for nothing where the accuracy is published.
    results = [] if accuracy in PUBLISHED_KEYS else read_own_results()
    source = find_source(accuracy, results)
    _require_runs(chosen, source, results)
    profiles, aside = read_measured()
    if aside is not None:
        raise BakeoffError(f"The profile store was damaged and is now {aside.name}. Measure again, or restore it.")
    settings = list_settings(profiles)
    fitting = [s for s in settings if all(s.value(name) == value for name, value in wanted.items())]
    if "machine_id" not in wanted:
        fitting = [s for s in fitting if s.is_this_machine]
    if not fitting:
        others = "; ".join(f"{s.machine_name} (--machine {s.setting.machine_id})" for s in settings)
        raise BakeoffError(
            "Nothing was measured in that setting. Run `python -m bakeoff_core profile` first."
            + (f" There are profiles of: {others}." if others else "")
        )
    accuracies = accuracy_table(source, results, read_accuracies(), chosen)
    table = candidates_of(profiles, fitting[0].setting, fitting[0].deployment, accuracies)
    counts = pretraining_counts(table)
    pretraining_class = _require_class(pretraining_class, counts)
    return View(
        fitting[0], with_pretraining_class(table, pretraining_class), source, tuple(chosen), pretraining_class, counts
    )


def _require_class(pretraining_class: str | None, counts: Mapping[str, int]) -> str | None:
    if pretraining_class == MOST_FREQUENT:
        return next(iter(counts), None)
    if pretraining_class is not None and pretraining_class not in counts:
        there = ", ".join(f"{key} ({count})" for key, count in counts.items()) or "none"
        raise BakeoffError(
            f"No candidate is of the recipe class {pretraining_class!r}. The classes there are: {there}."
        )
    return pretraining_class


def find_evidence(machine_id: str | None = None) -> tuple[MeasuredSetting | None, pd.DataFrame]:
    """Return the best-measured setting of a machine, and all that is known of models there and by publication.

    Args:
        machine_id: Whose setting; `None` for this machine's.

    Returns:
        The setting, `None` where nothing was measured, and the table of `evidence_of`, with ImageNet's accuracies.

    Raises:
        BakeoffError: Another machine was asked for, and it has no profiles here.
    """
    profiles, _ = read_measured()
    wanted = this_machine().machine_id if machine_id is None else machine_id
    found = next((s for s in list_settings(profiles) if s.setting.machine_id == wanted), None)
    if found is None and machine_id is not None:
        raise BakeoffError(f"There are no profiles of machine {machine_id!r}. Import them, or leave --machine out.")
    accuracies = read_accuracies()
    measured = None if found is None else candidates_of(profiles, found.setting, found.deployment, accuracies)
    return found, evidence_of(measured, accuracies)


def _require_runs(chosen: Sequence[str], source: AccuracySource, results: Sequence[OwnResult]) -> None:
    known = [run.run_id for run in runs_of(source, results)]
    for run_id in chosen:
        if run_id not in known:
            there = ", ".join(known) or f"none, for it is {'that of rankings' if source.is_ranked else 'published'}"
            raise BakeoffError(f"Run {run_id!r} has no part in the accuracy {source.key}. The runs that have: {there}.")
