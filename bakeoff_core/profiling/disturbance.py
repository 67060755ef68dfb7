"""Whether something else had the machine while a model was timed.

A disturbed round says little of the model: its neighbours in the setting must not be judged by it, and it is worth
making again. Not covered: waiting until nothing has it (`profiling.patience`), the words of it
(`reporting.text.warnings`), and what a disturbed row's interval is (`profiling.intervals`).
"""

from __future__ import annotations

from bakeoff_core.schema.profile import Round

OUTSIDE_CORES_LIMIT = 0.25
"""Cores kept busy by others above which a round is disturbed; an idle desktop stays near 0.05."""
THROTTLED_LIMIT = 0.02
"""Share of the timed seconds lost to the CPU quota above which a round is disturbed."""


def is_loaded(outside_cores: float | None, *, cores: int, threads: int) -> bool:
    """Tell whether others kept so many cores busy that a model on `threads` of `cores` was held up."""
    spare = cores - threads - OUTSIDE_CORES_LIMIT
    return outside_cores is not None and outside_cores > max(OUTSIDE_CORES_LIMIT, spare)


def is_disturbed(measured: Round, *, cores: int, threads: int) -> bool:
    """Tell whether other programs, or a quota, held a round up."""
    throttled = (measured.throttled_s or 0.0) / sum(measured.times_s)
    return is_loaded(measured.outside_cores, cores=cores, threads=threads) or throttled > THROTTLED_LIMIT


def disturbance(measured: Round) -> float:
    """Return how much held a round up, in cores; of two, the one with less counts."""
    return (measured.outside_cores or 0.0) + (measured.throttled_s or 0.0) / sum(measured.times_s)
