"""The measuring job with what it needs to know of decisions: further rounds go where they decide.

Here and not in `profiling`, which knows nothing of accuracies and picks.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bakeoff_core.catalogue.accuracies import attach_accuracy
from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.worker import Reporter, run_worker
from bakeoff_core.profiling import worker as profiling_worker
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.profiling.rows import share_spread
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.further_rounds import contenders
from bakeoff_core.selection.candidates import read_accuracies


def run(reporter: Reporter, spec: MeasureSpec) -> str:
    """Measure everything the spec asks for, and then again what decides; see `profiling.worker.run`."""
    try:
        accuracies = read_accuracies()
    except BakeoffError:  # the user's own file is faulty, which pages and commands say; measuring needs none
        return profiling_worker.run(reporter, spec)

    def contested(profiles: Sequence[Profile]) -> tuple[CandidateRef, ...]:
        rows = attach_accuracy(to_frame(share_spread(profiles)), accuracies)
        return contenders(rows, spec.limits, spec.rule, spec.cost)

    return profiling_worker.run(reporter, spec, contested)


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""

    def work(reporter: Reporter) -> str:
        return run(reporter, parse_record(MeasureSpec, reporter.spec))

    return run_worker(folder, work, "Stopped. Everything measured until then is kept.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
