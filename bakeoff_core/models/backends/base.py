"""What a backend is: something that builds a torch module into a runner, and a runner runs images.

Only workers use backends. A new one is a module beside this with a class of this shape, and an entry in
`models.backends.registry`. Not covered: what is measured of a runner (`profiling.round`), and whether its answers are
right (`models.backends.agreement`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class BuildSettings:
    """How a model is to be built."""

    batch_size: int
    """Images of a pass: of every pass where the backend compiles for one size."""
    threads: int
    """Intra-op threads."""
    device: str = "cpu"
    """`cpu` or `cuda`."""
    precision: str = "float32"
    """Of weights and arithmetic: one of `schema.candidate.PRECISIONS`."""
    channels_last: bool = False
    """Whether images lie in memory with the channels innermost, where the backend leaves a choice."""
    pins_threads: bool = True
    """Whether threads may be bound to cores; not where other work needs the same cores."""


class Runner(Protocol):
    """A model that is ready to run."""

    version: str
    """Of the backend, as installed."""
    precision: str
    """What the built model says that it computes in, which may be another than was asked for."""

    def run(self, images: torch.Tensor) -> np.ndarray:
        """Return what the model makes of images.

        Args:
            images: Float32 on the CPU, of shape (n, 3, height, width); n is at most the batch size it was built for.

        Returns:
            Float32 of shape (n, …), not to be written over by later calls.
        """

    def passes(self, images: torch.Tensor) -> AbstractContextManager[Callable[[], object]]:
        """Put images where the model reads them, and yield a function that makes one pass over them: what is timed.

        The function returns when the pass is over, on every device.

        Args:
            images: As for `run`, exactly one batch.
        """


class Backend(Protocol):
    """Builds runners."""

    name: str
    """Key of `registry.BACKENDS`, and in stored rows."""

    def unavailable(self) -> str | None:
        """Return why this machine can't use the backend, in a sentence; `None` where it can."""

    def build(self, model: nn.Module, example: torch.Tensor, settings: BuildSettings) -> Runner:
        """Make a model ready to run.

        Args:
            model: In eval mode; may be changed.
            example: Two images of the size that it will see, float32 on the CPU.
            settings: How.

        Raises:
            Exception: Whatever the backend raises for a model that it can't build.
        """
