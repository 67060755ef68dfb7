"""A worker whose job has two parts, each of which sleeps: `python -m tests.workers.owner FOLDER`.

`seconds`: how long each part sleeps.
"""

import sys
import time
from pathlib import Path

from bakeoff_core.jobs.kinds import JobKind
from bakeoff_core.jobs.parts import hold_part
from bakeoff_core.jobs.worker import Reporter, StopRequested


def main(name: str) -> int:
    """Do the parts one after the other."""
    folder = Path(name)
    reporter = Reporter(folder)
    heard = []
    try:
        for number in (1, 2):
            spec = {"seconds": reporter.spec["seconds"]}
            with hold_part(folder.name, number, JobKind("sleep", "Sleeping", "tests.workers.sleeper"), spec) as place:
                part = Reporter(place, listener=lambda status: heard.append(status.get("message")))
                try:
                    part.report(message="Asleep", ready=True)
                    time.sleep(spec["seconds"])
                except StopRequested:
                    part.finish("stopped", "Woken up.")
                    raise
                part.finish("done", "Slept well.")
    except StopRequested:
        reporter.finish("stopped", "Woken up too.")
        return 1
    reporter.report(heard=heard)
    reporter.finish("done", "Both slept well.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
