"""Rankings as jobs: what to ask for, how to start and find one, and what there is to say of it.

Not covered: the record and what follows from it (`ranking.records`), measuring it (`ranking.worker`), its words
(`reporting.text.ranking`).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.datasets.choices import ImageChoices, MetricChoices, parse_spec
from bakeoff_core.datasets.records import TRAIN_ON
from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_understood, read_understood, start_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.records import Overlap, RankFindings, Ranking, RankRow, find, from_json
from bakeoff_core.schema.checks import require_choice, require_count, require_unicode
from bakeoff_core.schema.metrics import METRICS
from bakeoff_core.schema.profile import DEVICE_CHOICES
from bakeoff_core.system.files import read_json
from bakeoff_core.system.paths import own_accuracy_path

RANKING = "ranking.json"
"""The ranking as far as it has come, in the job's folder."""
IMAGES = "images.parquet"
"""The images ranked on, in the job's folder: `split`, `path` and `label`, in the order of the features' rows."""
MOST_MODELS = 200


def answers_file(number: int) -> str:
    """Return the name of the file with a backbone's answer to every test image, by its place in the request from 0.

    Its columns are `image` (path in the data set), `label`, `predicted`, `probability` (the head's, of its answer) and
    `predicted_by_neighbours`.
    """
    return f"answers-{number + 1}.parquet"


_OVERLAPS_PATH = Path(__file__).parents[1] / "catalogue" / "data" / "overlaps.csv"


@dataclass(frozen=True)
class RankSpec(ImageChoices, MetricChoices):
    """A ranking: everything it needs to be repeated, with the data and the versions."""

    models: tuple[str, ...]
    """timm's names; a plain one means its default tag."""
    dataset: str
    """One of `datasets.registry.DATASETS`."""
    data_dir: str | None = None
    """Where the images are; `None` for the data set's usual place."""
    train_on: str = "train"
    """`train`, or `train+val`, where the heads' strength is chosen by cross-validation."""
    limit: int | None = None
    """Images at most, drawn from every class; `None` for all."""
    seed: int = 0
    """Fixes the folds of the cross-validation."""
    device: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(dict.fromkeys(name.strip() for name in self.models if name.strip())))
        if not 1 <= len(self.models) <= MOST_MODELS:
            raise ValueError(f"`models` must name 1 to {MOST_MODELS} models. Got {len(self.models)}.")
        require_unicode("models", ", ".join(self.models))
        require_unicode("data_dir", self.data_dir)
        require_choice("dataset", self.dataset, DATASETS)
        require_choice("train_on", self.train_on, TRAIN_ON)
        require_choice("device", self.device, DEVICE_CHOICES)
        self.require_known()
        self.require_known_metric()
        if self.dataset == "folder" and not self.data_dir:
            raise ValueError("`data_dir` must name the folder of images for the data set `folder`.")
        if self.limit is not None:
            require_count("limit", self.limit)
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"`seed` must be 0 to 4294967295. Got {self.seed}.")


@dataclass(frozen=True)
class RankRun:
    """A ranking's job as it is now."""

    job: Job
    spec: RankSpec

    @classmethod
    def from_job(cls, job: Job) -> RankRun:
        """Return the ranking that a job does; raises `ValueError` where it asks for the unknown."""
        return cls(job, parse_spec(RankSpec, job.spec))

    @property
    def rank_id(self) -> str:
        """Its id; sortable by time of start."""
        return self.job.job_id

    def result(self) -> Ranking | None:
        """Return the ranking as far as it has come; `None` before the images were read.

        Raises:
            BakeoffError: Another version of this product wrote it, or it is damaged.
        """
        content = read_json(self.job.folder / RANKING)
        return from_json(content) if content else None

    def images(self) -> pd.DataFrame | None:
        """Return the images ranked on, columns as `IMAGES` says; `None` before they were checked."""
        return _read_table(self.job.folder / IMAGES)

    def answers(self, asked: str) -> pd.DataFrame | None:
        """Return a backbone's answers to the test images, columns as `answers_file` says; `None` before it has any.

        Args:
            asked: Its name as it was asked for.
        """
        return _read_table(self.job.folder / answers_file(self.spec.models.index(asked)))


def start_ranking(spec: RankSpec) -> RankRun:
    """Start to rank models.

    Raises:
        BusyError: Another job is at work on this machine.
        NoSpaceError: The disk is full.
    """
    return RankRun.from_job(start_job(kinds.RANKING, asdict(spec)))


def read_ranking(rank_id: str) -> RankRun:
    """Return a ranking as it is now.

    Raises:
        BakeoffError: There is no such ranking.
    """
    return read_understood(rank_id, [kinds.RANKING], RankRun.from_job, "ranking")


def list_rankings() -> list[RankRun]:
    """Return every ranking that this version understands, the newest first."""
    return list(list_understood(kinds.RANKING, RankRun.from_job))


def find_in(ranking: Ranking, catalogue: pd.DataFrame | None = None) -> RankFindings:
    """Say what follows from a ranking, beside what is published and the user's own accuracies.

    Args:
        ranking: Finished or not.
        catalogue: As `catalogue.accuracies.read_catalogue` returns it; `None` reads it.
    """
    catalogue = read_catalogue(own_accuracy_path()) if catalogue is None else catalogue
    return find(ranking, _published_in(catalogue), read_overlaps(ranking, catalogue))


def summarise_ranking(run: RankRun) -> list[dict[str, Any]]:
    """Return a line for each model asked for: the fields of `rank --json`; accuracies in percent, unknown is `None`.

    `scores` holds value, low and high of each metric on the test images, `held_out_scores` the values on those held
    back; both are empty where nothing is known.
    A model that the ranking has not come to yet has a line whose `error` says so.
    """
    ranking = run.result()
    rows = {row.asked: row for row in ranking.rows} if ranking else {}
    missing = run.job.status.get("message") or "Not ranked yet."
    lines = []
    for name in run.spec.models:
        row = rows.get(name)
        lines.append(
            {
                "model_name": row.model_name if row else name,
                "probe_accuracy": row.probe_accuracy if row else None,
                "probe_low": row.probe_low if row else None,
                "probe_high": row.probe_high if row else None,
                "knn_accuracy": row.knn_accuracy if row else None,
                "metric": run.spec.metric,
                "positive_class": ranking.positive_class if ranking else run.spec.positive_class,
                "scores": _scores_of(row) if row else {},
                "held_out_scores": row.held_out_scores if row else {},
                "accuracy_over_balanced": asdict(row.accuracy_over_balanced)
                if row and row.accuracy_over_balanced
                else None,
                "images_per_second": row.images_per_second if row else None,
                "error": row.error if row else missing,
            }
        )
    return lines


def _scores_of(row: RankRow) -> dict[str, dict[str, float]]:
    return {name: asdict(score) for name in METRICS if (score := row.score(name)) is not None}


def read_overlaps(ranking: Ranking, catalogue: pd.DataFrame) -> tuple[Overlap, ...]:
    """Return the ranking's backbones whose pre-training images were chosen for their likeness to its data set's.

    Args:
        ranking: Whose backbones and data set.
        catalogue: As `catalogue.accuracies.read_catalogue` returns it; says what each weights tag was pre-trained on.
    """
    with _OVERLAPS_PATH.open(encoding="utf-8", newline="") as file:
        known = {(row["pretraining"], row["dataset"]): row for row in csv.DictReader(file)}
    seen = dict(zip(catalogue["model_name"], catalogue["pretraining"], strict=True))
    pairs = ((row.model_name, known.get((seen.get(row.model_name), ranking.dataset))) for row in ranking.rows)
    return tuple(Overlap(name, found["note"], found["source"]) for name, found in pairs if found)


def _published_in(catalogue: pd.DataFrame) -> dict[tuple[str, int], float]:
    columns: Sequence[str] = ("model_name", "img_size", "top1")
    return {(name, int(size)): float(top1) for name, size, top1 in zip(*(catalogue[c] for c in columns), strict=True)}


def _read_table(path: Path) -> pd.DataFrame | None:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):  # damaged ones raise pyarrow's kind of ValueError
        return None
