"""Accuracy on other images in place of ImageNet's: on harder sets, and on the user's own, by runs and rankings.

An accuracy belongs to a model, a size, a test set and a way of training; nothing here carries one to another size, data
set or content of a data set, from a fine-tuned model to a frozen one, or between heads that learned from other images.
On the user's own images each metric that decides (`schema.metrics`) is a source of its own, and one of the class that
matters is of that class alone.
Not covered: reading the runs, and which of several leads (`finetuning.results`), reading the rankings
(`ranking.results`), and joining the table with profiles (`catalogue.accuracies.attach_accuracy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from bakeoff_core.catalogue.robustness import ROBUST_SETS, robust_accuracies
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import percent
from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS, IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.metrics import ACCURACY, DECIDING, METRICS

if TYPE_CHECKING:
    from bakeoff_core.finetuning.results import FinishedRun
    from bakeoff_core.ranking.results import RankedModel

NAME_CHARS = 32
"""Longest name of images in a sentence; a folder's can be longer than a card is wide."""
KEY_DIGITS = 8
"""Digits of a content key in a source's key."""
PUBLISHED_KEYS = frozenset({IMAGENET.key, *(source.key for source in ROBUST_SETS)})
"""Keys of the sources that need none of the user's own results."""
OwnResult: TypeAlias = "FinishedRun | RankedModel"
"""What one model came to on the user's own images."""

_MEANING = (
    "each model stayed frozen, and a linear classifier learned the classes from its features on the {} (a linear "
    "probe). Fine-tuning often reaches more, and can change the order. Of several rankings, each model's newest result "
    "counts."
)
_CHOSEN_ON = {
    "validation": "its strength chosen on the validation images",
    "cross-validation": "its strength chosen by cross-validation",
    "nothing": "its strength fixed, since no images could be held back",
}


@dataclass(frozen=True)
class _Way:
    """How a source's accuracies came about."""

    suffix: str
    """Of the source's key."""
    title: str
    meaning: str = ""


_WAYS = {
    None: _Way("", "fine-tuned here"),
    "train": _Way("-ranked", "ranked with frozen features", _MEANING.format("training images")),
    "train+val": _Way(
        "-ranked-trainval",
        "ranked with frozen features, heads learned from train+val",
        _MEANING.format("training and validation images"),
    ),
}
"""By what the heads of a ranking learned from; `None` for fine-tuning runs."""


def list_sources(results: Iterable[OwnResult]) -> list[AccuracySource]:
    """Return what an accuracy can be of: ImageNet, the user's own images, the latest used first, and harder sets.

    Each content of each data set is a source for fine-tuned models, and one for ranked ones by what the heads learned
    from: the metric that the newest result was decided by, then the others that any of them has.

    Args:
        results: As `finetuning.results.read_finished_runs` and `ranking.results.read_ranked_models` return them, in one
            list.
    """
    groups: dict[tuple[str, str, str | None], list[OwnResult]] = {}
    names: dict[tuple[str, str], str] = {}
    for found in sorted(results, key=lambda result: result.run_id, reverse=True):
        content = found.dataset, found.content_key
        names.setdefault(content, _brief(found.dataset_title))
        groups.setdefault((*content, _train_on(found)), []).append(found)
    sources = [IMAGENET]
    for (dataset, content_key, train_on), group in groups.items():
        name = names[dataset, content_key]
        if list(names.values()).count(name) > 1:  # the same folder, with other images in it since
            name = f"{name}, {content_key[:KEY_DIGITS]}"
        for metric, positive_class in _metrics_of(group):
            counted = [result for result in group if _counts(result, metric, positive_class)]
            title = f"{name}, {_WAYS[train_on].title}"
            sources.append(
                AccuracySource(
                    key=source_key(dataset, content_key, train_on, metric),
                    name=name,
                    title=title if metric == ACCURACY else f"{_told(metric, positive_class)}: {title}",
                    test_images=group[0].test_images,
                    content_key=content_key,
                    model_count=len({CandidateRef(result.model_name, result.img_size) for result in counted}),
                    meaning=_meaning(train_on, metric),
                    train_on=train_on,
                    metric=metric,
                    positive_class=positive_class,
                )
            )
    return [*sources, *ROBUST_SETS]


def _metrics_of(group: Sequence[OwnResult]) -> Iterator[tuple[str, str | None]]:
    """The metrics that results have, the newest first, with the class that one is about: that of the newest."""
    first = _deciding(group[0])
    for metric in (first, *(name for name in DECIDING if name != first)):
        newest = next((result for result in group if metric in result.scores), None)
        if newest is not None:
            yield metric, newest.positive_class if METRICS[metric].is_binary else None


def _deciding(result: OwnResult) -> str:
    """What decided where a result was made."""
    return result.metric if result.is_ranked else result.spec.metric


def _counts(result: OwnResult, metric: str, positive_class: str | None) -> bool:
    """Tell whether a result has a metric, and of the class that it is about."""
    is_of_class = positive_class is None or result.positive_class == positive_class
    return metric in result.scores and is_of_class


def _meaning(train_on: str | None, metric: str) -> str:
    meaning = _WAYS[train_on].meaning
    if not meaning or metric == ACCURACY:
        return meaning
    return f"{meaning.removesuffix('.')}, of those that this metric decided if any."


def _told(metric: str, positive_class: str | None) -> str:
    of_class = "" if positive_class is None else f" of {_brief(positive_class)}"
    return f"{METRICS[metric].heading}{of_class}"


def source_key(dataset: str, content_key: str, train_on: str | None = None, metric: str = ACCURACY) -> str:
    """Return the key of a source, for a link that shows it: `"elpv-1a2b3c4d"`, `"elpv-1a2b3c4d-ranked-trainval"`.

    Args:
        dataset: Key of the data set.
        content_key: That of its images.
        train_on: What the heads learned from for ranked models; `None` for fine-tuned ones.
        metric: One of `schema.metrics.DECIDING`; any but accuracy ends the key.
    """
    by = "" if metric == ACCURACY else f"-{metric}"
    return f"{dataset}-{content_key[:KEY_DIGITS]}{_WAYS[train_on].suffix}{by}"


def key_of_run(run: FinishedRun) -> str:
    """Return the key of the source that shows a run by the metric that decided it, or by accuracy if it lacks that."""
    metric = run.spec.metric if run.spec.metric in run.scores else ACCURACY
    return source_key(run.dataset, run.content_key, metric=metric)


def find_source(key: str, results: Iterable[OwnResult]) -> AccuracySource:
    """Return the source with a key.

    Raises:
        BakeoffError: There is none; the words list those there are.
    """
    sources = list_sources(results)
    for source in sources:
        if source.key == key:
            return source
    known = "; ".join(f"{source.key} ({_offer(source)})" for source in sources)
    raise BakeoffError(f"There is no accuracy {key!r} here. There are: {known}.")


def _offer(source: AccuracySource) -> str:
    if source.model_count is None:
        return source.title
    return f"{source.title}, {source.model_count} {'model' if source.model_count == 1 else 'models'}"


def results_of(source: AccuracySource, results: Iterable[OwnResult]) -> list[OwnResult]:
    """Return the results that a source's accuracies come from, in their order; none for published accuracy."""
    return [
        result
        for result in results
        if result.content_key == source.content_key
        and source_key(result.dataset, result.content_key, _train_on(result), source.metric) == source.key
        and _counts(result, source.metric, source.positive_class)
    ]


def runs_of(source: AccuracySource, runs: Iterable[FinishedRun]) -> list[FinishedRun]:
    """Return the fine-tuning runs that a source's accuracies come from, in their order; none for any other accuracy."""
    return [run for run in results_of(source, runs) if not run.is_ranked]


def accuracy_table(
    source: AccuracySource,
    results: Sequence[OwnResult],
    published: pd.DataFrame,
    chosen: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return the accuracies of a source, for `catalogue.accuracies.attach_accuracy`: one row a model and size.

    Args:
        source: One of `list_sources`.
        results: As for `list_sources`.
        published: As `catalogue.accuracies.read_catalogue` returns it: the table of ImageNet, and the families of all
            others.
        chosen: Ids of runs that lead for their model and size; others lead by `finetuning.results.leading_run`. Of
            rankings, each model's newest leads; see `ranking.results.newest_model`.

    Returns:
        For published accuracy the catalogue's columns: `published` itself, or its rows that have a figure on a harder
        set. Else the columns `model_name`, `img_size`,
        `schema.accuracy.ACCURACY_COLUMNS`, `test_images` and `run_id`; `top1` and its ends are of the source's metric,
        and results without it are left out. `accuracy_source` says which run or ranking it was, by which recipe, and
        what its validation said.
    """
    if source.is_imagenet:
        return published
    if source.is_published:
        return robust_accuracies(source, published)
    # Here, so that published accuracy is had without all that trains and ranks: `pick` starts sooner.
    from bakeoff_core.finetuning.results import leading_run
    from bakeoff_core.ranking.results import newest_model

    classes = dict(zip(published["model_name"], published["recipe"], strict=True))
    named = published.dropna(subset="family")
    families = dict(zip(named["model_name"].map(architecture_of), named["family"], strict=True))
    run_ids = frozenset(chosen or ())
    groups: dict[CandidateRef, list[OwnResult]] = {}
    for result in results_of(source, results):
        groups.setdefault(CandidateRef(result.model_name, result.img_size), []).append(result)
    rows = [
        {
            "model_name": result.model_name,
            "img_size": result.img_size,
            "top1": result.scores[source.metric].value,
            "top1_low": result.scores[source.metric].low,
            "top1_high": result.scores[source.metric].high,
            "top5": None,
            "family": families.get(architecture_of(result.model_name)),
            "recipe": None if _is_from_scratch(result) else classes.get(result.model_name),
            "accuracy_source": origin_of(result, source.metric),
            "test_images": result.test_images,
            "run_id": result.run_id,
        }
        for result in (
            newest_model(found, source.metric)
            if source.is_ranked
            else leading_run(found, run_ids, metric=source.metric)
            for found in groups.values()
        )
    ]
    types = {"top1": "float64", "top1_low": "float64", "top1_high": "float64", "top5": "float64"}
    columns = ["model_name", "img_size", *ACCURACY_COLUMNS, "test_images", "run_id"]
    return pd.DataFrame(rows, columns=columns).astype({**types, "img_size": "int64", "test_images": "int64"})


def origin_of(run: OwnResult, metric: str = ACCURACY) -> str:
    """Say where an accuracy comes from: `"Full fine-tune, validated at 91.2 %, run 20260301-…"`.

    Args:
        run: What has it.
        metric: What its validation is told by.
    """
    if run.is_ranked:
        value = run.held_out_scores.get(metric)
        right = "right" if metric == ACCURACY else METRICS[metric].title
        chosen = f"{_CHOSEN_ON[run.strength_chosen_on]}{'' if value is None else f' ({percent(value)} {right})'}"
        return f"Linear probe on frozen features, {chosen}, ranking {run.run_id}"
    value = run.val_scores.get(metric)
    told = "" if metric == ACCURACY else f" {METRICS[metric].title}"
    validated = "not validated" if value is None else f"validated at {percent(value)}{told}"
    return f"{run.recipe_title}, {validated}, run {run.run_id}"


def unmeasured(accuracies: pd.DataFrame, candidates: pd.DataFrame) -> list[CandidateRef]:
    """Return the models that have an accuracy but no row among the candidates: nobody measured them there yet.

    Args:
        accuracies: As `accuracy_table` returns it.
        candidates: Of one setting; a row that failed to be measured counts as a row.
    """
    there = {ref.undeployed for ref in candidate_refs(candidates)}
    return [ref for ref in candidate_refs(accuracies) if ref not in there]


def _train_on(result: OwnResult) -> str | None:
    return result.train_on if result.is_ranked else None


def _is_from_scratch(result: OwnResult) -> bool:
    return not result.is_ranked and result.recipe == "scratch"


def _brief(title: str) -> str:
    """A data set's title on one line, and no longer than a sentence can bear."""
    text = " ".join(title.split())
    return text if len(text) <= NAME_CHARS else f"{text[: NAME_CHARS - 1].rstrip()}…"
