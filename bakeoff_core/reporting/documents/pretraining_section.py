"""The section of a decision report that says whether the candidates were trained alike.

Not covered: the rest of the report (`reporting.documents.report`), and what the classes are (`catalogue.pretraining`).
"""

from __future__ import annotations

from collections.abc import Mapping

from bakeoff_core.reporting.text.catalogue import explain_classes, explain_recipes
from bakeoff_core.schema.records import AccuracySource


def recipe_section(counts: Mapping[str, int], recipe: str | None, source: AccuracySource) -> list[str]:
    """Return the section as lines of Markdown with their heading; empty where there is nothing to say.

    Args:
        counts: As `catalogue.pretraining.recipe_counts` returns it.
        recipe: The class the candidates were restricted to; `None` for no restriction.
        source: What the accuracies are of.
    """
    told = explain_recipes(dict(counts), recipe, source)
    if told is None:
        return []
    lines = ["## Trained alike?", "", told]
    if recipe is None:
        lines += ["", *explain_classes(counts)]
    return lines
