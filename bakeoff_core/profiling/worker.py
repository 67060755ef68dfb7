"""The measuring job: every model in fresh processes, in interleaved rounds, saved after each.

The loop itself never imports torch: models live
in children of a fork server that has torch and timm loaded, so a fresh process costs milliseconds. All models get
their first round before any gets its second, so that slow drift of the machine widens intervals instead of favouring
whoever came first.

Not covered: what to measure by default and how long it will take (see `profiling.request`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models, write_timm_models
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.jobs.isolation import START_GRACE_S, ChildFailure, call, fork_server
from bakeoff_core.jobs.worker import Reporter, log, run_worker
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.intervals import median_interval, pool_spread
from bakeoff_core.profiling.request import MeasureSpec, deployment_of
from bakeoff_core.profiling.timer import summarise
from bakeoff_core.profiling.warnings import find_count_warnings
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.schema.profile import Profile, Round
from bakeoff_core.system.files import utc_now
from bakeoff_core.system.machine import this_machine, usable_cores
from bakeoff_core.system.paths import profiles_path, timm_models_path

ROUND, TIMM_MODELS = "bakeoff_core.profiling.round", "bakeoff_core.models.timm_models"
"""Where the children's tasks are; never imported here."""


@dataclass
class MeasuredModel:
    """One model's way through the job."""

    profile: Profile
    """The row so far."""
    rounds_left: int
    """Rounds still to measure."""
    save_early: bool = True
    """Whether a row with fewer rounds than asked for may be saved; not over one that is complete."""


def run(reporter: Reporter, spec: MeasureSpec) -> str:
    """Measure everything the spec asks for, saving after each model and round; returns the last word.

    Raises:
        BakeoffError: Nothing can be measured, or nothing more can be saved.
    """
    began = time.monotonic()
    reporter.report(message="Loading PyTorch and timm", total=len(spec.models) * spec.rounds, done=0)
    context = fork_server([ROUND, TIMM_MODELS, "bakeoff_core.catalogue.accuracies", "bakeoff_core.profiling.store"])
    known = listed_models(context)
    device = call(context, f"{TIMM_MODELS}:pick_device", spec.device) if spec.device != "cpu" else "cpu"
    stored = {profiling_store.profile_key(p): p for p in profiling_store.read_profiles(profiles_path())}
    found = [_entry(name, spec, known, device, stored) for name in spec.models]
    # A plain name and the tag it stands for are one model.
    entries = list({profiling_store.profile_key(e.profile): e for e in found}.values())
    profiling_store.write_profiles(profiles_path(), [e.profile for e in entries if e.profile.error])
    progress = Progress(reporter, entries, spec, began)
    for _ in range(spec.rounds):
        for entry in entries:
            if entry.rounds_left:
                progress.starting(entry)
                _measure(context, entry, spec)
                if entry.profile.error or entry.save_early or not entry.rounds_left:
                    profiling_store.write_profiles(profiles_path(), [entry.profile])
                progress.finished(entry)
    groups = {(e.profile.setting, e.profile.deployment) for e in entries}
    for group in groups:
        stored = profiling_store.read_profiles(profiles_path())
        rows = [profile for profile in stored if (profile.setting, profile.deployment) == group]
        profiling_store.write_profiles(profiles_path(), share_spread(rows))
    return progress.ended()


def share_spread(profiles: Sequence[Profile]) -> list[Profile]:
    """Work out the intervals of one setting's rows anew, from the spread between processes that they show together.

    Until a job ends, its rows carry intervals that rest on the prior; so do those of a setting with a single model.

    Returns:
        The rows that have raw times, each with its new interval.
    """
    timed = [p for p in profiles if p.rounds and p.latency_p50_s is not None]
    spread = pool_spread(p.rounds for p in timed)
    intervals = [median_interval(p.rounds, spread) for p in timed]
    return [
        replace(p, latency_p50_low_s=low, latency_p50_high_s=high)
        for p, (low, high) in zip(timed, intervals, strict=True)
    ]


class Progress:
    """What the job tells while it runs: the model in work, how far it is, the time left."""

    def __init__(self, reporter: Reporter, entries: list[MeasuredModel], spec: MeasureSpec, began: float) -> None:
        self._reporter, self._entries, self._began = reporter, entries, began
        self._total = sum(e.rounds_left for e in entries)
        self._done = 0
        self._seconds: dict[int, float] = {}
        self._cached = sum(e.profile.error is None and not e.rounds_left for e in entries)
        self._started = time.monotonic()

    def starting(self, entry: MeasuredModel) -> None:
        """Report that a round of this model begins."""
        self._started = time.monotonic()
        self._reporter.report(
            message="Measuring",
            current=entry.profile.model_name,
            img_size=entry.profile.img_size,
            done=self._done,
            total=self._total,
            time_left_s=self._time_left(),
            elapsed_s=time.monotonic() - self._began,
            failures=self._failures(),
        )

    def finished(self, entry: MeasuredModel) -> None:
        """Report that a round of this model ended, well or badly."""
        seconds = time.monotonic() - self._started
        self._seconds[id(entry)] = seconds
        self._done += 1
        if entry.profile.error:  # its further rounds fall away; the failed one was made and counts
            self._total -= entry.rounds_left - 1
            entry.rounds_left = 0
        profile = entry.profile
        self._reporter.metric(
            model_name=profile.model_name,
            img_size=profile.img_size,
            round=profile.round_count,
            latency_p50_s=profile.latency_p50_s,
            error=profile.error,
            seconds=seconds,
        )
        self._reporter.report(done=self._done, total=self._total, time_left_s=self._time_left())

    def ended(self) -> str:
        """Report what was measured, and return in words how many models were measured, cached, failed."""
        failed = self._failures()
        measured = len(self._entries) - self._cached - len(failed)
        counted = ((measured, "measured"), (self._cached, "already cached"), (len(failed), "failed"))
        self._reporter.report(failures=failed, elapsed_s=time.monotonic() - self._began, rows=self._keys())
        outcome = ", ".join(f"{n} {what}" for n, what in counted if n) or "timm's names are listed"
        return f"{outcome}."

    def _keys(self) -> list[list[Any]]:
        profiles = [entry.profile for entry in self._entries]
        return [[p.model_name, p.img_size, asdict(p.setting) | asdict(p.deployment)] for p in profiles]

    def _failures(self) -> list[dict[str, str]]:
        return [
            {"model_name": e.profile.model_name, "error": e.profile.error} for e in self._entries if e.profile.error
        ]

    def _time_left(self) -> float | None:
        """Rounds still to come, each at its model's own last time, or at the mean so far."""
        if not self._seconds:
            return None
        mean = sum(self._seconds.values()) / len(self._seconds)
        return sum(e.rounds_left * self._seconds.get(id(e), mean) for e in self._entries)


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


def _entry(name: str, spec: MeasureSpec, known: TimmModels, device: str, stored: dict[tuple, Profile]) -> MeasuredModel:
    """Resolve a name, and look up what is cached of it among the stored profiles, given by their keys."""
    blank = blank_profile(name, spec, device)
    try:
        full_name = resolve_model_name(name, known)
    except UnknownModelError as err:
        return MeasuredModel(replace(blank, error=str(err), measured_at=utc_now()), rounds_left=0)
    blank = replace(blank, model_name=full_name, img_size=spec.img_size or known.find(full_name).img_size)
    cached = stored.get(profiling_store.profile_key(blank))
    if cached is None or cached.latency_p50_s is None:
        return MeasuredModel(blank, spec.rounds)
    if spec.force:
        return MeasuredModel(blank, spec.rounds, save_early=False)
    return MeasuredModel(cached, max(0, spec.rounds - len(cached.rounds)))


def _measure(context: Any, entry: MeasuredModel, spec: MeasureSpec) -> None:
    """Measure one round of one model in a fresh process and fold it into the entry."""
    profile = entry.profile
    request = {
        "model_name": profile.model_name,
        "img_size": profile.img_size,
        "batch_size": profile.batch_size,
        "threads": profile.threads,
        "device": profile.device,
        "precision": profile.precision,
        "backend": profile.backend,
        "passes": -(-spec.passes // spec.rounds),
        "min_seconds": spec.min_seconds,
        "cap_s": spec.cap_s,
        "count": profile.param_count is None,
    }
    try:
        measured, counts = call(context, f"{ROUND}:measure_round", request, timeout_s=START_GRACE_S + 4 * spec.cap_s)
    except ChildFailure as err:
        log(f"{profile.model_name}: {err}\n{err.details}")
        entry.profile = replace(profile, error=str(err), measured_at=utc_now())
        return
    entry.profile = fold(profile, measured, counts)
    entry.rounds_left -= 1


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


def listed_models(context: Any) -> TimmModels:
    """Return timm's names, from the file of this timm version, which is written here where it is missing."""
    known = read_timm_models(timm_models_path())
    if known is None:
        listed, renamed = (
            call(context, f"{TIMM_MODELS}:{name}") for name in ("list_timm_models", "list_renamed_models")
        )
        known = TimmModels(this_machine().timm_version, listed, renamed)
        write_timm_models(timm_models_path(), known)
    return known


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""

    def work(reporter: Reporter) -> str:
        return run(reporter, parse_record(MeasureSpec, reporter.spec))

    return run_worker(folder, work, "Stopped. Everything measured until then is kept.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
