"""What a model is made of, counted: parameters, bytes, multiply-accumulates."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

from fvcore.nn import FlopCountAnalysis  # noqa: E402  (torchvision must be prepared first)

from bakeoff_core.models.operators import HANDLES, counts_nothing  # noqa: E402


@dataclass(frozen=True)
class Counts:
    """What a model is made of; units as in `schema.profile.Profile`."""

    param_count: int
    weight_bytes: int
    macs: int | None


class MacAnalysis(FlopCountAnalysis):
    """fvcore's analysis of the multiply-accumulates of a pass, with our handles, which knows what it does not know.

    See `models.operators` for what each operator counts.
    """

    def __init__(self, model: nn.Module, images: torch.Tensor) -> None:
        """Prepare the analysis; the pass is traced when something is asked.

        Args:
            model: On the CPU, in float32 and eval mode.
            images: What it is given.
        """
        super().__init__(model, images)
        self.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        self.set_op_handle(**HANDLES)

    def unknown_operators(self) -> list[str]:
        """Return operators of the pass that may multiply and that nobody here knows; with any, totals say little."""
        return sorted(self._analyze().unsupported_ops[""])

    def _should_ignore_node(self, node: torch._C.Node) -> bool:
        return counts_nothing(node)


def count_macs(model: nn.Module, img_size: int) -> int | None:
    """Count the multiply-accumulates of one image; see `MacAnalysis`.

    Args:
        model: On the CPU, in float32 and eval mode.
        img_size: Height and width of the input in pixels.

    Returns:
        The count; `None` where the model can't be traced, or multiplies in a way that is not known here.
    """
    analysis = MacAnalysis(model, torch.zeros(1, 3, img_size, img_size))
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            total, unknown = int(analysis.total()), analysis.unknown_operators()
    except Exception as err:  # whatever the tracer trips over: the timings stand without a count
        logging.getLogger(__name__).warning("MACs of this model could not be counted: %s", err)
        return None
    if unknown:
        logging.getLogger(__name__).warning("MACs of this model are unknown: %s", describe_unknown(unknown))
        return None
    return total


def describe_unknown(operators: Sequence[str]) -> str:
    """Say which operators keep a model from being counted."""
    return f"it uses operators whose multiply-accumulates are not known here: {', '.join(operators)}"


def count_weights(model: nn.Module, dtype: torch.dtype) -> tuple[int, int]:
    """Parameters, and bytes of parameters and buffers once floating-point ones are cast to `dtype`."""
    tensors = [*model.parameters(), *model.buffers()]
    size = sum(t.numel() * (dtype.itemsize if t.is_floating_point() else t.element_size()) for t in tensors)
    return sum(p.numel() for p in model.parameters()), size
