"""Accuracy on other images in place of ImageNet's: on harder sets, and on the user's own, as finished runs offer it.

An accuracy belongs to a model, a size and a test set; nothing here carries one to another size, data set or content
of a data set. Not covered: reading the runs, and which of several leads (`finished_runs`), and joining the table with
profiles (`catalogue.attach_accuracy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finished_runs import FinishedRun, leading_run
from bakeoff_core.formatting import is_unknown, percent
from bakeoff_core.records import ACCURACY_COLUMNS, IMAGENET, AccuracySource, CandidateRef
from bakeoff_core.robust_sets import ROBUST_SETS, robust_accuracies
from bakeoff_core.timm_names import architecture_of

NAME_CHARS = 32
"""Longest name of images in a sentence; a folder's can be longer than a card is wide."""
KEY_DIGITS = 8
"""Digits of a content key in a source's key."""


def list_sources(runs: Iterable[FinishedRun]) -> list[AccuracySource]:
    """Return what an accuracy can be of: ImageNet, each content of each data set, the latest used first, harder sets.

    Args:
        runs: As `finished_runs.read_finished_runs` returns them.
    """
    groups: dict[tuple[str, str], list[FinishedRun]] = {}
    for run in sorted(runs, key=lambda run: run.run_id, reverse=True):
        groups.setdefault((run.dataset, run.content_key), []).append(run)
    names = {key: _brief(found[0].dataset_title) for key, found in groups.items()}
    sources = [IMAGENET]
    for (dataset, content_key), found in groups.items():
        name = names[dataset, content_key]
        if list(names.values()).count(name) > 1:  # the same folder, with other images in it since
            name = f"{name}, {content_key[:KEY_DIGITS]}"
        sources.append(
            AccuracySource(
                key=source_key(dataset, content_key),
                name=name,
                title=f"{name}, fine-tuned here",
                test_images=found[0].test_images,
                content_key=content_key,
                model_count=len({(run.model_name, run.img_size) for run in found}),
            )
        )
    return [*sources, *ROBUST_SETS]


def source_key(dataset: str, content_key: str) -> str:
    """Return the key of a run's source, for a link that shows it: `"elpv-1a2b3c4d"`."""
    return f"{dataset}-{content_key[:KEY_DIGITS]}"


def find_source(key: str, runs: Iterable[FinishedRun]) -> AccuracySource:
    """Return the source with a key.

    Raises:
        BakeoffError: There is none; the words list those there are.
    """
    sources = list_sources(runs)
    for source in sources:
        if source.key == key:
            return source
    known = "; ".join(f"{source.key} ({_offer(source)})" for source in sources)
    raise BakeoffError(f"There is no accuracy {key!r} here. There are: {known}.")


def _offer(source: AccuracySource) -> str:
    if source.model_count is None:
        return source.title
    return f"{source.title}, {source.model_count} {'model' if source.model_count == 1 else 'models'}"


def runs_of(source: AccuracySource, runs: Iterable[FinishedRun]) -> list[FinishedRun]:
    """Return the runs that a source's accuracies come from, in their order; none for published accuracy."""
    return [
        run
        for run in runs
        if run.content_key == source.content_key and source_key(run.dataset, run.content_key) == source.key
    ]


def accuracy_table(
    source: AccuracySource,
    runs: Sequence[FinishedRun],
    published: pd.DataFrame,
    chosen: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return the accuracies of a source, for `catalogue.attach_accuracy`: one row a model and size.

    Args:
        source: One of `list_sources`.
        runs: As `finished_runs.read_finished_runs` returns them.
        published: As `catalogue.read_catalogue` returns it: the table of ImageNet, and the families of all others.
        chosen: Ids of runs that lead for their model and size; others lead by `finished_runs.leading_run`.

    Returns:
        For published accuracy the catalogue's columns: `published` itself, or its rows that have a figure on a harder
        set. Else the columns `model_name`, `img_size`,
        `records.ACCURACY_COLUMNS`, `test_images` and `run_id`. `accuracy_source` says which run it was, by which
        recipe, and what its validation said.
    """
    if source.is_imagenet:
        return published
    if source.is_published:
        return robust_accuracies(source, published)
    recipes = dict(zip(published["model_name"], published["recipe"], strict=True))
    named = published.dropna(subset="family")
    families = dict(zip(named["model_name"].map(architecture_of), named["family"], strict=True))
    wanted = frozenset(chosen or ())
    groups: dict[CandidateRef, list[FinishedRun]] = {}
    for run in runs_of(source, runs):
        groups.setdefault(CandidateRef(run.model_name, run.img_size), []).append(run)
    rows = [
        {
            "model_name": run.model_name,
            "img_size": run.img_size,
            "top1": run.test_accuracy,
            "top1_low": run.test_accuracy_low,
            "top1_high": run.test_accuracy_high,
            "top5": None,
            "family": families.get(architecture_of(run.model_name)),
            "recipe": None if run.recipe == "scratch" else recipes.get(run.model_name),
            "accuracy_source": origin_of(run),
            "test_images": run.test_images,
            "run_id": run.run_id,
        }
        for run in (leading_run(found, wanted) for found in groups.values())
    ]
    types = {"top1": "float64", "top1_low": "float64", "top1_high": "float64", "top5": "float64"}
    columns = ["model_name", "img_size", *ACCURACY_COLUMNS, "test_images", "run_id"]
    return pd.DataFrame(rows, columns=columns).astype({**types, "img_size": "int64", "test_images": "int64"})


def origin_of(run: FinishedRun) -> str:
    """Say where an accuracy comes from: `"Full fine-tune, validated at 91.2 %, run 20260301-…"`."""
    validated = "not validated" if run.val_accuracy is None else f"validated at {percent(run.val_accuracy)}"
    return f"{run.recipe_title}, {validated}, run {run.run_id}"


def unmeasured(accuracies: pd.DataFrame, candidates: pd.DataFrame) -> list[CandidateRef]:
    """Return the models that have an accuracy but no row among the candidates: nobody measured them there yet.

    Args:
        accuracies: As `accuracy_table` returns it.
        candidates: Of one setting; a row that failed to be measured counts as a row.
    """
    there = {
        (name, int(size))
        for name, size in zip(candidates["model_name"], candidates["img_size"], strict=True)
        if not is_unknown(size)
    }
    pairs = zip(accuracies["model_name"], accuracies["img_size"], strict=True)
    return [CandidateRef(name, int(size)) for name, size in pairs if (name, int(size)) not in there]


def _brief(title: str) -> str:
    """A data set's title on one line, and no longer than a sentence can bear."""
    text = " ".join(title.split())
    return text if len(text) <= NAME_CHARS else f"{text[: NAME_CHARS - 1].rstrip()}…"
