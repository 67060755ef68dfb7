"""The measuring job: every model in fresh processes, in interleaved rounds, saved after each.

All models get their first round before any gets its second, so that slow drift of the machine widens intervals instead
of favouring whoever came first. Not covered: what to measure by default and how long it will take
(`profiling.request`), how one model is measured (`profiling.session`), and the process that does it, which knows of
decisions too (`search.measuring_worker`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bakeoff_core.jobs.worker import Reporter
from bakeoff_core.profiling.disturbance import disturbance
from bakeoff_core.profiling.patience import Patience, on_battery
from bakeoff_core.profiling.progress import AGAIN, FURTHER, MeasuredModel, Progress
from bakeoff_core.profiling.request import FURTHER_SHARE, MeasureSpec
from bakeoff_core.profiling.rows import most_disturbed
from bakeoff_core.profiling.session import MeasuringSession
from bakeoff_core.profiling.store import profile_key
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.profile import Profile
from bakeoff_core.system.machine import usable_cores

MOST_REPEATS = 2
"""Times that each round of a model is made again at most."""
MOST_ROUNDS = 8
"""Rounds of a model after which another one would tell little: half of the spread is gone with four times as many."""


Contested = Callable[[Sequence[Profile]], Sequence[CandidateRef]]
"""Of rows of one setting tells those whose latencies decide and are not known well enough, the least known first."""


def run(reporter: Reporter, spec: MeasureSpec, contested: Contested | None = None) -> str:
    """Measure everything the spec asks for, saving after each model and round; returns the last word.

    Args:
        reporter: The job's.
        spec: What to measure.
        contested: Tells where further rounds go; `None` makes none.

    Raises:
        BakeoffError: Nothing can be measured, or nothing more can be saved.
    """
    began = time.monotonic()
    reporter.report(message="Loading PyTorch and timm", total=len(spec.models) * spec.rounds, done=0)
    session = MeasuringSession(spec)
    found = [session.entry(name) for name in spec.models]
    # A plain name and the tag it stands for are one model.
    entries = list({profile_key(e.profile): e for e in found}.values())
    session.keep([e for e in entries if e.profile.error])
    progress = Progress(reporter, entries, began)
    patience = Patience(spec.patience_s, cores=usable_cores(), threads=spec.threads or usable_cores())
    reporter.report(on_battery=on_battery())
    measure_rounds(session, entries, patience, progress, reporter.go_on_requested)
    if contested is not None:
        others = session.neighbours(entries)
        further_rounds(
            session,
            entries,
            lambda rows: contested([*others, *rows]),
            patience,
            progress,
            reporter.go_on_requested,
        )
    session.share_spread(entries)
    return progress.ended()


def measure_rounds(
    session: MeasuringSession,
    entries: Sequence[MeasuredModel],
    patience: Patience,
    progress: Progress,
    go_on: Callable[[], bool],
) -> None:
    """Measure the rounds that are left, all models' first before any second, then again what was disturbed.

    Args:
        session: What measures.
        entries: The models.
        patience: For other programs to leave the machine alone.
        progress: Told of each round.
        go_on: Asked while waiting; see `patience.Patience.wait`.

    Raises:
        BakeoffError: A row can't be kept.
    """
    for _ in range(session.spec.rounds):
        for entry in entries:
            if entry.rounds_left:
                patience.wait(progress.waiting, go_on)
                progress.starting(entry)
                session.measure(entry)
                if entry.profile.error or entry.save_early or not entry.rounds_left:
                    session.keep([entry])
                progress.finished(entry)
    repeat_disturbed(session, entries, patience, progress, go_on)


def further_rounds(
    session: MeasuringSession,
    entries: Sequence[MeasuredModel],
    contested: Contested,
    patience: Patience,
    progress: Progress,
    go_on: Callable[[], bool],
) -> None:
    """Measure another round of whoever is contested, while the spec's time for it lasts; each a few times at most.

    Args:
        session: What measures.
        entries: The models of the job; of others no further round is made.
        contested: Told the rows of the job's models so far.
        patience: For other programs to leave the machine alone: what it has left may be waited.
        progress: Told of each round.
        go_on: As for `measure_rounds`.

    Raises:
        BakeoffError: A row can't be kept.
    """
    asked_s = session.spec.further_s
    left_s = FURTHER_SHARE * progress.seconds_spent if asked_s is None else asked_s
    while left_s > 0:
        open_ones = {
            CandidateRef(e.profile.model_name, e.profile.img_size, e.profile.deployment): e
            for e in entries
            if e.profile.error is None and e.profile.rounds and len(e.profile.rounds) < MOST_ROUNDS
        }
        wanted = (open_ones.get(ref) for ref in contested([e.profile for e in entries if e.profile.error is None]))
        entry = next((e for e in wanted if e is not None and progress.seconds_of(e) <= left_s), None)
        if entry is None:
            return
        patience.wait(progress.waiting, go_on)
        progress.starting(entry, FURTHER)
        session.add_round(entry)
        left_s -= progress.finished(entry)


def repeat_disturbed(
    session: MeasuringSession,
    entries: Sequence[MeasuredModel],
    patience: Patience,
    progress: Progress,
    go_on: Callable[[], bool],
) -> None:
    """Make rounds of this job that were disturbed again while patience lasts, the most disturbed first."""
    repeats = dict.fromkeys(map(id, entries), 0)
    most = MOST_REPEATS * session.spec.rounds
    while patience.left_s > 0:
        open_ones = [e for e in entries if repeats[id(e)] < most and is_worth_repeating(e)]
        if not open_ones:
            return
        entry = max(open_ones, key=lambda e: disturbance(e.profile.rounds[most_disturbed(e.profile)]))
        patience.wait(progress.waiting, go_on)
        if patience.left_s <= 0:
            return
        repeats[id(entry)] += 1
        progress.starting(entry, AGAIN)
        session.repeat(entry)
        patience.spend(progress.finished(entry))


def is_worth_repeating(entry: MeasuredModel) -> bool:
    """Tell whether this job measured the model, and something disturbed it."""
    return entry.measured_here and not entry.profile.error and most_disturbed(entry.profile) is not None
