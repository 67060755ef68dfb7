"""OpenVINO, on the CPU, compiled for one batch size.

The converter's parts are used, not `openvino.convert_model`, which reports each conversion to its maker.
"""

from __future__ import annotations

import contextlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from bakeoff_core.models.backends.base import BuildSettings

HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
"""Each precision and OpenVINO's name of it."""


class OpenVinoBackend:
    """See `models.backends.base.Backend`."""

    name = "openvino"

    def unavailable(self) -> str | None:
        """Say where the package is not installed."""
        return None if importlib.util.find_spec("openvino") else "The package `openvino` is not installed."

    def build(self, model: nn.Module, example: torch.Tensor, settings: BuildSettings) -> OpenVinoRunner:
        """Trace, convert and compile the model; it takes a second or two."""
        import openvino
        from openvino.frontend import FrontEndManager
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # tracing's, of what depends on the size, which is fixed here
            decoder = TorchScriptPythonDecoder(model.eval(), example_input=example)
            frontend = FrontEndManager().load_by_framework("pytorch")
            network = frontend.convert(frontend.load(decoder))
        network.reshape([settings.batch_size, *example.shape[1:]])
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": HINTS[settings.precision],  # by itself it takes bfloat16 where the CPU has it
            "INFERENCE_NUM_THREADS": settings.threads,
            "ENABLE_CPU_PINNING": settings.pins_threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        compiled = openvino.Core().compile_model(network, "CPU", options)
        return OpenVinoRunner(
            compiled, openvino.__version__.partition("-")[0], (settings.batch_size, *example.shape[1:])
        )


class OpenVinoRunner:
    """See `models.backends.base.Runner`."""

    def __init__(self, compiled: Any, version: str, shape: tuple[int, ...]) -> None:
        self.version = version
        hint = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self.precision = {short: name for name, short in HINTS.items()}.get(hint, hint)
        self._output = compiled.output(0)
        self._request = compiled.create_infer_request()
        self._full = np.zeros(shape, np.float32)

    def run(self, images: torch.Tensor) -> np.ndarray:
        """Return what the model makes of images; fewer than a batch are filled up."""
        batch = images.numpy()
        if len(batch) < len(self._full):
            self._full[: len(batch)] = batch
            batch = self._full
        return self._request.infer({0: batch})[self._output][: len(images)]  # copied out of its memory by OpenVINO

    @contextlib.contextmanager
    def passes(self, images: torch.Tensor) -> Iterator[Callable[[], object]]:
        """Yield a function that makes one pass over images that lie in the request's own memory."""
        self._request.get_input_tensor(0).data[:] = images.numpy()
        yield self._request.infer
