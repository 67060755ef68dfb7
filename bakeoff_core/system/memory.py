"""The most memory this process ever held, as the system counts it.

Imports torch; only workers use it. Not covered: what one forward pass needs (`models.timm_models.PeakMemory`).
"""

from __future__ import annotations

import resource
import sys

import torch


def peak_memory_bytes(device: torch.device) -> int:
    """Return the most that was held at once: on CUDA of the GPU's memory, else of the machine's.

    The machine's is the process's largest resident set (getrusage(2)), PyTorch itself included, without the processes
    that decode images beside it.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
