"""Classes of pre-training: how weights were trained, in few groups, so that like is compared with like.

People read "recipe class" and tables have a column `recipe`; in the code a recipe is one for fine-tuning.

A class says what training saw and how hard it tried; two models of one class differ mostly by their architecture. Which
class a weights tag is in follows from its name by the first pattern of `recipe_rules.csv` that fits
(docs/catalogue.md). Not covered: recipes for fine-tuning (`finetuning.recipes`), accuracies (`catalogue.accuracies`),
and sentences about classes (`reporting.text.catalogue`).
"""

from __future__ import annotations

import csv
import functools
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.checks import require_choice

if TYPE_CHECKING:
    import pandas as pd

_RULES_PATH = Path(__file__).parent / "data" / "recipe_rules.csv"

SUPERVISIONS = {
    "supervised": "labels of the images",
    "distilled": "the output of another, trained network",
    "self-supervised": "the images alone",
    "image-text": "texts that came with the images",
}
"""What a network learned from before, or while, it learned ImageNet-1k's classes."""


@dataclass(frozen=True)
class PretrainingClass:
    """One way of training, for people."""

    key: str
    """Its name in tables, in links and on the command line."""
    title: str
    """Its name in a sentence: `"modern"`."""
    meaning: str
    """What it is, in a sentence for somebody who never heard of a recipe."""


_CLASSES = (
    PretrainingClass(
        "basic",
        "basic",
        "ImageNet-1k alone; images are cropped, flipped and recoloured, and no more. The recipes of the early papers.",
    ),
    PretrainingClass(
        "tuned",
        "tuned",
        "ImageNet-1k alone; longer, with images distorted by a policy (AutoAugment, RandAugment) or blended, or with "
        "averaged weights, but not with all of what “modern” means. The recipes of about 2018 to 2021.",
    ),
    PretrainingClass(
        "modern",
        "modern",
        "ImageNet-1k alone, for 200 to 800 epochs; images are distorted by a policy, and blended or pasted into each "
        "other (Mixup, CutMix). The recipes since 2021.",
    ),
    PretrainingClass(
        "short",
        "modern but short",
        "As “modern”, but for 100 epochs on small images: what a day of training gives, not the best there is.",
    ),
    PretrainingClass(
        "long",
        "very long",
        "As “tuned” or “modern”, but for more than 800 epochs.",
    ),
    PretrainingClass(
        "distilled",
        "distilled",
        "A larger, already trained network was the teacher; it often knows more than ImageNet-1k's labels say.",
    ),
    PretrainingClass(
        "web-labels",
        "from web images",
        "First a hundred million images or more from the web, with hashtags or a teacher's guesses as labels; then "
        "ImageNet-1k.",
    ),
    PretrainingClass(
        "larger-labels",
        "from more labels",
        "First a larger labelled set, 5,000 classes of ImageNet or more; then ImageNet-1k.",
    ),
    PretrainingClass(
        "self-supervised",
        "self-supervised",
        "First images without labels, by filling in what was masked for the most part; then ImageNet-1k's labels.",
    ),
    PretrainingClass(
        "image-text",
        "from images and texts",
        "First hundreds of millions of images with their texts (CLIP and its kin); then ImageNet-1k's labels.",
    ),
    PretrainingClass(
        "linear-probe",
        "linear probe",
        "The network was never fine-tuned: a linear classifier reads its frozen features. Fine-tuning adds to it.",
    ),
    PretrainingClass(
        "unknown",
        "of unknown recipe",
        "Nobody told how they were trained, or they were trained from scratch here: they may differ in all of it.",
    ),
)

PRETRAINING_CLASSES = {found.key: found for found in _CLASSES}
"""Every class, from the least to the most that training saw; then whatever is in none."""

MOST_FREQUENT = "most-frequent"
"""In place of a class, where candidates are restricted to one: the class that most of them are of."""

UNKNOWN_CLASS = "unknown"
"""Key of the class of what is in no other."""


@dataclass(frozen=True)
class PretrainingRule:
    """What the names of weights tags that fit a pattern mean."""

    pattern: str
    """Of the whole `arch.tag`, with `*` and `?` as in file names."""
    recipe: str
    """Key of `PRETRAINING_CLASSES`."""
    supervision: str
    """Key of `SUPERVISIONS`."""
    pretraining: str
    """Largest data set the weights have seen."""
    meaning: str
    """The recipe in a few words, with a source."""

    def __post_init__(self) -> None:
        require_choice("recipe", self.recipe, tuple(PRETRAINING_CLASSES))
        require_choice("supervision", self.supervision, tuple(SUPERVISIONS))


@functools.cache
def pretraining_rules() -> tuple[PretrainingRule, ...]:
    """Return the rules in the order they are tried."""
    with _RULES_PATH.open(encoding="utf-8", newline="") as file:
        return tuple(PretrainingRule(**cells) for cells in csv.DictReader(file))


def rule_of(model_name: str) -> PretrainingRule | None:
    """Return the first rule that a weights tag fits; `None` where none does."""
    return next((rule for rule in pretraining_rules() if fnmatchcase(model_name, rule.pattern)), None)


def pretraining_counts(candidates: pd.DataFrame) -> dict[str, int]:
    """Count the candidates of each class that can be compared, the most frequent class first, unknown ones last.

    A candidate counts where its latency and its accuracy are known.

    Args:
        candidates: As `selection.candidates.candidates_of` returns it.
    """
    placed = candidates[candidates["top1"].notna() & candidates["latency_p50_s"].notna()]
    counted = Counter(UNKNOWN_CLASS if is_unknown(key) else key for key in placed["recipe"])
    order = list(PRETRAINING_CLASSES)
    rank = {key: (key == UNKNOWN_CLASS, -count, order.index(key)) for key, count in counted.items()}
    return {key: counted[key] for key in sorted(counted, key=rank.get)}


def with_pretraining_class(candidates: pd.DataFrame, pretraining_class: str | None) -> pd.DataFrame:
    """Return the candidates of one class, or all of them for `None`."""
    if pretraining_class is None:
        return candidates
    return candidates[candidates["recipe"].fillna(UNKNOWN_CLASS) == pretraining_class].reset_index(drop=True)
