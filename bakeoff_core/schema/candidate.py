"""One candidate of a table: how it is referred to, and its row.

Not covered: which columns a row has (`schema.profile`, `schema.accuracy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bakeoff_core.formatting import is_unknown

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
"""One candidate by column name: a dict, or a row of the frame."""


@dataclass(frozen=True)
class CandidateRef:
    """One candidate: a model at an image size."""

    model_name: str
    img_size: int | None
    """`None` where a failure came before it was known."""

    @property
    def label(self) -> str:
        """The name it goes by where the size matters; see `candidate_label`."""
        return candidate_label(self.model_name, self.img_size)


def candidate_label(model_name: str, img_size: int | None) -> str:
    """Return the name a candidate goes by where the size matters: `"resnet50.a1_in1k @ 224"`."""
    return model_name if img_size is None else f"{model_name} @ {img_size}"


def candidate_refs(candidates: pd.DataFrame) -> list[CandidateRef]:
    """Return the reference of each row, in order; a size that is unknown (a failed row) stays `None`.

    Args:
        candidates: Needs `model_name` and `img_size`.
    """
    return [
        CandidateRef(name, None if is_unknown(size) else int(size))
        for name, size in zip(candidates["model_name"], candidates["img_size"], strict=True)
    ]
