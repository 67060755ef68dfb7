"""Backbones ranked on the user's own images: the record of what each came to, and what all of it says.

Every backbone stays frozen; a small head is trained on its features, and tested on images that it has not seen.
Definitions, all from numbers that were measured:

- **Your order** is that of the probes on the test images by the metric that decides (`schema.metrics`), **ImageNet's**
  that of the published top-1 of the same weights tag at the same image size; a backbone without a published one has no
  place in it.
- The **pick by your data** is the best by that metric on images held back from training (validation, or
  cross-validation where there are none); never on the test, since the best of several tests flatters (Cawley and Talbot
  2010, jmlr.org/papers/v11/cawley10a). A tie is the higher published accuracy's, then the earlier one's.
- A **gap** is the difference of two probes' values of it on the same test images, paired, with its 95 % interval: by
  formula for accuracy, else by the worker's bootstrap (`datasets.metrics.scores`), which is noted in the record.
- The **rank correlation** is Spearman's, with its 95 % interval (`stats.spearman_interval`).

No torch, no files. Not covered: measuring it (`ranking.worker`), finding it again (`ranking.request`), words
(`reporting.text.ranking`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from bakeoff_core.datasets.records import Copies
from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.metrics import ACCURACY, AVERAGE_PRECISION, BALANCED_ACCURACY, DECIDING, Difference, Score
from bakeoff_core.schema.parsing import parse_kept
from bakeoff_core.stats import PairedCounts, mcnemar_p, paired_interval, spearman_interval

FORMAT_VERSION = 1
"""Of `ranking.json`."""
LEAST_FOR_CORRELATION = 8
"""Backbones with both accuracies below which a rank correlation says nothing: with seven, even 0.7 may be chance."""


@dataclass(frozen=True)
class RankRow:
    """What one backbone came to; what could not be measured is `None`, and `error` says why."""

    asked: str
    """The name as it was asked for."""
    model_name: str
    """timm's `arch.tag`, or as asked where timm has no such model."""
    error: str | None = None
    img_size: int | None = None
    """Side of the input in pixels: the weights' own."""
    weights: str | None = None
    """Where the weights came from, in words."""
    channels: int | None = None
    """Numbers in the features of an image."""
    head_param_count: int | None = None
    """Parameters of the linear head."""
    probe_accuracy: float | None = None
    """Of the head on the test images, in percent; `_low` and `_high` are the 95 % interval."""
    probe_low: float | None = None
    probe_high: float | None = None
    knn_accuracy: float | None = None
    """Of the nearest neighbours on the test images, in percent; `_low` and `_high` are the 95 % interval."""
    knn_low: float | None = None
    knn_high: float | None = None
    logme: float | None = None
    """Log evidence of the labels under a linear model of the training images' features, per image (see
    `features.logme`); higher is better, and advisory: nothing is picked by it."""
    held_out_accuracy: float | None = None
    """Of the head at the strength chosen, on images held back from its training, in percent; what the pick goes by."""
    strength: float | None = None
    """Inverse strength of the regularisation, scikit-learn's `C`, for standardised features scaled to length one."""
    strength_chosen_on: str | None = None
    """`validation`, `cross-validation`, or `nothing` where there are too few images to hold any back."""
    strength_at_edge: bool | None = None
    """Whether it is the smallest or largest that was tried, so that one beyond may be better."""
    probe_seconds: float | None = None
    """To choose the strength and to fit the head."""
    knn_seconds: float | None = None
    """To find the neighbours of all test images."""
    images_per_second: float | None = None
    """Through the frozen backbone, decoding included, when its features were computed; `None` if never timed."""
    runtime: str | None = None
    """What ran the backbone then, in words; `None` if that was not noted."""
    features_key: str | None = None
    """Where its features are kept; `None` in rankings of before this was noted."""
    computed_images: int | None = None
    """Images run through the backbone for this ranking; 0 where all features were kept from before."""
    seconds: float | None = None
    """All of it, in this ranking."""
    right: str | None = None
    """Which test images the head has right, in the order of the test split: bits of hexadecimal digits."""
    scores: dict[str, Score] = field(default_factory=dict, hash=False)
    """Of the head on the test images, by metric; empty in rankings of before there were others than accuracy."""
    held_out_scores: dict[str, float] = field(default_factory=dict, hash=False)
    """Of the head at the strength chosen, on images held back from its training, in percent by metric."""
    accuracy_over_balanced: Difference | None = None
    """Accuracy less balanced accuracy on the test images: what frequent classes do better, or rare ones."""

    @property
    def is_ranked(self) -> bool:
        """Whether it has a place in the ranking."""
        return self.probe_accuracy is not None

    def score(self, metric: str) -> Score | None:
        """Return what the head came to on the test images by a metric; `None` where that is not known."""
        if metric == ACCURACY and self.probe_accuracy is not None:
            return Score(self.probe_accuracy, self.probe_low, self.probe_high)
        return self.scores.get(metric)

    def held_out(self, metric: str) -> float | None:
        """Return what it came to on images held back, in percent; `None` where there were none."""
        return self.held_out_accuracy if metric == ACCURACY else self.held_out_scores.get(metric)


@dataclass(frozen=True)
class Ranking:
    """Backbones on one set of images; grows by a row as each of them finishes."""

    dataset: str
    dataset_title: str
    content_key: str
    """Identifies the images and their splits."""
    licence: str
    notes: tuple[str, ...]
    """What a reader must know of the images."""
    classes: tuple[str, ...]
    """Names by label."""
    train_on: str
    train_images: int
    """Images that each head learns from."""
    val_images: int
    """Images on which its strength was chosen; 0 where none were held back."""
    test_images: int
    majority_share: float
    """Share of the test images that are of the most frequent class, in percent."""
    limit: int | None
    """Images at most that were asked for; `None` for all."""
    skipped_images: int
    """Files that could not be used."""
    machine_name: str
    neighbours: int
    """Of the k-NN at most; it has no more than there are images to learn from."""
    rows: tuple[RankRow, ...] = ()
    """In the order they were asked for, those that failed included."""
    value_ranges: dict[str, tuple[float, float]] = field(default_factory=dict, hash=False)
    """What is black and white in images of more than 8 bits, by the kind of their pixels."""
    copies: Copies | None = None
    """Which images are copies of others; `None` in rankings of before they were looked for."""
    metric: str = ACCURACY
    """What decides, one of `schema.metrics.DECIDING`."""
    positive_class: str | None = None
    """Of two classes, the name of the one that matters."""
    positive_share: float | None = None
    """Share of the test images that are of it, in percent."""
    gaps: dict[str, Difference] = field(default_factory=dict, hash=False)
    """By model, each row's deciding metric on the test less that of the pick by your data, paired; empty before the
    ranking's end, and for accuracy, whose gaps have a formula."""

    def __post_init__(self) -> None:
        require_choice("metric", self.metric, DECIDING)

    @property
    def chance(self) -> float | None:
        """What whoever never looks at the image comes to, in percent by the metric that decides.

        The most frequent class for accuracy, any one class for balanced accuracy, any order for average precision;
        `None` for macro F1, which depends on what is answered.
        """
        return {
            ACCURACY: max(self.majority_share, 100 / len(self.classes)),
            BALANCED_ACCURACY: 100 / len(self.classes),
            AVERAGE_PRECISION: self.positive_share,
        }.get(self.metric)

    def value(self, row: RankRow) -> float:
        """Return what a ranked row came to on the test images by the metric that decides, in percent."""
        score = row.score(self.metric)
        return 0.0 if score is None else score.value

    def ranked(self) -> list[RankRow]:
        """Return the rows with a result, the best on the test images first."""
        return sorted((row for row in self.rows if row.is_ranked), key=lambda row: -self.value(row))

    def failed(self) -> list[RankRow]:
        """Return the rows without a result."""
        return [row for row in self.rows if not row.is_ranked]

    def row(self, model_name: str) -> RankRow | None:
        """Return a backbone's row if it has a result."""
        return next((row for row in self.rows if row.model_name == model_name and row.is_ranked), None)


@dataclass(frozen=True)
class RankGap:
    """Two backbones' heads on the same test images."""

    model_name: str
    against: str
    points: float
    """The deciding metric of `model_name` less that of `against`."""
    low: float
    """Of the 95 % interval."""
    high: float
    p_value: float | None
    """McNemar's exact test; `None` where another metric than accuracy decides."""
    images: int

    @property
    def differs(self) -> bool:
        """Whether they differ beyond the noise of so many images."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Correlation:
    """How well one order of backbones predicts another."""

    rho: float
    """Spearman's, -1 to 1."""
    low: float
    """Of the 95 % interval."""
    high: float
    backbones: int


@dataclass(frozen=True)
class Overlap:
    """Pre-training images that were chosen for their likeness to a data set's."""

    model_name: str
    note: str
    source: str


@dataclass(frozen=True)
class RankFindings:
    """What a ranking says beside its table."""

    own_pick: RankRow | None
    """By your data; `None` where nothing was ranked, or nothing held back to choose by."""
    imagenet_pick: RankRow | None
    """Of the same backbones by published accuracy; `None` where none has one."""
    gap: RankGap | None
    """Of your pick against ImageNet's; `None` where they are the same, or one is missing."""
    published: tuple[tuple[str, float], ...]
    """Names and published accuracies in percent of those ranked that have one."""
    correlation: Correlation | None
    """`None` with fewer than `LEAST_FOR_CORRELATION` backbones that have both accuracies."""
    overlaps: tuple[Overlap, ...]


def find(ranking: Ranking, published: Mapping[tuple[str, int], float], overlaps: Sequence[Overlap]) -> RankFindings:
    """Say what follows from a ranking.

    Args:
        ranking: Finished or not; it counts what is there.
        published: ImageNet top-1 in percent by weights tag and image size.
        overlaps: For the backbones of the ranking, as `ranking.request.read_overlaps` returns them.
    """
    rows = ranking.ranked()
    top1 = {row: published.get((row.model_name, row.img_size or 0)) for row in rows}
    known = [row for row in rows if top1[row] is not None]
    order = {row.model_name: -at for at, row in enumerate(ranking.rows)}  # earlier is more

    def by_own(row: RankRow) -> tuple[float, float, int]:
        return row.held_out(ranking.metric) or 0.0, top1[row] or 0.0, order[row.model_name]

    own = max((row for row in rows if row.held_out(ranking.metric) is not None), key=by_own, default=None)
    imagenet = max(known, key=lambda row: (top1[row], order[row.model_name]), default=None)
    gap = None
    if own is not None and imagenet is not None and own != imagenet:
        gap = _gap(ranking, own, imagenet)
    correlation = None
    if len(known) >= LEAST_FOR_CORRELATION:
        interval = spearman_interval([top1[row] for row in known], [ranking.value(row) for row in known])
        correlation = Correlation(*interval, len(known)) if interval else None
    names = {row.model_name for row in ranking.rows}
    return RankFindings(
        own_pick=own,
        imagenet_pick=imagenet,
        gap=gap,
        published=tuple((row.model_name, top1[row]) for row in known),
        correlation=correlation,
        overlaps=tuple(overlap for overlap in overlaps if overlap.model_name in names),
    )


def _gap(ranking: Ranking, own: RankRow, other: RankRow) -> RankGap | None:
    """The gap between the pick by your data and another; `None` where it is not known."""
    if ranking.metric == ACCURACY:
        return compare_rows(own, other, ranking.test_images)
    found = ranking.gaps.get(other.model_name)
    # Those noted are against the pick of then; published figures that break a tie may have made another one since.
    if found is None or own.model_name in ranking.gaps:
        return None
    return RankGap(own.model_name, other.model_name, -found.points, -found.high, -found.low, None, ranking.test_images)


def compare_rows(row: RankRow, against: RankRow, test_images: int) -> RankGap | None:
    """Return the gap between two heads' accuracies; `None` where it is not known which images one had right."""
    if row.right is None or against.right is None:
        return None
    one, other = unpack_right(row.right, test_images), unpack_right(against.right, test_images)
    counts = PairedCounts(
        both=int((one & other).sum()),
        only_one=int((one & ~other).sum()),
        only_other=int((~one & other).sum()),
        neither=int((~one & ~other).sum()),
    )
    points, low, high = paired_interval(counts)
    return RankGap(row.model_name, against.model_name, points, low, high, mcnemar_p(counts), test_images)


def pack_right(right: np.ndarray) -> str:
    """Return booleans of shape (n,) as hexadecimal digits."""
    return np.packbits(right).tobytes().hex()


def unpack_right(text: str, count: int) -> np.ndarray:
    """Return so many booleans that `pack_right` packed."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8), count=count).astype(bool)


def to_json(ranking: Ranking) -> dict[str, Any]:
    """Return what `ranking.json` holds."""
    return {"format": FORMAT_VERSION, **asdict(ranking)}


def from_json(content: Mapping[str, Any]) -> Ranking:
    """Return the ranking that `to_json` wrote.

    Raises:
        BakeoffError: It was written by another version of this product, or is damaged.
    """
    return parse_kept(Ranking, content, FORMAT_VERSION, "ranking", "rank again")
