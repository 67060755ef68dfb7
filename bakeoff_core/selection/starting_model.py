"""Which model to fine-tune first: the pick, or the best candidate whose weights can be had.

Not covered: where weights are (`catalogue.weights`), which candidate is the pick (`selection.decision`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from bakeoff_core.catalogue.weights import PACKAGED, Weights, find_weights
from bakeoff_core.schema.records import Decision
from bakeoff_core.selection.decision import decide


@dataclass(frozen=True)
class Start:
    """A model to begin with, and why this one."""

    model_name: str
    """timm's `arch.tag`."""
    sentences: tuple[str, ...]
    """Why, in plain words; the model's name is left to the caller."""
    img_size: int | None = None
    """The size it was measured at, in pixels, so that its accuracy joins that row; `None` for the weights' own."""


def choose_start(
    decision: Decision | None,
    candidates: pd.DataFrame | None,
    *,
    can_download: bool,
    find: Callable[[str], Weights] = find_weights,
) -> Start:
    """Choose the model to fine-tune first.

    Args:
        decision: What the limits ask for; `None` where nothing was measured.
        candidates: The table it was decided on; `None` where there is none.
        can_download: Whether the hub answers.
        find: Says where a model's weights are.
    """
    pick = decision.pick.candidate if decision and decision.pick else None
    if pick is not None and (can_download or find(pick.model_name).is_here):
        return Start(pick.model_name, ("It is the pick of the Frontier page.",), pick.img_size)
    why = []
    if pick is not None:
        why.append(
            f"The pick, {pick.model_name}, has to wait: its weights are not on this machine, and the site they come "
            "from does not answer."
        )
    elif decision is not None:
        why.append("No model clears the limits of the Frontier page.")
    if decision is not None and candidates is not None:
        here = candidates[candidates["model_name"].map(lambda name: can_download or find(name).is_here).astype(bool)]
        found = decide(here, decision.limits, rule=decision.rule, cost=decision.cost).pick if len(here) else None
        if found is not None:
            why.append("This is the best one within the limits whose weights are here.")
            return Start(found.candidate.model_name, tuple(why), found.candidate.img_size)
    why.append(
        "This one comes with the product."
        if why
        else "Nothing was measured on this machine yet, so there is no pick; this model comes with the product."
    )
    return Start(next(iter(PACKAGED)), tuple(why))
