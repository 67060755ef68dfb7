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
from dataclasses import asdict, replace
from typing import Any

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models, write_timm_models
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.jobs.isolation import START_GRACE_S, ChildFailure, call, fork_server
from bakeoff_core.jobs.worker import Reporter, log, run_worker
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.disturbance import disturbance, is_disturbed
from bakeoff_core.profiling.intervals import pool_spread, row_interval, undisturbed
from bakeoff_core.profiling.patience import Patience, on_battery
from bakeoff_core.profiling.progress import AGAIN, MeasuredModel, Progress
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
MOST_REPEATS = 2
"""Times that each round of a model is made again at most."""


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
    progress = Progress(reporter, entries, began)
    patience = Patience(spec.patience_s, cores=usable_cores(), threads=spec.threads or usable_cores())
    reporter.report(on_battery=on_battery())
    for _ in range(spec.rounds):
        for entry in entries:
            if entry.rounds_left:
                patience.wait(progress.waiting, reporter.go_on_requested)
                progress.starting(entry)
                _measure(context, entry, spec)
                if entry.profile.error or entry.save_early or not entry.rounds_left:
                    profiling_store.write_profiles(profiles_path(), [entry.profile])
                progress.finished(entry)
    _repeat_disturbed(context, entries, spec, patience, progress, reporter)
    groups = {(e.profile.setting, e.profile.deployment) for e in entries}
    for group in groups:
        stored = profiling_store.read_profiles(profiles_path())
        rows = [profile for profile in stored if (profile.setting, profile.deployment) == group]
        profiling_store.write_profiles(profiles_path(), share_spread(rows))
    return progress.ended()


def share_spread(profiles: Sequence[Profile]) -> list[Profile]:
    """Work out the intervals of one setting's rows anew, from the spread between processes that they show together.

    Disturbed rounds have no say in it: they widen their own row, not its neighbours.

    Until a job ends, its rows carry intervals that rest on the prior; so do those of a setting with a single model.

    Returns:
        The rows that have raw times, each with its new interval.
    """
    timed = [p for p in profiles if p.rounds and p.latency_p50_s is not None]
    spread = pool_spread(undisturbed(p.rounds, cores=p.cpu_count, threads=p.threads) for p in timed)
    intervals = [row_interval(p.rounds, cores=p.cpu_count, threads=p.threads, spread=spread) for p in timed]
    return [
        replace(p, latency_p50_low_s=low, latency_p50_high_s=high)
        for p, (low, high) in zip(timed, intervals, strict=True)
    ]


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
    try:
        measured, counts = _measured_round(context, profile, spec)
    except ChildFailure as err:
        log(f"{profile.model_name}: {err}\n{err.details}")
        entry.profile = replace(profile, error=str(err), measured_at=utc_now())
        return
    entry.profile = fold(profile, measured, counts)
    entry.rounds_left -= 1
    entry.measured_here = True


def _repeat_disturbed(
    context: Any,
    entries: Sequence[MeasuredModel],
    spec: MeasureSpec,
    patience: Patience,
    progress: Progress,
    reporter: Reporter,
) -> None:
    """Make rounds of this job that were disturbed again while patience lasts, the most disturbed first.

    A repeated round takes the place of the disturbed one where it was quieter. A round that fails now did not fail
    before, so it changes nothing.
    """
    repeats = dict.fromkeys(map(id, entries), 0)
    while patience.left_s > 0:
        open_ones = [
            e for e in entries if repeats[id(e)] < MOST_REPEATS * spec.rounds and most_disturbed(e) is not None
        ]
        if not open_ones:
            return
        entry = max(open_ones, key=lambda e: disturbance(e.profile.rounds[most_disturbed(e)]))
        patience.wait(progress.waiting, reporter.go_on_requested)
        if patience.left_s <= 0:
            return
        repeats[id(entry)] += 1
        progress.starting(entry, AGAIN)
        try:
            measured, _ = _measured_round(context, entry.profile, spec)
        except ChildFailure as err:
            log(f"{entry.profile.model_name}, measured again: {err}\n{err.details}")
        else:
            entry.profile = with_quieter(entry.profile, most_disturbed(entry), measured)
            profiling_store.write_profiles(profiles_path(), [entry.profile])
        patience.spend(progress.finished(entry))


def most_disturbed(entry: MeasuredModel) -> int | None:
    """Return the place of the most disturbed of a model's rounds; `None` where none was, or the job made none."""
    profile = entry.profile
    if not entry.measured_here or profile.error:
        return None
    disturbed = [
        at for at, r in enumerate(profile.rounds) if is_disturbed(r, cores=profile.cpu_count, threads=profile.threads)
    ]
    return max(disturbed, key=lambda at: disturbance(profile.rounds[at]), default=None)


def with_quieter(profile: Profile, at: int, measured: Round) -> Profile:
    """Return the profile with a round in place of the one at `at`, if it was disturbed less; else as it is."""
    if disturbance(measured) >= disturbance(profile.rounds[at]):
        return profile
    others = (*profile.rounds[:at], *profile.rounds[at + 1 :])
    return fold(replace(profile, rounds=others), measured, None)


def _measured_round(context: Any, profile: Profile, spec: MeasureSpec) -> tuple[Round, dict[str, int | None] | None]:
    """Measure one round in a fresh process; raises `ChildFailure`."""
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
    return call(context, f"{ROUND}:measure_round", request, timeout_s=START_GRACE_S + 4 * spec.cap_s)


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
