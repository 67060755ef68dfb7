"""PyTorch, eager: the model as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

from bakeoff_core.models.backends.base import BuildSettings
from bakeoff_core.schema.candidate import PYTORCH

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Each precision and torch's name of it."""


class PyTorchBackend:
    """See `models.backends.base.Backend`."""

    name = PYTORCH

    def unavailable(self) -> str | None:
        """Return `None`: nothing here works without PyTorch."""
        return None

    def build(self, model: nn.Module, example: torch.Tensor, settings: BuildSettings) -> PyTorchRunner:
        """Put the model on the device in the precision; threads are the whole process's."""
        torch.set_num_threads(settings.threads)
        model.to(device=settings.device, dtype=DTYPES[settings.precision])
        return PyTorchRunner(model, settings)


class PyTorchRunner:
    """See `models.backends.base.Runner`."""

    def __init__(self, model: nn.Module, settings: BuildSettings) -> None:
        self.version = torch.__version__
        self.precision = str(next(model.parameters(), torch.empty(0)).dtype).removeprefix("torch.")
        self._model, self._settings = model, settings

    def run(self, images: torch.Tensor) -> np.ndarray:
        """Return what the model makes of images."""
        with torch.inference_mode():
            return self._model(self._placed(images)).float().cpu().numpy()

    @contextlib.contextmanager
    def passes(self, images: torch.Tensor) -> Iterator[Callable[[], object]]:
        """Yield a function that makes one pass; on CUDA it waits for the GPU."""
        model, placed, device = self._model, self._placed(images), torch.device(self._settings.device)
        del images  # what was only made to be placed is no part of the memory that a pass needs
        with torch.inference_mode():
            if device.type == "cuda":

                def step() -> None:
                    model(placed)
                    torch.cuda.synchronize(device)

            else:

                def step() -> None:
                    model(placed)

            yield step

    def _placed(self, images: torch.Tensor) -> torch.Tensor:
        layout = torch.channels_last if self._settings.channels_last else torch.contiguous_format
        return images.to(self._settings.device, DTYPES[self._settings.precision], memory_format=layout)
