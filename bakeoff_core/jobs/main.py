"""What a launcher starts as the worker of a job: `python -m bakeoff_core.jobs.main MODULE FOLDER`.

The processes that a worker starts import its main module once more, as multiprocessing has it. This one is small, where
a worker's own takes up to two seconds, at every pass over images; and what such processes are forked from loads its
libraries here while the worker loads its own. A worker can be started as `python -m MODULE FOLDER` too.
"""

from __future__ import annotations

import atexit
import os
import sys
from importlib import import_module

from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.kinds import KINDS


def main(module: str, folder: str) -> int:
    """Do the job in `folder`; returns the exit code of the process, 0 where the job came to its end."""
    if preload := next((kind.preload for kind in KINDS.values() if kind.module == module), ()):
        start_fork_server(preload)
    return import_module(module).main(folder)


def _run_and_leave() -> None:
    """Do the job and end the process: at once, since taking PyTorch apart takes a second in which it seems at work."""
    code = 1

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    atexit.register(leave)  # the first one, and so the last to be called
    code = main(*sys.argv[1:])


if __name__ == "__main__":
    _run_and_leave()
