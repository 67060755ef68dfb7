"""The timing loop and its statistics; knows nothing of models.

The clock is passed in, so that tests can script it. Raw times are kept and every statistic is derived
from them. Not covered: creating what is timed, synchronising a GPU (the `step` passed in does that), and the
warnings (`profiling.warnings`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bakeoff_core.profiling.intervals import PRIOR, ProcessSpread, percentile, quartiles, row_interval
from bakeoff_core.profiling.warnings import find_warnings
from bakeoff_core.schema.profile import P99_PASSES, MeasurementWarning, Round

STEADY_WITHIN = 0.05
"""Warm-up ends when the median of the last three passes is within this share of the three before them."""
WARMUP_WINDOW = 3
MAX_WARMUP_PASSES = 40


@dataclass(frozen=True)
class TimedPasses:
    """What `time_passes` saw."""

    times_s: tuple[float, ...]
    """Seconds of each timed pass, in order."""
    warmup_passes: int
    """Passes made before."""
    steady: bool
    """Whether the warm-up settled."""
    capped: bool
    """Whether the cap ended it before `min_passes`."""


def warm_up(
    step: Callable[[], object], *, cap_s: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[int, bool]:
    """Call `step` until its time settles, at most `MAX_WARMUP_PASSES` times or `cap_s` seconds.

    Args:
        step: One forward pass, finished when it returns.
        cap_s: Seconds after which no further pass is begun.
        clock: Monotonic seconds.

    Returns:
        The passes made (at least 1) and whether they had settled.
    """
    times: list[float] = []
    began = clock()
    while len(times) < MAX_WARMUP_PASSES:
        start = clock()
        step()
        end = clock()
        times.append(end - start)
        if len(times) >= 2 * WARMUP_WINDOW:
            before, last = median(times[-2 * WARMUP_WINDOW : -WARMUP_WINDOW]), median(times[-WARMUP_WINDOW:])
            if abs(last - before) <= STEADY_WITHIN * before:
                return len(times), True
        if end - began >= cap_s:
            break
    return len(times), False


def time_passes(
    step: Callable[[], object],
    *,
    min_passes: int,
    min_seconds: float,
    cap_s: float,
    clock: Callable[[], float] = time.perf_counter,
    on_start: Callable[[], None] = lambda: None,
) -> TimedPasses:
    """Warm up, then time `step` until both minima are reached or the cap ends it.

    Args:
        step: One forward pass, finished when it returns.
        min_passes: Passes to time at least.
        min_seconds: Seconds to go on for at least, so that quick models get more passes; 0 times exactly
            `min_passes`.
        cap_s: Seconds of warm-up, and again of timing, after which no further pass is begun. One pass is
            always timed.
        clock: Monotonic seconds.
        on_start: Called between warm-up and timing, e.g. to start a load meter.

    Returns:
        The raw times and how they came about.
    """
    warmup_passes, steady = warm_up(step, cap_s=cap_s, clock=clock)
    on_start()
    times: list[float] = []
    began = clock()
    while True:
        start = clock()
        step()
        end = clock()
        times.append(end - start)
        elapsed = end - began
        if len(times) >= min_passes and elapsed >= min_seconds:
            return TimedPasses(tuple(times), warmup_passes, steady, capped=False)
        if elapsed >= cap_s:
            return TimedPasses(tuple(times), warmup_passes, steady, capped=len(times) < min_passes)


@dataclass(frozen=True)
class Summary:
    """Statistics of one profile; field names and units as in `schema.profile.Profile`."""

    latency_p50_s: float
    latency_p50_low_s: float
    latency_p50_high_s: float
    latency_p90_s: float
    latency_p99_s: float | None
    latency_iqr_s: float
    passes: int
    round_count: int
    throughput: float
    peak_memory_bytes: int | None
    warnings: tuple[MeasurementWarning, ...]


def summarise(
    rounds: Sequence[Round], batch_size: int, *, cores: int, threads: int, spread: ProcessSpread = PRIOR
) -> Summary:
    """Derive a profile's numbers from its rounds.

    The median is the median of the rounds' medians, so that a round with more passes does not outvote another.
    Percentiles and IQR are over all passes.

    Args:
        rounds: At least one; each from a fresh process.
        batch_size: Images in a pass.
        cores: Cores the process may use; with `threads` it tells whether load from outside left room.
        threads: Threads the passes used.
        spread: What is known of the spread between processes in this setting.

    Returns:
        Statistics and warnings.

    Raises:
        ValueError: There is no round, or a round without times.
    """
    if not rounds or not all(r.times_s for r in rounds):
        raise ValueError(f"`rounds` must hold at least one round, each with times. Got {len(rounds)} rounds.")
    times = [t for r in rounds for t in r.times_s]
    medians = [median(r.times_s) for r in rounds]
    p50 = median(medians)
    low, high = row_interval(rounds, cores=cores, threads=threads, spread=spread)
    q1, _, q3 = quartiles(times)
    peaks = [r.peak_memory_bytes for r in rounds if r.peak_memory_bytes is not None]
    return Summary(
        latency_p50_s=p50,
        latency_p50_low_s=low,
        latency_p50_high_s=high,
        latency_p90_s=percentile(times, 90),
        latency_p99_s=percentile(times, 99) if len(times) >= P99_PASSES else None,
        latency_iqr_s=q3 - q1,
        passes=len(times),
        round_count=len(rounds),
        throughput=batch_size / p50,
        peak_memory_bytes=max(peaks, default=None),
        warnings=find_warnings(rounds, cores=cores, threads=threads),
    )
