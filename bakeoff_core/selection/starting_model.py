"""Which model to fine-tune first: the pick, or the best candidate whose weights can be had.

Not covered: where weights are (`catalogue.weights`), which candidate is the pick (`selection.decision`), and saying why
it is this model (`reporting.text.starting_model`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from bakeoff_core.catalogue.weights import PACKAGED, Weights, find_weights
from bakeoff_core.schema.decision import Decision
from bakeoff_core.selection.decision import decide

BASES = ("pick", "best-here", "packaged")
"""What speaks for a model: it is the pick; it is the best within the limits whose weights are on this machine; it comes
with the product."""
OBSTACLES = ("no-weights", "no-pick", "not-measured")
"""What keeps the pick from being the one: its weights can't be had; nothing clears the limits; nothing was measured."""


@dataclass(frozen=True)
class StartingModel:
    """A model to begin with, and why this one."""

    model_name: str
    """timm's `arch.tag`."""
    basis: str
    """One of `BASES`."""
    obstacle: str | None = None
    """One of `OBSTACLES`; `None` where it is the pick."""
    pick: str | None = None
    """Name of the pick whose weights can't be had, under the obstacle `no-weights`."""
    img_size: int | None = None
    """The size it was measured at, in pixels, so that its accuracy joins that row; `None` for the weights' own."""


def choose_starting_model(
    decision: Decision | None,
    candidates: pd.DataFrame | None,
    *,
    can_download: bool,
    find: Callable[[str], Weights] = find_weights,
) -> StartingModel:
    """Choose the model to fine-tune first.

    Args:
        decision: What the limits ask for; `None` where nothing was measured.
        candidates: The table it was decided on; `None` where there is none.
        can_download: Whether the hub answers.
        find: Says where a model's weights are.
    """

    def is_at_hand(model_name: str) -> bool:
        return can_download or find(model_name).is_here

    pick = decision.pick.candidate if decision and decision.pick else None
    if pick is not None and is_at_hand(pick.model_name):
        return StartingModel(pick.model_name, "pick", img_size=pick.img_size)
    obstacle = "not-measured" if decision is None else "no-pick" if pick is None else "no-weights"
    name = None if pick is None else pick.model_name
    if decision is not None and candidates is not None:
        at_hand = candidates[candidates["model_name"].map(is_at_hand).astype(bool)]
        best = decide(at_hand, decision.limits, rule=decision.rule, cost=decision.cost).pick if len(at_hand) else None
        if best is not None:
            return StartingModel(best.candidate.model_name, "best-here", obstacle, name, best.candidate.img_size)
    return StartingModel(next(iter(PACKAGED)), "packaged", obstacle, name)
