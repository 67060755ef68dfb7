"""What can be asked by every kind of job that learns from images: which of them, and the metric that decides.

Not covered: what follows from it (`datasets.image_folder`, `datasets.copies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bakeoff_core.datasets.records import TEST_FROM, ImageDataset
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.schema.checks import require_choice, require_unicode
from bakeoff_core.schema.metrics import DECIDING, positive_class, require_metric
from bakeoff_core.schema.parsing import parse_record

Spec = TypeVar("Spec")


@dataclass(frozen=True, kw_only=True)
class ImageChoices:
    """Which of a data set's images a job works with; each choice has a default."""

    test_from: str = TEST_FROM[0]
    """What to test on where a folder has `train` and `val` and no `test`: one of `datasets.records.TEST_FROM`."""
    leave_out_copies: bool = False
    """Whether copies of training images are left out of validation and test, and copies of contradicting labels
    altogether; see `datasets.copies.with_copies`."""

    def require_known(self) -> None:
        """Raise `ValueError` where something unknown is asked for."""
        require_choice("test_from", self.test_from, TEST_FROM)


@dataclass(frozen=True, kw_only=True)
class MetricChoices:
    """By which metric a job tells the better of two models; each choice has a default."""

    metric: str = DECIDING[0]
    """One of `schema.metrics.DECIDING`: what early stopping, the best checkpoint, a ranking and a pick go by."""
    positive_class: str | None = None
    """Of two classes, the name of the one that matters; `None` for the rarer, see `schema.metrics.positive_class`."""

    def require_known_metric(self) -> None:
        """Raise `ValueError` where something unknown is asked for; the classes are asked once the images are read."""
        require_choice("metric", self.metric, DECIDING)
        require_unicode("positive_class", self.positive_class)


def deciding_class(choices: MetricChoices, dataset: ImageDataset) -> int | None:
    """Return the label of the class that matters, of two; `None` where there are not two.

    Args:
        choices: Which metric decides, and which class was asked for.
        dataset: Its training images say which class is the rarer.

    Raises:
        BakeoffError: The metric can't decide between so many classes, or there is no such class.
    """
    require_metric(choices.metric, len(dataset.classes))
    return positive_class(dataset.classes, dataset.train_images_by_class(), choices.positive_class)


def read_images(spec: Any) -> ImageDataset:
    """Return the data set that a request asks for, as `datasets.registry.read_dataset` does and raises.

    Args:
        spec: With the fields of `ImageChoices`, `dataset` and `data_dir`.
    """
    return read_dataset(spec.dataset, Path(spec.data_dir) if spec.data_dir else None, spec.test_from)


def parse_spec(kind: type[Spec], content: Mapping[str, Any]) -> Spec:
    """Make a request of what stands in a job's `spec.json`; one of before the choice means what was done then.

    Args:
        kind: A dataclass with the fields of `ImageChoices`.
        content: The object.

    Raises:
        ValueError: It asks for the unknown.
    """
    if content.get("dataset") == "folder":
        content = {"test_from": "train", **content}
    return parse_record(kind, content)
