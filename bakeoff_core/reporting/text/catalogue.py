"""What the catalogue knows of weights, in sentences: how they were trained, their figures, and their licence.

Not covered: the facts themselves (`catalogue.pretraining`, `catalogue.weight_tags`), and imported tables
(`reporting.text.published`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.catalogue.weight_tags import NON_COMMERCIAL, TagAccuracy
from bakeoff_core.formatting import is_unknown, listed, path_text, percent
from bakeoff_core.schema.accuracy import AccuracySource

if TYPE_CHECKING:
    import pandas as pd

PRETRAINING_EFFECT = (
    "Part of a difference in accuracy may be the recipe's, not the architecture's: the same ResNet-50 reaches 76.2 % "
    "by a basic recipe and 80.8 % by a modern one."
)
"""Why a mixture matters; both figures are the catalogue's, at 224 px (`tv_in1k` and `tv2_in1k`)."""


def explain_pretraining_classes(keys: Iterable[str]) -> list[str]:
    """Return what classes mean, a line of Markdown each, in the order of `PRETRAINING_CLASSES`."""
    shown = set(keys)
    return [f"- **{found.title}**: {found.meaning}" for key, found in PRETRAINING_CLASSES.items() if key in shown]


def explain_pretraining(counts: Mapping[str, int], pretraining_class: str | None, source: AccuracySource) -> str | None:
    """Say whether the candidates were trained alike, and what that means for a comparison.

    Args:
        counts: As `catalogue.pretraining.pretraining_counts` returns it, of all candidates, whatever is compared.
        pretraining_class: The only class that is compared; `None` where all are.
        source: What the accuracies are of.

    Returns:
        A sentence or more; `None` where all candidates are of one class and nothing was left out.
    """
    total = sum(counts.values())
    if pretraining_class is not None:
        return _explain_match(pretraining_class, counts.get(pretraining_class, 0), total)
    if len(counts) < 2:
        return None
    mixture = listed([f"{count} {PRETRAINING_CLASSES[key].title}" for key, count in counts.items()])
    if source.is_published:
        subject = f"These {total} models"
    elif source.is_ranked:
        subject = f"The weights of these {total} models"
    else:
        subject = f"The weights that these {total} models started from"
    return f"{subject} were not trained alike: {mixture}. {PRETRAINING_EFFECT}"


def _explain_match(pretraining_class: str, count: int, total: int) -> str:
    chosen = PRETRAINING_CLASSES[pretraining_class]
    only = f"Only the {count} models of one recipe class are compared, {chosen.title}."
    if count == 1:
        only = f"Only one model is of the recipe class {chosen.title}."
    others = total - count
    left_out = " 1 of another class is left out." if others == 1 else f" {others} of other classes are left out."
    return f"{only} {chosen.meaning}{left_out if others else ''}"


def explain_own_names(file_name: str, doubtful: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which of the user's own accuracies nothing is shown of, since its model is hardly called so; a sentence each.

    Args:
        file_name: The user's file.
        doubtful: As `selection.candidates.own_names_in_doubt` returns it.
    """
    return [
        f"{file_name} gives an accuracy of {path_text(name)}, which no known or measured model is called. "
        f"Did you mean {' or '.join(nearest)}?"
        for name, nearest in doubtful.items()
    ]


def explain_weights(model_name: str, published: pd.DataFrame) -> str | None:
    """Say what a tag's weights saw, what they learned from, and under which licence they are.

    Args:
        model_name: The tag.
        published: As `catalogue.accuracies.read_catalogue` returns it.

    Returns:
        A sentence; `None` where the catalogue does not know the tag.
    """
    rows = published[(published["model_name"] == model_name) & published["pretraining"].notna()]
    if rows.empty:
        return None
    row = rows.iloc[0]
    learned = f"Weights: {row['supervision']}, on {row['pretraining']}"
    if is_unknown(row["licence"]):
        return f"{learned}; their licence is not known."
    forbids = ", which forbids commercial use" if row["licence"] in NON_COMMERCIAL else ""
    return f"{learned}; licence {row['licence']}{forbids}."


def explain_tag_accuracies(figures: Sequence[TagAccuracy], shown: TagAccuracy | None) -> list[str]:
    """Say why the figures of one architecture differ.

    Args:
        figures: Those at one size, at least one, as `catalogue.weight_tags.tag_accuracies` orders them.
        shown: The one the reader looks at; `None` where its weights have no figure at this size.

    Returns:
        Sentences; about the shown figure alone where no other is there.
    """
    arch, size = architecture_of(figures[0].model_name), figures[0].img_size
    sentences = []
    timms = [figure for figure in figures if figure.is_timms]
    if len(timms) > 1:
        low, high = timms[0], timms[-1]
        sentences.append(
            f"{arch} at {size} px scores from {percent(low.top1)} to {percent(high.top1)} on ImageNet, by which of "
            f"{len(timms)} sets of weights it carries: the network is the same, its training is not."
        )
    if shown is None:
        return sentences
    if shown.pretraining_class in PRETRAINING_CLASSES:
        chosen = PRETRAINING_CLASSES[shown.pretraining_class]
        sentences.append(
            f"The weights shown here, {shown.tag}, are of the recipe class “{chosen.title}”. {chosen.meaning}"
        )
    if not shown.is_timms:
        sentences.append(f"Their {percent(shown.top1, 3)} is not timm's figure; it is from: {shown.source}.")
    for quote in shown.quotes:
        sentences.append(
            f"{quote.speaker} itself quotes {percent(quote.top1, 3)} for them; timm, whose evaluation is used here, "
            f"measured {percent(shown.top1, 3)}."
        )
    return sentences
