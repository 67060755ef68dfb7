"""How much memory a process needs, as the system or the GPU's allocator counts it. Only workers use it."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import psutil
import torch


def peak_memory_bytes(device: torch.device) -> int:
    """Return the most that was held at once: on CUDA of the GPU's memory, else of the machine's.

    The machine's is the process's largest resident set (getrusage(2)), PyTorch itself included, without the processes
    that decode images beside it.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class PeakMemory:
    """Peak memory of this process above what it held when the meter was made.

    CPU: the kernel's high-water mark of the resident set, which Linux can reset (`/proc/self/clear_refs`, proc(5));
    elsewhere the mark only counts where it rises above its old value. CUDA: the allocator's own peak.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.init()
            self._idle = torch.cuda.memory_allocated(device)
        else:
            self._idle = psutil.Process().memory_info().rss
        self._old_mark = _high_water_mark() or 0
        self._resets = False
        self.forget_peak()

    def forget_peak(self) -> None:
        """Let the peak start again from what is held now; what counts as idle stays. Does nothing where it can't."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
            self._resets = True

    def peak_bytes(self) -> int | None:
        """Return the peak since it was last forgotten in bytes, at least 0; `None` where the system doesn't tell."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) - self._idle
        mark = _high_water_mark()
        if mark is None or (not self._resets and mark <= self._old_mark):
            return None
        return max(0, mark - self._idle)


def _high_water_mark() -> int | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    return None
