"""What a model is made of, counted: parameters, bytes, multiply-accumulates."""

from __future__ import annotations

import logging
import math
import warnings
from dataclasses import dataclass

import torch
from torch import nn

from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

from fvcore.nn import FlopCountAnalysis  # noqa: E402  (torchvision must be prepared first)
from fvcore.nn.jit_handles import get_shape  # noqa: E402


@dataclass(frozen=True)
class Counts:
    """What a model is made of; units as in `schema.profile.Profile`."""

    param_count: int
    weight_bytes: int
    macs: int | None


def mac_analysis(model: nn.Module, images: torch.Tensor) -> FlopCountAnalysis:
    """Return fvcore's analysis of the multiply-accumulates of a pass, attention included.

    fvcore knows no handle for `scaled_dot_product_attention` and would skip it; ours counts its two products,
    as fvcore counts them where they are written out (softmax and scaling are not counted in either form).

    Args:
        model: On the CPU, in float32 and eval mode.
        images: What it is given.
    """
    analysis = FlopCountAnalysis(model, images)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    return analysis.set_op_handle("aten::scaled_dot_product_attention", _attention_macs)


def count_macs(model: nn.Module, img_size: int) -> int | None:
    """Count the multiply-accumulates of one image; see `mac_analysis`.

    Args:
        model: On the CPU, in float32 and eval mode.
        img_size: Height and width of the input in pixels.

    Returns:
        The count; `None` where the model can't be traced.
    """
    analysis = mac_analysis(model, torch.zeros(1, 3, img_size, img_size))
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return int(analysis.total())
    except Exception as err:  # whatever the tracer trips over: the timings stand without a count
        logging.getLogger(__name__).warning("MACs of this model could not be counted: %s", err)
        return None


def count_weights(model: nn.Module, dtype: torch.dtype) -> tuple[int, int]:
    """Parameters, and bytes of parameters and buffers once floating-point ones are cast to `dtype`."""
    tensors = [*model.parameters(), *model.buffers()]
    size = sum(t.numel() * (dtype.itemsize if t.is_floating_point() else t.element_size()) for t in tensors)
    return sum(p.numel() for p in model.parameters()), size


def _attention_macs(inputs: list, outputs: list) -> int:
    """Multiply-accumulates of softmax(QKᵀ)V for query (…, L, E), key (…, S, E) and value (…, S, Ev)."""
    query, key, value = (get_shape(v) for v in inputs[:3])
    return math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])
