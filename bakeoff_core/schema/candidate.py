"""One candidate of a table: how it is referred to, what would run it, and its row.

Not covered: which columns a row has (`schema.profile`, `schema.accuracy`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.checks import require_choice

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
"""One candidate by column name: a dict, or a row of the frame."""


PRECISIONS = ("float32", "bfloat16", "float16")
PYTORCH = "pytorch"
"""The backend that is always there: PyTorch, eager."""


@dataclass(frozen=True)
class Deployment:
    """What would run a model, and how: latencies of two deployments belong to two candidates."""

    backend: str
    """Key of `models.backends.registry.BACKENDS`; an imported file may hold any text here."""
    backend_version: str
    """Version of the backend, as installed."""
    precision: str
    """Of weights and arithmetic: one of `PRECISIONS`."""
    timm_version: str
    """Version of the code that the model was built from, as installed."""

    def __post_init__(self) -> None:
        require_choice("precision", self.precision, PRECISIONS)


DEPLOYMENT_COLUMNS = tuple(field.name for field in dataclasses.fields(Deployment))
"""Columns that make up a deployment."""


@dataclass(frozen=True)
class CandidateRef:
    """One candidate: a model at an image size in a deployment."""

    model_name: str
    img_size: int | None
    """`None` where a failure came before it was known."""
    deployment: Deployment | None = None
    """`None` for a model at a size whatever runs it: one that is published, trained or ranked, not measured."""

    @property
    def undeployed(self) -> CandidateRef:
        """The model at its size, whatever runs it: what accuracies, runs and rankings are of."""
        return CandidateRef(self.model_name, self.img_size)

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
        candidates: Needs `model_name` and `img_size`; without `DEPLOYMENT_COLUMNS` nobody has a deployment.
    """
    sizes = [None if is_unknown(size) else int(size) for size in candidates["img_size"].tolist()]
    return list(map(CandidateRef, candidates["model_name"].tolist(), sizes, deployments_of(candidates)))


def deployments_of(candidates: pd.DataFrame) -> list[Deployment | None]:
    """Return the deployment of each row, in order; `None` where a row has none, as what is only published."""
    if any(name not in candidates for name in DEPLOYMENT_COLUMNS):
        return [None] * len(candidates)
    rows = list(zip(*(candidates[name].tolist() for name in DEPLOYMENT_COLUMNS), strict=True))
    made = {row: None if any(map(is_unknown, row)) else Deployment(*row) for row in dict.fromkeys(rows)}
    return [made[row] for row in rows]
