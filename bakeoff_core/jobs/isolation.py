"""Run one task in a fresh process that has the heavy imports loaded already, and goes when its parent goes.

A fork server imports the modules once; every child is forked from it, so a fresh process costs milliseconds where
importing torch and timm would cost seconds. Where there is no fork server (Windows) children are spawned. Not covered:
what the tasks do.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import threading
import traceback
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

from bakeoff_core.errors import BakeoffError
from bakeoff_core.system.machine import usable_cores

START_GRACE_S = 120.0
"""Seconds a task gets for everything but the work it announces before it counts as hung."""


class ChildFailure(BakeoffError):
    """A task failed, or its process died.

    Attributes:
        details: The traceback, for the log.
    """

    def __init__(self, message: str, details: str = "") -> None:
        self.details = details
        super().__init__(message)


def fork_server(preload: Sequence[str]) -> BaseContext:
    """Return a multiprocessing context whose children start with `preload` imported; it starts with the first child.

    Args:
        preload: Modules to import. Name what the process's main module imports too: children import it again.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def start_fork_server(preload: Sequence[str]) -> None:
    """Start the process that children are forked from now: it loads `preload` while the caller does other work."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        fork_server(preload)
        forkserver.ensure_running()


def call(context: BaseContext, task: str, *arguments: Any, timeout_s: float = START_GRACE_S) -> Any:
    """Call a function in a fresh process and return its result.

    Args:
        context: From `fork_server`.
        task: `"module:function"`. If the module has a `describe_failure(err)`, it words what the function raises.
        *arguments: Passed on; must pickle.
        timeout_s: Seconds after which the process is killed.

    Raises:
        ChildFailure: It raised, died, or took too long.
    """
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, task, arguments), daemon=True)
    try:
        process.start()
    except (OSError, EOFError) as err:
        receiver.close()
        raise ChildFailure("No process could be started to run the model. The job's log may say more.") from err
    finally:
        sender.close()
    try:
        if not receiver.poll(timeout_s):
            raise ChildFailure(f"Timed out: no result within {timeout_s:.0f} seconds.")
        succeeded, result = receiver.recv()
    except (EOFError, ConnectionError) as err:
        process.join(5)
        raise ChildFailure(_cause_of_death(process.exitcode)) from err
    finally:
        process.kill()
        process.join()
        receiver.close()
    if not succeeded:
        raise ChildFailure(*result)
    return result


def _child(sender: Connection, task: str, arguments: tuple) -> None:
    """Entry point of the fresh process: do one task and send its result."""
    threading.Thread(target=follow_parent, daemon=True).start()
    module_name, _, function_name = task.partition(":")
    module = None
    try:
        module = importlib.import_module(module_name)
        sender.send((True, getattr(module, function_name)(*arguments)))
    except Exception as err:  # whatever a task does wrong is its caller's to judge
        words = getattr(module, "describe_failure", str)(err)
        sender.send((False, (words, traceback.format_exc())))


def follow_parent() -> None:
    """End this process when its parent is gone, so that a killed job leaves nothing running."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cause_of_death(exit_code: int | None) -> str:
    if exit_code == -9:
        return (
            "Killed by the system while it ran, most likely because memory ran out. Try a smaller batch or image size."
        )
    return f"The process that ran the model died (exit code {exit_code}). The job's log may say more."
