"""When the numbers of a model are to be doubted: load, throttling, drift, noise, outliers, and what is unknown.

Not covered: the words of a warning (`reporting.text.warnings`), the timing (`profiling.timer`), and single rounds that
were disturbed (`profiling.disturbance`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from bakeoff_core.profiling.disturbance import THROTTLED_LIMIT, is_loaded
from bakeoff_core.profiling.intervals import relative_iqr
from bakeoff_core.schema.profile import MIN_PASSES, MeasurementWarning, Round

SPREAD_LIMIT = 1.10
"""Slowest over fastest round median above which the processes are said to disagree."""
NOISY_IQR, VERY_NOISY_IQR = 0.10, 0.25
"""IQR over median at which torch.utils.benchmark warns, and warns again (its `common.py`)."""
DRIFT_LIMIT = 1.10
"""Median of a round's last third over its first third above (or below the inverse of) which it drifted."""
OUTLIER_Z = 14.826
"""Distance from the median, in median absolute deviations, of an outlier (hyperfine's `outlier_detection.rs`)."""
OUTLIER_SHARE = 0.02
"""Share of outliers above which a row carries `outliers`; single ones are usual in hundreds of passes."""
TOO_FAST_S = 1e-3
"""Medians under a millisecond: call and timer overhead count (pyperf warns at the same point)."""


def find_warnings(rounds: Sequence[Round], *, cores: int, threads: int) -> tuple[MeasurementWarning, ...]:
    """List the doubts about a profile's timings, the gravest first; thresholds are this module's constants."""
    times = [t for r in rounds for t in r.times_s]
    medians = [median(r.times_s) for r in rounds]
    total = sum(times)
    found: list[MeasurementWarning] = []

    outside = _weighted_mean([(r.outside_cores, sum(r.times_s)) for r in rounds])
    if is_loaded(outside, cores=cores, threads=threads):
        found.append(MeasurementWarning("load", outside))
    throttled = sum(r.throttled_s or 0.0 for r in rounds) / total
    if throttled > THROTTLED_LIMIT:
        found.append(MeasurementWarning("throttled", throttled))
    if len(times) < MIN_PASSES:
        found.append(MeasurementWarning("few_passes", len(times)))
    if len(rounds) == 1:
        found.append(MeasurementWarning("one_process"))
    elif max(medians) > SPREAD_LIMIT * min(medians):
        found.append(MeasurementWarning("process_spread", max(medians) / min(medians)))
    spread = max(relative_iqr(r.times_s) for r in rounds)
    if spread > NOISY_IQR:
        found.append(MeasurementWarning("very_noisy" if spread > VERY_NOISY_IQR else "noisy", spread))
    if not all(r.steady for r in rounds):
        found.append(MeasurementWarning("unsteady"))
    drift = max((_drift(r.times_s) for r in rounds), key=lambda d: abs(math.log(d)))
    if not 1 / DRIFT_LIMIT <= drift <= DRIFT_LIMIT:
        found.append(MeasurementWarning("drift", drift))
    outliers = sum(_outliers(r.times_s) for r in rounds)
    if outliers > OUTLIER_SHARE * len(times):
        found.append(MeasurementWarning("outliers", outliers))
    if median(medians) < TOO_FAST_S:
        found.append(MeasurementWarning("too_fast", median(medians)))
    if all(r.peak_memory_bytes is None for r in rounds):
        found.append(MeasurementWarning("memory_unknown"))
    return tuple(found)


def find_count_warnings(macs: int | None) -> tuple[MeasurementWarning, ...]:
    """List the doubts about what was counted of a model; `macs` is `None` where the count is unknown."""
    return (MeasurementWarning("macs_unknown"),) if macs is None else ()


def _drift(times: Sequence[float]) -> float:
    third = len(times) // 3
    return median(times[-third:]) / median(times[:third]) if third >= 3 else 1.0


def _outliers(times: Sequence[float]) -> int:
    centre = median(times)
    deviation = median(abs(t - centre) for t in times)
    if deviation == 0:
        return 0
    return sum(abs(t - centre) > OUTLIER_Z * deviation for t in times)


def _weighted_mean(pairs: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in pairs if value is not None]
    return sum(v * w for v, w in known) / sum(w for _, w in known) if known else None
