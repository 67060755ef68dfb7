"""How long it takes here to screen a model, learned from the models that were screened.

Not covered: how long a pass of it takes (`search.outlook` predicts that).
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median

OVERHEAD_S = 0.8
"""Seconds a round costs beside building and passes, on a laptop: the process, counting, saving."""
PARAMS_PER_S = 5e7
"""Weights that are drawn at random in a second; building a large model is mostly that."""
USUAL_LATENCY_S = 0.1
"""Of a model of which nothing is predicted."""
REMEMBERED = 24
"""Models whose times count: a machine that was busy need not be."""


class Pace:
    """Seconds that models take to screen."""

    def __init__(self, passes: int, cap_s: float) -> None:
        """Begin with what is usual.

        Args:
            passes: Of a screening, warm-up included.
            cap_s: Seconds after which no further pass is begun, for warm-up and timing together.
        """
        self._passes, self._cap_s = passes, cap_s
        self._ratios: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def slowness(self) -> float:
        """Times what is usual that models take here."""
        return median(self._ratios) if self._ratios else 1.0

    def expected(self, latency_s: float, param_count: float) -> float:
        """Return the seconds a model will take.

        Args:
            latency_s: Of a pass, predicted; NaN if unknown.
            param_count: NaN if unknown.
        """
        return self._usual(latency_s, param_count) * self.slowness

    def note(self, latency_s: float, param_count: float, seconds: float) -> None:
        """Learn from a model that took so many seconds; arguments as for `expected`."""
        self._ratios.append(seconds / self._usual(latency_s, param_count))

    def _usual(self, latency_s: float, param_count: float) -> float:
        latency = USUAL_LATENCY_S if math.isnan(latency_s) else latency_s
        params = 0.0 if math.isnan(param_count) else param_count
        # The pass that goes on when the cap is reached is finished, in warm-up and timing each.
        timed = min(self._passes * latency, self._cap_s + 2 * latency)
        return OVERHEAD_S + params / PARAMS_PER_S + timed
