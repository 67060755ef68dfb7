"""The words of every warning a measurement can carry: what is doubtful, by how much, and what to do.

Not covered: when a warning is raised (`profiling.warnings` and the workers decide that).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bakeoff_core.formatting import is_unknown, milliseconds, significant
from bakeoff_core.schema.profile import MIN_PASSES, MeasurementWarning


def explain_warning(warning: MeasurementWarning) -> str:
    """Say what is doubtful about a measurement and what to do about it.

    A number that is missing (an imported file may lack it) is left out of the sentence.
    """
    caveat = _CAVEATS[warning.code]
    if is_unknown(warning.value):
        return f"{caveat.plain} {caveat.step}"
    return f"{(caveat.counted or caveat.plain).format(n=caveat.show(warning.value))} {caveat.step}"


def warning_line(warning: MeasurementWarning) -> str:
    """Return the form that JSON and the command line use: `"load: Other programs kept 0.98 cores busy …"`."""
    return f"{warning.code}: {explain_warning(warning)}"


def _two_digits(value: float) -> str:
    return significant(value, 2)


def _share(value: float) -> str:
    """A ratio as a percentage without false precision: `"0.41 %"`, `"18 %"`, `"130 %"`."""
    return f"{significant(value * 100, 2)} %"


def _gap(ratio: float) -> str:
    return _share(ratio - 1)


def _pace(ratio: float) -> str:
    return f"{_share(abs(ratio - 1))} {'slower' if ratio > 1 else 'faster'}"


def _passes(count: float) -> str:
    return f"{count:.0f} {'pass' if round(count) == 1 else 'passes'}"


@dataclass(frozen=True)
class _Caveat:
    """The sentence for one code, with its number and without, and the next step."""

    plain: str
    step: str
    counted: str | None = None
    show: Callable[[float], str] = _two_digits


# Thresholds quoted here: IQR over median, torch.utils.benchmark (torch/utils/benchmark/utils/common.py);
# modified z-score, hyperfine (src/outlier_detection.rs, after Iglewicz and Hoaglin 1993); 1 ms, pyperf.
_CAVEATS = {
    "load": _Caveat(
        "Other programs kept cores busy while this was measured.",
        "Close them and measure again.",
        "Other programs kept {n} cores busy while this was measured.",
    ),
    "throttled": _Caveat(
        "The container's CPU quota held the model back for part of the timed seconds.",
        "Raise the quota or use fewer threads, and measure again.",
        "The container's CPU quota held the model back for {n} of the timed seconds.",
        _share,
    ),
    "few_passes": _Caveat(
        f"Few passes were timed; a p90 needs at least {MIN_PASSES}.",
        "Take the p90 as a rough guide, or measure with a smaller batch.",
        f"Only {{n}} timed; a p90 needs at least {MIN_PASSES}.",
        lambda count: f"{_passes(count)} {'was' if round(count) == 1 else 'were'}",
    ),
    "one_process": _Caveat(
        "All passes ran in one process, so the interval leaves out the spread between processes, "
        "which is often the larger part.",
        "Measure again and let every round finish.",
    ),
    "process_spread": _Caveat(
        "The fresh processes that timed it disagree about the median.",
        "Trust the interval rather than the median, or measure again on a quieter machine.",
        "The fresh processes that timed it disagree: the slowest and the fastest median are {n} apart.",
        _gap,
    ),
    "noisy": _Caveat(
        "The middle half of the passes spreads over more than 10 % of the median.",
        "Close other programs and measure again.",
        "The middle half of the passes spreads over {n} of the median; under 10 % is steady.",
        _share,
    ),
    "very_noisy": _Caveat(
        "The middle half of the passes spreads over more than 25 % of the median, so the median is doubtful.",
        "Do not decide on it: close other programs and measure again.",
        "The middle half of the passes spreads over {n} of the median; over 25 % the median is doubtful.",
        _share,
    ),
    "unsteady": _Caveat(
        "Times had not settled when timing began, so the first passes may be slower than usual.",
        "Measure it again.",
    ),
    "drift": _Caveat(
        "The passes grew slower or faster while timed, so the median depends on how many there are.",
        "Let the machine rest and measure again.",
        "The last third of the passes was {n} than the first, so the median depends on how many there are.",
        _pace,
    ),
    "outliers": _Caveat(
        "Some passes took a very different time from the rest, as when something interrupts the run.",
        "Close other programs and measure again.",
        "{n} took a very different time from the rest (modified z-score over 14.8), "
        "as when something interrupts the run.",
        _passes,
    ),
    "too_fast": _Caveat(
        "One pass takes under 1 ms, so the timer and the call itself weigh in.",
        "Measure with a larger batch.",
        "One pass takes only {n}; under 1 ms the timer and the call itself weigh in.",
        milliseconds,
    ),
    "memory_unknown": _Caveat(
        "Peak memory cannot be read on this system, so any memory limit rejects the model.",
        "Leave that limit unset, or measure on Linux or a CUDA device.",
    ),
    "macs_unknown": _Caveat(
        "The multiply-accumulates of this model could not be counted.",
        "Compare it by latency or parameters.",
    ),
}
