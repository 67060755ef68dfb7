"""How a process keeps its memory, and who goes first when there is none left.

Not covered: how much a process needs (`models.memory`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
"""Parameters of `mallopt(3)`."""
_NEVER = 2**31 - 1
_STEP_BYTES = 64 * 2**20
"""By how much the heap grows at a time."""


def keep_freed_memory() -> bool:
    """Tell the allocator to keep what is freed; call it before the first large allocation.

    glibc gives large blocks straight back to the kernel and takes new ones for the next layer, each of which the kernel
    must clear page by page. On virtual machines that costs more than the arithmetic: EfficientNet-Lite0 in batches of
    64 ran at 17 images a second with glibc's defaults and at 70 with these settings. Not used where latency is
    measured: a deployed model runs with the defaults.

    Returns:
        Whether the allocator takes the advice: glibc does, others (macOS, musl) have no such setting.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _STEP_BYTES))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)


def die_first_when_memory_runs_out() -> None:
    """Ask the kernel to end this process rather than its neighbours; only Linux can be asked (proc(5))."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{os.getpid()}/oom_score_adj").write_text("1000")
