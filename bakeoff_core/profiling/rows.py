"""The row of a model, as measuring changes it: blank, with one more round, with a quieter one, its interval shared.

Not covered: how a round is timed (`profiling.timer`), the interval itself (`profiling.intervals`), and the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from bakeoff_core.profiling.disturbance import disturbance, is_disturbed
from bakeoff_core.profiling.intervals import pool_drift, pool_spread, row_interval, undisturbed
from bakeoff_core.profiling.request import MeasureSpec, deployment_of
from bakeoff_core.profiling.timer import summarise
from bakeoff_core.profiling.warnings import find_count_warnings
from bakeoff_core.schema.profile import MIN_PASSES, Profile, Round
from bakeoff_core.system.machine import this_machine, usable_cores


def blank_profile(name: str, spec: MeasureSpec, device: str) -> Profile:
    """Return the row of a model that is to be measured on this machine, without numbers."""
    machine = asdict(this_machine())
    del machine["torch_version"]  # it is the deployment's
    return Profile(
        model_name=name,
        img_size=spec.img_size,
        device=device,
        threads=spec.threads or usable_cores(),
        batch_size=spec.batch_size,
        **{**machine, **asdict(deployment_of(spec))},
    )


def fold(profile: Profile, measured: Round, counts: dict[str, int | None] | None) -> Profile:
    """Return the profile with one more round in it, its statistics derived anew.

    Args:
        profile: The row so far.
        measured: The round to add.
        counts: The fields of `models.counting.Counts`, where they were asked for.
    """
    rounds = (*profile.rounds, measured)
    summary = summarise(rounds, profile.batch_size, cores=profile.cpu_count, threads=profile.threads)
    counted = counts or {}
    warnings = summary.warnings + find_count_warnings(counted.get("macs", profile.macs))
    statistics = {**asdict(summary), "warnings": warnings}
    return replace(profile, **counted, **statistics, rounds=rounds, measured_at=measured.measured_at, error=None)


def with_quieter(profile: Profile, at: int, measured: Round) -> Profile:
    """Return the profile with a round in place of the one at `at`, if it was disturbed less; else as it is."""
    if disturbance(measured) >= disturbance(profile.rounds[at]):
        return profile
    others = (*profile.rounds[:at], *profile.rounds[at + 1 :])
    return fold(replace(profile, rounds=others), measured, None)


def has_full_rounds(profile: Profile) -> bool:
    """Tell whether a row has at least two fresh processes and the passes that a full measurement has.

    A row whose rounds a cap ended early has what it can have.
    """
    enough = sum(len(r.times_s) for r in profile.rounds) >= MIN_PASSES or all(r.capped for r in profile.rounds[1:])
    return len(profile.rounds) > 1 and enough


def most_disturbed(profile: Profile) -> int | None:
    """Return the place of the most disturbed of a row's rounds; `None` where none was."""
    disturbed = [
        at for at, r in enumerate(profile.rounds) if is_disturbed(r, cores=profile.cpu_count, threads=profile.threads)
    ]
    return max(disturbed, key=lambda at: disturbance(profile.rounds[at]), default=None)


def share_spread(profiles: Sequence[Profile]) -> list[Profile]:
    """Work out the intervals of one setting's rows anew, from the spread between processes that they show together, and
    the drift that they have in common.

    Disturbed rounds have no say in it: they widen their own row, not its neighbours.

    Until a job ends, its rows carry intervals that rest on the prior; so do those of a setting with a single model.

    Returns:
        The rows that have raw times, each with its new interval.
    """
    timed = [p for p in profiles if p.rounds and p.latency_p50_s is not None]
    spread = pool_spread(undisturbed(p.rounds, cores=p.cpu_count, threads=p.threads) for p in timed)
    intervals = [row_interval(p.rounds, cores=p.cpu_count, threads=p.threads, spread=spread) for p in timed]
    drift = pool_drift(
        [[None if is_disturbed(r, cores=p.cpu_count, threads=p.threads) else r for r in p.rounds] for p in timed]
    )
    return [
        replace(p, latency_p50_low_s=low, latency_p50_high_s=high, latency_drift_sd=drift)
        for p, (low, high) in zip(timed, intervals, strict=True)
    ]
