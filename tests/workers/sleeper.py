"""A worker that does nothing, in the way its spec asks for: `python -m tests.workers.sleeper FOLDER`.

`seconds`: how long to sleep. `children`: processes to have beside it. `ignore_term`: be deaf to the request to stop.
`before`: seconds before it reports at all. `ending`: the state to finish with; `crash` raises instead.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

from bakeoff_core.jobs.worker import Reporter, StopRequested
from bakeoff_core.system.files import read_json


def main(name: str) -> int:
    """Do what the spec says."""
    folder = Path(name)
    spec = read_json(folder / "spec.json")["spec"]
    time.sleep(spec.get("before", 0))
    reporter = Reporter(folder)
    for _ in range(spec.get("children", 0)):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if spec.get("ignore_term"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        if reporter.stop_requested():
            raise StopRequested
        reporter.report(message="Asleep", ready=True)
        print("asleep", flush=True)
        time.sleep(spec.get("seconds", 0))
    except StopRequested:
        reporter.finish("stopped", "Woken up.")
        return 1
    if spec.get("ending") == "crash":
        raise RuntimeError("a bad dream")
    reporter.finish(spec.get("ending", "done"), "Slept well.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
