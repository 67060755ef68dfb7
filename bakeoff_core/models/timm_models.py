"""What timm can create, and models created by it. Only workers use it.

Not covered: pretrained weights (`models.pretrained`).
"""

from __future__ import annotations

import functools

import torch
from torch import nn

from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels, read_timm_models, write_timm_models
from bakeoff_core.errors import BakeoffError, reason_of
from bakeoff_core.models.sizes import explained, size_options
from bakeoff_core.models.torchvision_compat import prepare_torchvision
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import timm_models_path

prepare_torchvision()

import timm  # noqa: E402  (torchvision must be prepared first)


@functools.cache
def list_timm_models() -> tuple[TimmModel, ...]:
    """List every name that timm can create: each weights tag, and bare architectures that have no weights.

    It takes a second, since timm hands out copies of what it knows; a process asks it once.
    """
    listed = []
    for arch in timm.list_models():
        configurations = timm.models.get_arch_pretrained_cfgs(arch) or {arch: timm.models.get_pretrained_cfg(arch)}
        default = timm.models.get_pretrained_cfg(arch)
        for model_name, cfg in configurations.items():
            listed.append(
                TimmModel(
                    model_name=model_name,
                    img_size=cfg.input_size[-1],
                    test_img_size=cfg.test_input_size[-1] if cfg.test_input_size else None,
                    fixed_img_size=bool(cfg.fixed_input_size),
                    is_default_tag=cfg.tag == default.tag,
                    has_weights=bool(cfg.has_weights),
                )
            )
    return tuple(listed)


def known_models() -> TimmModels:
    """Return timm's names from the file of this timm version, which is written here where it is missing.

    Raises:
        BakeoffError: The file can't be written.
    """
    known = read_timm_models(timm_models_path())
    if known is None:
        known = TimmModels(this_machine().timm_version, list_timm_models(), list_renamed_models())
        write_timm_models(timm_models_path(), known)
    return known


def list_renamed_models() -> dict[str, str | None]:
    """List the names that older versions of timm used, with today's `arch` or `arch.tag`; `None`: removed."""
    return timm.models.get_deprecated_models()


def pick_device(device: str) -> str:
    """Return the device to measure on: `auto` means CUDA where torch can use it.

    Raises:
        RuntimeError: CUDA was asked for and torch cannot use it.
    """
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise RuntimeError("torch cannot use CUDA on this machine. Measure with `--device cpu`.")
    return "cuda" if available and device != "cpu" else "cpu"


def create_backbone(model_name: str, img_size: int) -> nn.Module:
    """Create a model with its classifier and random weights, in eval mode.

    Args:
        model_name: timm's `arch.tag`.
        img_size: Input size; models built for one size (position embeddings, windows) are built for this one.

    Raises:
        RuntimeError: timm does not know the name.
        BakeoffError: It can't be built at that size; the words name sizes that it takes.
    """
    options = size_options(model_name, img_size)
    try:
        return timm.create_model(model_name, pretrained=False, **options).eval()
    except Exception as err:  # whatever a model's own checks and torch's raise
        raise explained(err, model_name, img_size) from err


def describe_failure(err: Exception) -> str:
    """Return one line that tells a user why a model could not be measured."""
    if isinstance(err, BakeoffError):
        return str(err)
    text = reason_of(err)
    if isinstance(err, (MemoryError, torch.cuda.OutOfMemoryError)) or "allocate memory" in text:
        return f"Out of memory: {text[:200]}"
    return text[:300]
