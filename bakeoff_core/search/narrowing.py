"""What a search chooses among: the tags and sizes that an accuracy is known for, narrowed as asked.

Not covered: that all tags of an architecture cost the same at a size, so that one stands for them (`search.space`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bakeoff_core.catalogue.pretraining import MOST_FREQUENT, UNKNOWN_CLASS
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.catalogue.weights import find_weights
from bakeoff_core.errors import BakeoffError
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.search.spec import SearchSpec
from bakeoff_core.selection.accuracy_sources import PUBLISHED_KEYS, OwnResult, accuracy_table, find_source
from bakeoff_core.selection.candidates import read_accuracies, read_own_results

_OF_TAG = ("licence", "is_default_tag", "default_img_size")
_OF_SIZE = ("param_count", "macs")
NAMED = 12
"""Values that an error lists at most: there are more than a hundred families."""


@dataclass(frozen=True)
class SearchCandidates:
    """The tags and sizes that a search chooses among."""

    table: pd.DataFrame
    """One row a tag and size: the columns of `catalogue.accuracies.read_catalogue` that a search needs, `top1` being of
    the source."""
    source: AccuracySource
    """What `top1` is an accuracy of."""
    recipe: str | None
    """The recipe class they were narrowed to; `None` for all."""


def read_candidates(spec: SearchSpec) -> SearchCandidates:
    """Read what a search chooses among.

    Raises:
        BakeoffError: Nothing is left, or there is no such accuracy, family or licence; the words say what there is.
    """
    results = [] if spec.accuracy in PUBLISHED_KEYS else read_own_results()
    return find_candidates(spec, results, read_accuracies())


def find_candidates(spec: SearchSpec, results: Sequence[OwnResult], published: pd.DataFrame) -> SearchCandidates:
    """Return what a search chooses among.

    Args:
        spec: What was asked for.
        results: As `selection.candidates.read_own_results` returns them; published accuracies need none.
        published: As `catalogue.accuracies.read_catalogue` returns it.

    Raises:
        BakeoffError: As for `read_candidates`.
    """
    source = find_source(spec.accuracy, results)
    table = with_facts(accuracy_table(source, results, published), published)
    kept = pd.Series(True, index=table.index)
    for column, wanted in (("family", spec.families), ("licence", spec.licences)):
        if wanted:
            kept &= _is_named(table[column], wanted)
    table = table[kept]
    if spec.img_sizes:
        table = table[table["img_size"].isin(spec.img_sizes)]
    classes = table["recipe"].fillna(UNKNOWN_CLASS)
    recipe = spec.recipe
    if recipe == MOST_FREQUENT:
        known = classes[classes != UNKNOWN_CLASS]
        recipe = None if known.empty else str(known.mode().iloc[0])
    if recipe is not None:
        table = table[classes == recipe]
    if spec.weights_here:
        here = {name for name in table["model_name"].unique() if find_weights(name).is_here}
        table = table[table["model_name"].isin(here)]
    table = table[table["top1"].notna()].reset_index(drop=True)
    if table.empty:
        raise BakeoffError(
            "Nothing is left to search among: no model with a known accuracy is of all that was asked for together "
            f"({_asked(spec, recipe)}). Ask for less of it."
        )
    return SearchCandidates(table, source, recipe)


def shortlisted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the default shortlist's models at their default size, or at any where nobody knows theirs.

    Args:
        table: As in `SearchCandidates`.
    """
    at_default = table["default_img_size"].isna() | table["img_size"].eq(table["default_img_size"])
    return table[table["model_name"].isin(SHORTLISTS["default"].models) & at_default.fillna(True)]


def with_facts(accuracies: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return accuracies with what the catalogue knows of each tag, and of it at its size, as far as it is missing.

    Args:
        accuracies: As `selection.accuracy_sources.accuracy_table` returns it.
        published: As `catalogue.accuracies.read_catalogue` returns it.
    """
    of_tag = published.drop_duplicates("model_name")[["model_name", *_OF_TAG]]
    of_size = published[["model_name", "img_size", *_OF_SIZE]]
    if not set(_OF_TAG) <= set(accuracies):
        accuracies = accuracies.merge(of_tag, how="left", on="model_name", validate="many_to_one")
    if not set(_OF_SIZE) <= set(accuracies):
        accuracies = accuracies.merge(of_size, how="left", on=["model_name", "img_size"], validate="one_to_one")
    return accuracies


def _is_named(column: pd.Series, wanted: Sequence[str]) -> pd.Series:
    """Tell whose text is one of those wanted, whatever the capital letters.

    Raises:
        BakeoffError: Nobody has one of them.
    """
    there = {text.casefold(): text for text in column.dropna().unique()}
    for text in wanted:
        if text.strip().casefold() not in there:
            known = sorted(there.values(), key=str.casefold)
            like = [name for name in known if text.strip().casefold()[:3] in name.casefold()] if text.strip() else []
            shown = (like or known)[:NAMED]
            more = f" and {len(known) - len(shown)} others" if len(known) > len(shown) else ""
            raise BakeoffError(f"No candidate is of the {column.name} {text!r}. There are {', '.join(shown)}{more}.")
    folded = {text.strip().casefold() for text in wanted}
    return column.str.casefold().isin(folded)


def _asked(spec: SearchSpec, recipe: str | None) -> str:
    parts = [
        f"recipe class {recipe}" if recipe else "",
        f"family {' or '.join(spec.families)}" if spec.families else "",
        f"licence {' or '.join(spec.licences)}" if spec.licences else "",
        f"{' or '.join(map(str, spec.img_sizes))} px" if spec.img_sizes else "",
        "weights on this machine" if spec.weights_here else "",
    ]
    return ", ".join(part for part in parts if part) or "an accuracy"
