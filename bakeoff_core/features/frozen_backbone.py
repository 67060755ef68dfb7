"""A frozen backbone as features need it: images in, out what its head would see, by the fastest way that agrees.

On CPUs the backbone is handed to OpenVINO in float32, which runs it two to four times as fast as PyTorch does and
returns the same numbers but for rounding (docs/decisions/011): that is checked for every backbone before it is used,
and what can't be converted, or disagrees, stays with PyTorch. Features are therefore the same features, whichever way
they were computed. Imports torch; only workers use it. Not covered: which images, and where features are kept
(`features.extract`); latency, which is measured as a model is deployed (`profiling.worker`).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from bakeoff_core.models.backends.agreement import compare, random_images
from bakeoff_core.models.backends.base import BuildSettings, Runner
from bakeoff_core.models.backends.registry import get_backend

FEATURE_BATCH = 32
LEAST_IMAGES = 64
"""Fewer are done before a backbone is converted, which takes a second or two."""
TOLERANCE = 1e-3
"""Largest difference to PyTorch's features, as a share of the largest feature: rounding stays under a tenth of it."""
PYTORCH = "PyTorch"


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
        self._model, self._input_size, self._device = _Pooled(model).eval(), tuple(input_size), device
        self._runner: Runner | None = None
        self._converts = device.type == "cpu" and images >= LEAST_IMAGES

    def prepare(self) -> None:
        """Convert the backbone, if that pays and agrees; the second time nothing is done."""
        if self._runner is None:
            settings = BuildSettings(
                FEATURE_BATCH, torch.get_num_threads(), str(self._device), channels_last=True, pins_threads=False
            )
            self._runner = get_backend("pytorch").build(self._model, torch.empty(0), settings)
            if self._converts:
                self._runner = self._converted(self._runner, settings)

    def pooled(self, images: torch.Tensor) -> np.ndarray:
        """Return what the head would see.

        Args:
            images: Float32 of shape (n, 3, height, width), preprocessed; n is at most `FEATURE_BATCH`.

        Returns:
            Float32 of shape (n, channels), not to be written over by later calls.
        """
        self.prepare()
        return self._runner.run(images)

    def _converted(self, reference: Runner, settings: BuildSettings) -> Runner:
        """The backbone in OpenVINO; as it is where that can't be had, or disagrees with PyTorch."""
        example, images = random_images(2, self._input_size)
        try:
            runner = get_backend("openvino").build(self._model, example, settings)
            difference = compare(reference, runner, images).largest_difference
            if not difference <= TOLERANCE:  # nor when it is no number
                raise ValueError(f"its features differ from PyTorch's by {difference:.2g} of the largest.")
        except Exception as err:  # whatever a converter may raise for a network it does not know
            first = next(iter(str(err).strip().splitlines()), "")
            self.remark = f"OpenVINO can't run it ({type(err).__name__}: {first}), so PyTorch does."
            return reference
        self.runtime = f"OpenVINO {runner.version}, {runner.precision}"
        return runner


class _Pooled(nn.Module):
    """A model up to what its head sees."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model.forward_head(self.model.forward_features(images), pre_logits=True)
