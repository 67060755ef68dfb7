"""What accuracies are of, and the columns that hold them. Accuracies are percent, as published."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.metrics import ACCURACY, DECIDING, METRICS, Metric

IMAGENET_VALIDATION_IMAGES = 50_000
"""Images behind a published ImageNet-1k top-1 (Russakovsky et al. 2015, arXiv:1409.0575)."""
ACCURACY_COLUMNS = ("top1", "top1_low", "top1_high", "top5", "family", "recipe", "accuracy_source")
"""Columns that the catalogue, or fine-tuning runs and rankings in its place, add to profiles to make candidates.

`top1` holds what the source's metric came to, accuracy or another; `top1_low` and `top1_high` bound the sampling error
of the images it was measured on; `recipe` is the class of recipe that the published weights were trained by (see
`catalogue.pretraining`).
"""


@dataclass(frozen=True)
class AccuracySource:
    """What the accuracies of a table are of. One table holds one source's; nothing crosses from one to another."""

    key: str
    """Its name in links, in reports and on the command line: `imagenet`, `elpv-1a2b3c4d`, `elpv-1a2b3c4d-ranked`,
    `elpv-1a2b3c4d-ranked-balanced-accuracy`."""
    name: str
    """The images in few words, for sentences; comes from a folder's name at times, so it can be any text."""
    title: str
    """The name with where the accuracies come from, for lists to choose from."""
    test_images: int
    """Images the accuracies were measured on."""
    content_key: str | None = None
    """Identifies the images and their splits; `None` for published accuracy."""
    model_count: int | None = None
    """Models, at one size each, that have an accuracy; `None` where nobody counted."""
    meaning: str = ""
    """What the images are and what an accuracy on them tells, in a sentence or two; empty where the name says it."""
    train_on: str | None = None
    """What the linear probes of ranked models learned from, `train` or `train+val`; `None` for every other accuracy."""
    metric: str = ACCURACY
    """What is told of the answers to the images, one of `schema.metrics.DECIDING`; others' figures are accuracies."""
    positive_class: str | None = None
    """Name of the class that the metric is about; `None` where it is about all."""

    def __post_init__(self) -> None:
        require_choice("metric", self.metric, DECIDING)

    @property
    def is_accuracy(self) -> bool:
        """Whether the metric is plain accuracy."""
        return self.metric == ACCURACY

    @property
    def told(self) -> Metric:
        """The metric with its title and meaning."""
        return METRICS[self.metric]

    @property
    def is_imagenet(self) -> bool:
        """Whether they are of ImageNet's own validation images, which is what "top-1" without more words means."""
        return self.key == IMAGENET.key

    @property
    def is_published(self) -> bool:
        """Whether others measured the accuracies; else they are those of runs that finished here."""
        return self.content_key is None

    @property
    def is_ranked(self) -> bool:
        """Whether they are those of linear probes on frozen features, measured here, and not of fine-tuned models."""
        return self.train_on is not None


IMAGENET = AccuracySource("imagenet", "ImageNet", "ImageNet top-1, published", IMAGENET_VALIDATION_IMAGES)
"""What the catalogue holds."""
