"""Why a model is the one to fine-tune first, in sentences; the model's own name is left to the caller.

Not covered: the choice (`selection.starting_model`).
"""

from __future__ import annotations

from bakeoff_core.selection.starting_model import StartingModel


def explain_starting_model(start: StartingModel) -> list[str]:
    """Say why this model: what keeps the pick from being it, where something does, then what speaks for it."""
    if start.basis == "pick":
        return ["It is the pick of the Frontier page."]
    if start.obstacle == "not-measured":
        return ["Nothing was measured on this machine yet, so there is no pick; this model comes with the product."]
    if start.obstacle == "no-pick":
        obstacle = "No model clears the limits of the Frontier page."
    else:
        obstacle = (
            f"The pick, {start.pick}, has to wait: its weights are not on this machine, and the site they come "
            "from does not answer."
        )
    if start.basis == "best-here":
        return [obstacle, "This is the best one within the limits whose weights are here."]
    return [obstacle, "This one comes with the product."]
