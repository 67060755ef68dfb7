"""The spread of a model's timings, within a process and between processes, and the interval that follows from it.

A fresh process gives another median than the last one did: memory layout, placement on cores and the machine's mood
are drawn anew. How much another is a property of the machine more than of the model, so the models measured in one
setting tell it together, by their undisturbed rounds: what else was going on is no property of the machine. Not
covered: the timing itself (`profiling.timer`), and which rounds were disturbed (`profiling.disturbance`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles, variance

from bakeoff_core.profiling.disturbance import is_disturbed
from bakeoff_core.schema.profile import Round

MOST_FREEDOM = 12
"""Degrees of freedom that the models of a setting may give the common spread: models differ a little in theirs."""


SPARED_PERCENT = 10
"""Percentile of a disturbed round's passes that stands for those that were spared: a program that comes and goes leaves
some alone, and the very fastest is luck."""


@dataclass(frozen=True)
class ProcessSpread:
    """What is known of a process's median around the model's."""

    sd: float
    """Standard deviation as a share of the median."""
    freedom: int
    """Degrees of freedom this knowledge is worth."""


PRIOR = ProcessSpread(sd=0.08, freedom=4)
"""Before anything was measured in a setting (see docs/decisions)."""


PRIOR_DRIFT = ProcessSpread(sd=0.03, freedom=2)
"""What a machine's speed drifts by between two measurements, and what that knowledge is worth: always this much."""
LEAST_MODELS_OF_DRIFT = 3
"""Models from which on what they have in common can be told from what each has alone."""


def pool_spread(models: Iterable[Sequence[Round]]) -> ProcessSpread:
    """Estimate the spread between processes from all models of one setting.

    Args:
        models: The undisturbed rounds of each; a single round tells nothing of the spread between rounds.

    Returns:
        The models' own spread and the prior, weighted by their degrees of freedom. The prior gives way as the models
        bring their own, down to a weight of one, which keeps a lucky few from claiming that processes never differ.
    """
    own, squares = 0, 0.0
    for rounds in models:
        if len(rounds) > 1:
            own += len(rounds) - 1
            squares += (len(rounds) - 1) * (variance(_log_medians(rounds)) - _within(rounds))
    weight = max(1, PRIOR.freedom - own)
    pooled = (weight * PRIOR.sd**2 + max(0.0, squares)) / (weight + own)
    return ProcessSpread(math.sqrt(pooled), min(weight + own, MOST_FREEDOM))


def pool_drift(models: Sequence[Sequence[Round | None]]) -> float:
    """Estimate how far the latencies of one setting move together: the machine's speed drifts, its models alike.

    Models whose first rounds were all made before any second one show it, since a job goes through all of them before
    it begins anew: of what their medians change from one round to the next, the part that they have in common. With two
    rounds that is one degree of freedom, so it is moderated by a prior, which never gives way: the hours between two
    measurements are longer than a job.

    Args:
        models: The rounds of each in order, `None` for a disturbed one.

    Returns:
        The standard deviation as a share of the latency.
    """
    squares, freedom = PRIOR_DRIFT.freedom * PRIOR_DRIFT.sd**2, PRIOR_DRIFT.freedom
    for job in _measured_together(models):
        logs = [[None if r is None else math.log(median(r.times_s)) for r in rounds] for rounds in job]
        for at in range(1, min(map(len, logs))):
            steps = [of[at] - of[at - 1] for of in logs if of[at] is not None and of[at - 1] is not None]
            if len(steps) >= LEAST_MODELS_OF_DRIFT:
                squares += (fmean(steps) ** 2 - variance(steps) / len(steps)) / 2
                freedom += 1
    return math.sqrt(max(0.0, squares) / freedom)


def _measured_together(models: Sequence[Sequence[Round | None]]) -> list[list[Sequence[Round | None]]]:
    """Group models into those that one job went through together."""
    timed = [rounds for rounds in models if len(rounds) > 1 and rounds[0] is not None and rounds[1] is not None]
    jobs: list[list[Sequence[Round | None]]] = []
    for rounds in sorted(timed, key=lambda rounds: rounds[0].measured_at):
        if jobs and rounds[0].measured_at <= min(others[1].measured_at for others in jobs[-1]):
            jobs[-1].append(rounds)
        else:
            jobs.append([rounds])
    return jobs


def median_interval(rounds: Sequence[Round], spread: ProcessSpread = PRIOR) -> tuple[float, float]:
    """Return the 95 % interval of a model's median, the spread between processes included.

    Each round's median is one draw from the processes this model could have had; the passes inside a process
    only say how well that draw is known. With two or three draws their own spread is a poor estimate, so it is
    moderated by the common one, as limma does for small groups (Smyth 2004, doi:10.2202/1544-6115.1027): pooled
    variance, and Student's t with the pooled degrees of freedom. Worked out on logarithms, since the spread grows
    with the latency.

    Args:
        rounds: At least one, each with times.
        spread: What is known of the spread between processes in this setting.

    Returns:
        Low and high end in seconds; they enclose the median of the rounds' medians.
    """
    from scipy.special import stdtrit  # here: a process that only times must not spend 15 MB and 0.3 s on it

    logs = _log_medians(rounds)
    observed = variance(logs) if len(logs) > 1 else 0.0
    freedom = spread.freedom + len(logs) - 1
    pooled = (spread.freedom * (spread.sd**2 + _within(rounds)) + (len(logs) - 1) * observed) / freedom
    half = float(stdtrit(freedom, 0.975)) * math.sqrt(pooled / len(logs))
    centre = math.log(median(median(r.times_s) for r in rounds))
    return math.exp(centre - half), math.exp(centre + half)


def row_interval(
    rounds: Sequence[Round], *, cores: int, threads: int, spread: ProcessSpread = PRIOR
) -> tuple[float, float]:
    """Return the 95 % interval of a row's median, wider where something else had the machine.

    A row with disturbed rounds can't be judged by how quiet its neighbours were: its own spread is moderated by the
    prior alone. And disturbance only ever slows, so the interval reaches down to what the passes were that it spared.

    Args:
        rounds: As for `median_interval`.
        cores: Cores the process may use.
        threads: Threads the passes used.
        spread: What is known of the spread between processes in this setting.
    """
    disturbed = [r for r in rounds if is_disturbed(r, cores=cores, threads=threads)]
    if not disturbed:
        return median_interval(rounds, spread)
    low, high = median_interval(rounds, PRIOR if spread.sd < PRIOR.sd else spread)
    spared = min(percentile(r.times_s, SPARED_PERCENT) for r in disturbed)
    return min(low, spared), high


def undisturbed(rounds: Sequence[Round], *, cores: int, threads: int) -> list[Round]:
    """Return the rounds that nothing else disturbed, for `pool_spread`."""
    return [r for r in rounds if not is_disturbed(r, cores=cores, threads=threads)]


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the percentile by linear interpolation between order statistics (numpy's default)."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the three quartiles, interpolated as in `percentile`."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    q1, q2, q3 = quantiles(values, n=4, method="inclusive")
    return q1, q2, q3


def relative_iqr(times: Sequence[float]) -> float:
    """Return the interquartile range as a share of the median."""
    q1, q2, q3 = quartiles(times)
    return (q3 - q1) / q2


def _log_medians(rounds: Sequence[Round]) -> list[float]:
    return [math.log(median(r.times_s)) for r in rounds]


def _within(rounds: Sequence[Round]) -> float:
    """Mean square error of the rounds' medians as shares of them: by normal theory 1.2533 sd / sqrt(n)."""
    return fmean((1.2533 * relative_iqr(r.times_s) / 1.349) ** 2 / len(r.times_s) for r in rounds)
