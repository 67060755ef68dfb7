"""What can be asked of a data set's images by every kind of job that learns from them, and requests that ask for it.

Not covered: what follows from it (`datasets.image_folder`, `datasets.copies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bakeoff_core.datasets.records import TEST_FROM, ImageDataset
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.schema.checks import require_choice
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
