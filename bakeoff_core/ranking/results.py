"""Models ranked with frozen features, as plain data: what the linear probe of each came to, and in which ranking.

Every backbone that a ranking is done with counts, also where the ranking was stopped, failed, or is still at work; a
ranking that another version wrote, or that nobody can read, is passed over. Not covered: rankings as jobs
(`ranking.request`), what one says (`ranking.records`), and tables made of these (`selection.accuracy_sources`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from bakeoff_core.datasets.records import TRAIN_ON
from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import files_stamp, list_jobs
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.records import RankRow, from_json
from bakeoff_core.ranking.request import RANKING
from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.metrics import ACCURACY, METRICS, Score
from bakeoff_core.schema.parsing import Count, Key, Percent, Text, parse_record
from bakeoff_core.system.files import read_json

CHOSEN_ON = ("validation", "cross-validation", "nothing")
"""What a probe's strength can have been chosen on."""

SHARED = (
    *("dataset", "dataset_title", "content_key", "train_on", "test_images"),
    *("metric", "positive_class"),
)
"""Fields of a `RankedModel` that are those of its ranking."""
SCORES = {
    "model_name": "model_name",
    "img_size": "img_size",
    "test_accuracy": "probe_accuracy",
    "test_accuracy_low": "probe_low",
    "test_accuracy_high": "probe_high",
    "strength_chosen_on": "strength_chosen_on",
    "held_out_accuracy": "held_out_accuracy",
}
"""The others, with the field of the ranking's row that each is of."""


@dataclass(frozen=True)
class RankedModel:
    """One backbone of one ranking; what it shares with a `finetuning.results.FinishedRun` is called the same."""

    is_ranked: ClassVar[bool] = True
    """Whether the model stayed frozen."""

    run_id: str
    """That of the ranking; sortable by time of start."""
    model_name: Text
    """timm's `arch.tag`."""
    img_size: Count
    """Height and width of the input it was ranked at: the weights' own."""
    dataset: Key
    """Key of the data set."""
    dataset_title: Text
    """Its name; for a folder of the user's own, any text."""
    content_key: Key
    """Identifies its images and their splits."""
    train_on: str
    """What the heads of the ranking learned from, one of `datasets.records.TRAIN_ON`."""
    test_images: Count
    """Images the probe was tested on."""
    test_accuracy: Percent
    """Percent of them it got right."""
    test_accuracy_low: Percent
    """Lower end of the 95 % interval that so many images allow."""
    test_accuracy_high: Percent
    """Upper end of the same interval."""
    strength_chosen_on: str
    """What the probe's strength was chosen on, one of `CHOSEN_ON`."""
    held_out_accuracy: Percent | None
    """Percent of the images held back for that choice it got right; `None` where there were none."""
    metric: str = ACCURACY
    """What decided in its ranking, one of `schema.metrics.DECIDING`."""
    positive_class: Text | None = None
    """Of two classes, the name of the one that matters."""
    scores: Mapping[str, Score] = field(default_factory=dict, compare=False)
    """On the test images, by metric; accuracy alone for rankings of before there were others."""
    held_out_scores: Mapping[str, Percent] = field(default_factory=dict, compare=False)
    """On the images held back, in percent, by metric; empty where there were none."""

    def __post_init__(self) -> None:
        require_choice("train_on", self.train_on, TRAIN_ON)
        require_choice("strength_chosen_on", self.strength_chosen_on, CHOSEN_ON)


def read_ranked_models() -> list[RankedModel]:
    """Return every model that has a result in a ranking, the newest ranking's first."""
    return [model for job in list_jobs(kinds.RANKING) for model in _models_of(job)]


def newest_model(models: Iterable[RankedModel], metric: str = ACCURACY) -> RankedModel:
    """Return the result to go by, of several of one model on the same images: that of the newest ranking.

    Each was measured in the same way on the same images, so the newest one is not the better, but the one that the
    latest weights and versions led to. None is chosen for its accuracy: the best of several tests flatters. A probe
    whose strength the metric chose goes before those whose strength another one did.

    Args:
        models: At least one.
        metric: What they are told by, one of `schema.metrics.DECIDING`.
    """
    return max(models, key=lambda model: (model.metric == metric, model.run_id))


def ranked_models_stamp() -> int:
    """Return a number that changes when what `read_ranked_models` returns may have; takes a look at few files."""
    return files_stamp(kinds.RANKING, RANKING)


def _models_of(job: Job) -> list[RankedModel]:
    try:
        return list(_read(job))
    except (BakeoffError, TypeError, ValueError):
        return []


def _read(job: Job) -> Iterator[RankedModel]:
    content = read_json(job.folder / RANKING)
    if not content:  # the images were not read yet
        return
    ranking = from_json(content)
    for row in ranking.ranked():
        shared = {name: getattr(ranking, name) for name in SHARED}
        of_row = {name: getattr(row, field) for name, field in SCORES.items()}
        yield parse_record(RankedModel, {"run_id": job.job_id, **shared, **of_row, **_by_metric(row)})


def _by_metric(row: RankRow) -> dict[str, dict]:
    """The metrics of a row that this version knows, with accuracy's where the row is of before there were others."""
    scores = {name: score for name in METRICS if (score := row.score(name)) is not None}
    held_out = {name: value for name in METRICS if (value := row.held_out(name)) is not None}
    return {"scores": {name: asdict(score) for name, score in scores.items()}, "held_out_scores": held_out}
