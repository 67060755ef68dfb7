"""All weights of one architecture with their figures, so that two figures of one name can be told apart.

A name such as "ResNet-50" is quoted with several accuracies. Each belongs to a set of weights, at a size, by whoever
evaluated it: timm runs all weights through one pipeline, and the authors of some quote their own figure
(`quoted.csv`). Not covered: which weights are the better choice (`selection.decision`), and the sentences that say why
their figures differ (`reporting.text.catalogue`).
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.formatting import is_unknown

if TYPE_CHECKING:
    import pandas as pd

_QUOTED_PATH = Path(__file__).parent / "data" / "quoted.csv"

TIMM_SOURCE = "timm results-imagenet.csv (github.com/huggingface/pytorch-image-models)"
"""Source of the figures that timm evaluated in one pipeline."""


@dataclass(frozen=True)
class Quote:
    """Another figure of the same weights at the same size."""

    model_name: str
    """Weights tag."""
    img_size: int
    """Size in pixels at which it was evaluated."""
    top1: float
    """Percent."""
    quoted_by: str
    """Who says so, and where."""

    @property
    def speaker(self) -> str:
        """Who says so, in a word."""
        return self.quoted_by.split()[0]


@dataclass(frozen=True)
class TagAccuracy:
    """What one set of weights scores at one size."""

    model_name: str
    """Weights tag."""
    img_size: int
    """Size in pixels."""
    top1: float
    """Percent."""
    pretraining_class: str | None
    """Key of `catalogue.pretraining.PRETRAINING_CLASSES`; `None` where nobody put the weights in a class."""
    pretraining: str | None
    """Largest data set the weights have seen."""
    note: str | None
    """How it was trained, in a few words."""
    source: str
    """Who evaluated it; see `is_timms`."""
    quotes: tuple[Quote, ...] = ()
    """What others say of the same weights at the same size."""

    @property
    def tag(self) -> str:
        """The name of the weights without that of the architecture."""
        return self.model_name.partition(".")[2] or self.model_name

    @property
    def is_timms(self) -> bool:
        """Whether it is timm's own evaluation, and so comparable with the others that are."""
        return self.source == TIMM_SOURCE


def tag_accuracies(model_name: str, published: pd.DataFrame) -> list[TagAccuracy]:
    """Return every figure of an architecture, the lowest first.

    Args:
        model_name: Any of its weights tags.
        published: As `catalogue.accuracies.read_catalogue` returns it.
    """
    arch = architecture_of(model_name)
    rows = published[published["model_name"].map(architecture_of) == arch].to_dict("records")
    accuracies = [
        TagAccuracy(
            **{name: row[name] for name in ("model_name", "top1")},
            img_size=int(row["img_size"]),
            pretraining_class=None if is_unknown(row["recipe"]) else row["recipe"],
            **{name: None if is_unknown(row[name]) else row[name] for name in ("pretraining", "note")},
            source=row["accuracy_source"],
            quotes=_quotes_of(row["model_name"], row["img_size"]) if row["accuracy_source"] == TIMM_SOURCE else (),
        )
        for row in rows
    ]
    return sorted(accuracies, key=lambda tag: (tag.top1, tag.model_name, tag.img_size))


NON_COMMERCIAL = ("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "seer-license")
"""Licences that are known to forbid commercial use; that another is not among them says nothing."""


def _quotes_of(model_name: str, img_size: int) -> tuple[Quote, ...]:
    return tuple(quote for quote in quotes() if (quote.model_name, quote.img_size) == (model_name, img_size))


@functools.cache
def quotes() -> tuple[Quote, ...]:
    """Return what others than timm say of weights in the catalogue."""
    with _QUOTED_PATH.open(encoding="utf-8", newline="") as file:
        return tuple(
            Quote(cells["model_name"], int(cells["img_size"]), float(cells["top1"]), cells["quoted_by"])
            for cells in csv.DictReader(file)
        )
