"""A frozen backbone as features need it: images in, out what its head would see, by the fastest way that agrees.

On CPUs the backbone is handed to OpenVINO in float32, which runs it two to four times as fast as PyTorch does and
returns the same numbers but for rounding (docs/decisions/011): that is checked for every backbone before it is used,
and what can't be converted, or disagrees, stays with PyTorch. Features are therefore the same features, whichever way
they were computed. Imports torch; only workers use it. Not covered: which images, and where features are kept
(`features.extract`); latency, which is measured as a model is deployed (`profiling.worker`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

FEATURE_BATCH = 32
LEAST_IMAGES = 64
"""Fewer are done before a backbone is converted, which takes a second or two."""
TOLERANCE = 1e-3
"""Largest difference to PyTorch's features, as a share of the largest feature: rounding stays under a tenth of it."""
PYTORCH = "PyTorch"
SEED = 0
"""Of the images that are compared."""

Run = Callable[[torch.Tensor], np.ndarray]
"""Images of shape (n, 3, side, side) to features of shape (n, channels), both float32."""


class FrozenBackbone:
    """A timm model without its head, in eval mode."""

    def __init__(self, model: nn.Module, input_size: tuple[int, int, int], device: torch.device, images: int) -> None:
        """Take a model; nothing is run before `prepare` or the first images.

        Args:
            model: On the device; put into eval mode here.
            input_size: Channels, height and width of its input.
            device: Where it is.
            images: How many will be run through it, or at least that many.
        """
        self.channels: int = model.head_hidden_size
        """Numbers in the features of an image."""
        self.runtime = PYTORCH
        """What runs it, with its version where it is not PyTorch; final once `prepare` was called."""
        self.remark: str | None = None
        """Why it stays with PyTorch where it was to be converted."""
        self._model, self._input_size, self._device = model.eval(), tuple(input_size), device
        self._run: Run | None = None
        self._wanted = device.type == "cpu" and images >= LEAST_IMAGES

    def prepare(self) -> None:
        """Convert the backbone, if that pays and agrees; the second time nothing is done."""
        if self._run is None:
            self._run = (self._converted() if self._wanted else None) or self._by_pytorch

    def pooled(self, images: torch.Tensor) -> np.ndarray:
        """Return what the head would see.

        Args:
            images: Float32 of shape (n, 3, height, width), preprocessed; n is at most `FEATURE_BATCH`.

        Returns:
            Float32 of shape (n, channels), not to be written over by later calls.
        """
        self.prepare()
        return self._run(images)

    def _by_pytorch(self, images: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            maps = self._model.forward_features(images.to(self._device, memory_format=torch.channels_last))
            return self._model.forward_head(maps, pre_logits=True).float().cpu().numpy()

    def _converted(self) -> Run | None:
        """The backbone in OpenVINO; `None` where it can't be had, or disagrees with PyTorch."""
        random = torch.Generator().manual_seed(SEED)
        example, images = (torch.randn(2, *self._input_size, generator=random) for _ in range(2))
        try:
            run, version = _in_openvino(self._model, example)
            # Others than the converter saw: what it took for a constant would show.
            found, expected = run(images), self._by_pytorch(images)
            difference = float(np.abs(found - expected).max() / np.abs(expected).max())
            if not difference <= TOLERANCE:  # nor when it is no number
                raise ValueError(f"its features differ from PyTorch's by {difference:.2g} of the largest.")
        except Exception as err:  # whatever a converter may raise for a network it does not know
            first = next(iter(str(err).strip().splitlines()), "")
            self.remark = f"OpenVINO can't run it ({type(err).__name__}: {first}), so PyTorch does."
            return None
        self.runtime = f"OpenVINO {version}, float32"
        return run


class _Pooled(nn.Module):
    """A model up to what its head sees."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model.forward_head(self.model.forward_features(images), pre_logits=True)


def _in_openvino(model: nn.Module, example: torch.Tensor) -> tuple[Run, str]:
    """Convert a model; returns how to run it, and OpenVINO's version.

    The converter's parts are used, not `openvino.convert_model`, which reports each conversion to its maker.

    Args:
        model: In eval mode, on the CPU.
        example: Two images, of the size it will see.
    """
    import openvino
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing's, of what depends on the size, which is fixed here
        decoder = TorchScriptPythonDecoder(_Pooled(model).eval(), example_input=example)
        frontend = FrontEndManager().load_by_framework("pytorch")
        network = frontend.convert(frontend.load(decoder))
    network.reshape([FEATURE_BATCH, *example.shape[1:]])
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": "f32",  # by itself it takes bfloat16 where the CPU has it
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,  # the decoders of images need the same cores
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(network, "CPU", settings)
    request, full = compiled.create_infer_request(), np.zeros((FEATURE_BATCH, *example.shape[1:]), np.float32)

    def run(images: torch.Tensor) -> np.ndarray:
        batch = images.numpy()
        if len(batch) < FEATURE_BATCH:  # the last one of a pass
            full[: len(batch)] = batch
            batch = full
        return request.infer({0: batch})[compiled.output(0)][: len(images)]  # copied out of its memory by OpenVINO

    return run, openvino.__version__.partition("-")[0]
