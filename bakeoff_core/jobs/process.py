"""The process that a run lives in: when it began, whom it follows, how it ends, and in which words.

Imports torch; only workers use it. Not covered: what a run does (`finetuning.worker`, `finetuning.dry_run.worker`,
`finetuning.comparison.worker`).
"""

from __future__ import annotations

import errno
import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil
import torch

from bakeoff_core.datasets.images import ImageFileError, path_text
from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.worker import Reporter, StopRequested, note


def process_began() -> float:
    """Return when this process was started, on `time.monotonic`'s clock."""
    return time.monotonic() - (time.time() - psutil.Process().create_time())


def follow_launcher() -> None:
    """End this process when the launcher that started it is gone, so that a killed job leaves nothing running."""
    launcher = os.getppid()

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="follow the launcher").start()


def run_to_end(reporter: Reporter, work: Callable[[], str], stopped: str) -> str:
    """Do a job's work, and report how it ended, whatever happens.

    Args:
        reporter: The job's.
        work: Returns the last word.
        stopped: The last word if the job is stopped.

    Returns:
        `done`, `failed` or `stopped`.
    """
    try:
        if reporter.leads and reporter.stop_wanted():  # asked while this process was still starting, and deaf
            raise StopRequested
        message = work()
    except StopRequested:
        state, message = "stopped", stopped
        if "LOCAL_RANK" in os.environ and not reporter.stop_wanted():  # the launcher's signal, not the user's wish
            state, message = "failed", "Another of the run's processes failed; the log says why. Resume goes on."
    except ImageFileError as err:  # from a decoder, with its traceback in the words
        note(traceback.format_exc())
        state, message = "failed", f"An image can't be read any more: {str(err).strip().splitlines()[-1]}"
    except BakeoffError as err:
        note(traceback.format_exc())
        state, message = "failed", str(err)
    except Exception as err:
        note(traceback.format_exc())
        state, message = "failed", describe_error(err)
    else:
        state = "done"
    reporter.finish(state, message)
    return state


def describe_error(err: Exception) -> str:
    """Word an error for whoever started the run: ours as they are, the libraries' where they have known causes."""
    if isinstance(err, BakeoffError):
        return str(err)
    if isinstance(err, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(err):
        return "There is not enough memory. Use a smaller batch, smaller images or a smaller model, and resume."
    if os.strerror(errno.ENOSPC).lower() in str(err).lower():  # some libraries wrap it in errors of their own
        return "The disk is full. Free some space and resume; at most a minute of training is lost."
    if "DataLoader worker" in str(err):
        return "A process that decodes images was killed, most likely because memory ran out. Free some, and resume."
    if isinstance(err, OSError) and err.errno is not None:
        where = f" ({path_text(Path(str(err.filename)))})" if err.filename else ""
        return f"The run could not go on: {err.strerror}{where}. Mend that and resume."
    return f"{type(err).__name__}: {err}"
