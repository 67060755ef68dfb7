"""The measuring job: every model in fresh processes, in interleaved rounds, saved after each.

All models get their first round before any gets its second, so that slow drift of the machine widens intervals instead
of favouring whoever came first. Not covered: what to measure by default and how long it will take
(`profiling.request`), and how one model is measured (`profiling.session`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from bakeoff_core.jobs.worker import Reporter, run_worker
from bakeoff_core.profiling.disturbance import disturbance
from bakeoff_core.profiling.patience import Patience, on_battery
from bakeoff_core.profiling.progress import AGAIN, MeasuredModel, Progress
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.profiling.rows import most_disturbed
from bakeoff_core.profiling.session import MeasuringSession
from bakeoff_core.profiling.store import profile_key
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.system.machine import usable_cores

MOST_REPEATS = 2
"""Times that each round of a model is made again at most."""


def run(reporter: Reporter, spec: MeasureSpec) -> str:
    """Measure everything the spec asks for, saving after each model and round; returns the last word.

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
    for _ in range(spec.rounds):
        for entry in entries:
            if entry.rounds_left:
                patience.wait(progress.waiting, reporter.go_on_requested)
                progress.starting(entry)
                session.measure(entry)
                if entry.profile.error or entry.save_early or not entry.rounds_left:
                    session.keep([entry])
                progress.finished(entry)
    repeat_disturbed(session, entries, patience, progress, reporter)
    session.share_spread(entries)
    return progress.ended()


def repeat_disturbed(
    session: MeasuringSession,
    entries: Sequence[MeasuredModel],
    patience: Patience,
    progress: Progress,
    reporter: Reporter,
) -> None:
    """Make rounds of this job that were disturbed again while patience lasts, the most disturbed first."""
    repeats = dict.fromkeys(map(id, entries), 0)
    most = MOST_REPEATS * session.spec.rounds
    while patience.left_s > 0:
        open_ones = [e for e in entries if repeats[id(e)] < most and is_worth_repeating(e)]
        if not open_ones:
            return
        entry = max(open_ones, key=lambda e: disturbance(e.profile.rounds[most_disturbed(e.profile)]))
        patience.wait(progress.waiting, reporter.go_on_requested)
        if patience.left_s <= 0:
            return
        repeats[id(entry)] += 1
        progress.starting(entry, AGAIN)
        session.repeat(entry)
        patience.spend(progress.finished(entry))


def is_worth_repeating(entry: MeasuredModel) -> bool:
    """Tell whether this job measured the model, and something disturbed it."""
    return entry.measured_here and not entry.profile.error and most_disturbed(entry.profile) is not None


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""

    def work(reporter: Reporter) -> str:
        return run(reporter, parse_record(MeasureSpec, reporter.spec))

    return run_worker(folder, work, "Stopped. Everything measured until then is kept.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
