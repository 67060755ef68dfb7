"""When a run is validated, and what that has shown so far: which was the best, and whether to go on.

No torch, no files. Not covered: validating (`finetuning.run`), keeping the best weights (`finetuning.trainer`,
`finetuning.linear_probe`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_VALIDATIONS = 10
"""Times a run is validated while it trains, its end included."""


def validation_interval(steps: int, epoch_steps: int) -> int:
    """Return the steps between two validations: whole epochs where there is more than one."""
    least = max(1, -(-steps // MOST_VALIDATIONS))
    return -(-least // epoch_steps) * epoch_steps if steps > epoch_steps else least


def is_validated_at(number: int, every: int, steps: int) -> bool:
    """Tell whether a run of so many steps, validated every so many, is validated after step `number`."""
    return number > 0 and (number % every == 0 or number == steps)


class Validations:
    """The best of a run's validations by the metric that decides, and how many in a row were no better."""

    def __init__(self, metric: str, patience: int | None = None) -> None:
        """Begin without any.

        Args:
            metric: Name of the one that decides, of `schema.metrics.DECIDING`.
            patience: Validations in a row without a better one after which the run has ended; `None` for never.
        """
        self._metric, self._patience = metric, patience
        self.best_step: int | None = None
        """Step of the best; `None` before one has a value."""
        self.best: dict[str, float] = {}
        """Its metrics in percent, by name."""
        self.last_step: int | None = None
        """Step of the last one, whatever it showed."""
        self._last: dict[str, float] = {}
        self._without_better = 0

    def note(self, step: int, values: Mapping[str, float]) -> bool:
        """Take in a validation; one in which the metric has no value, as of a class without images, says nothing.

        Of equals the later is kept: it has learned for longer, at lower rates, and where all are equal the run ends
        with its last weights. It is no reason to go on, though.

        Args:
            step: After which it was.
            values: In percent, by metric.

        Returns:
            Whether its weights are the ones to keep.
        """
        self.last_step, self._last = step, dict(values)
        value = values.get(self._metric)
        if value is None:
            return False
        so_far = self.best.get(self._metric)
        self._without_better = 0 if so_far is None or value > so_far else self._without_better + 1
        if so_far is not None and value < so_far:
            return False
        self.best_step, self.best = step, dict(values)
        return True

    @property
    def has_ended(self) -> bool:
        """Whether as many in a row as `patience` says were no better."""
        return self._patience is not None and self._without_better >= self._patience

    @property
    def kept(self) -> dict[str, float]:
        """Metrics of the weights that are kept: the best ones, or the last where the metric had no value."""
        return self.best or self._last

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, as JSON has it."""
        return {
            "best_step": self.best_step,
            "best": self.best,
            "last_step": self.last_step,
            "last": self._last,
            "without_better": self._without_better,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.best_step, self.best = state["best_step"], dict(state["best"])
        self.last_step, self._last = state["last_step"], dict(state["last"])
        self._without_better = state["without_better"]
