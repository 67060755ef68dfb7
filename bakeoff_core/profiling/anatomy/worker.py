"""The job that takes models apart, each in a fresh process, and keeps each anatomy as soon as it is there.

Never imports torch itself (see `profiling.session`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.jobs.isolation import ChildFailure, call, fork_server
from bakeoff_core.jobs.worker import Reporter, log, run_worker, yield_to_others
from bakeoff_core.profiling.anatomy.records import from_json
from bakeoff_core.profiling.anatomy.request import Wanted
from bakeoff_core.profiling.anatomy.store import read_anatomy, write_anatomy
from bakeoff_core.profiling.session import listed_models

DISSECTION = "bakeoff_core.profiling.anatomy.trace"
"""Where the children's task is; never imported here."""

TIMEOUT_S = 600.0
"""Seconds a model gets; the largest at 518 pixels need about one minute on two cores."""


def run(reporter: Reporter, wanted: Sequence[Wanted]) -> str:
    """Take apart every model that is wanted and has not been taken apart; one that fails does not stop the others.

    Returns:
        The last word: how many were taken apart, and how many failed.

    Raises:
        BakeoffError: timm's names can't be listed, or an anatomy can't be kept.
    """
    reporter.report(message="Loading PyTorch and timm", done=0, total=len(wanted))
    context = fork_server([DISSECTION])
    known = listed_models(context)
    failures: list[dict[str, Any]] = []
    found: list[list[Any]] = []
    for done, one in enumerate(wanted):
        asked = {"model_name": one.model_name, "img_size": one.img_size}
        reporter.report(message="Taking apart", current=one.model_name, done=done, failures=failures, found=found)
        try:
            found.append([one.model_name, one.img_size, *_dissected(context, one, known)])
        except (UnknownModelError, ChildFailure) as err:
            log(f"{one.model_name}: {err}\n{getattr(err, 'details', '')}")
            failures.append({**asked, "error": str(err)})
    reporter.report(done=len(wanted), failures=failures, found=found)
    counted = ((len(found), "taken apart"), (len(failures), "failed"))
    return ", ".join(f"{n} {what}" for n, what in counted if n) + "."


def _dissected(context: Any, one: Wanted, known: TimmModels) -> tuple[str, int]:
    """Take a model apart unless that was done before; return its full name and its size."""
    name = resolve_model_name(one.model_name, known)
    size = one.img_size or known.find(name).img_size
    if read_anatomy(name, size) is None:
        write_anatomy(from_json(call(context, f"{DISSECTION}:dissect", name, size, timeout_s=TIMEOUT_S)))
    return name, size


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""
    yield_to_others()
    stopped = "Stopped. What was taken apart until then is kept."
    return run_worker(folder, lambda job: run(job, [Wanted(*one) for one in job.spec["wanted"]]), stopped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
