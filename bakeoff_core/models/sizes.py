"""Which sizes of images a model takes, found by trying, and the words where it does not take the one asked for.

A model is tried on torch's meta device, where every check of shapes is made and nothing is computed, so that a try
takes part of a second whatever the model's size is. Only workers use it. Not covered: the sizes that weights can be
moved to (timm's filters know, while they are loaded).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from bakeoff_core.errors import BakeoffError, reason_of
from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

import timm  # noqa: E402  (torchvision must be prepared first)

STEPS = ((16, 64), (14, 32), (32, 256))
"""Sizes that are tried: multiples of the first, as patches and strides are, as far from the one asked for as the
second; in pixels."""
MOST_TRIED, MOST_NAMED = 16, 3


def size_options(model_name: str, img_size: int | None) -> dict[str, Any]:
    """Return timm's options for a model at a size: one that is built for one size is built for this one.

    Args:
        model_name: timm's `arch.tag`.
        img_size: Height and width in pixels; `None` for the model's own.
    """
    cfg = timm.models.get_pretrained_cfg(model_name)
    resize = img_size is not None and cfg is not None and cfg.fixed_input_size and cfg.input_size[-1] != img_size
    return {"img_size": img_size} if resize else {}


def skeleton(model_name: str, img_size: int | None = None) -> nn.Module:
    """Return a model with its shapes alone, on the meta device, in eval mode.

    Raises:
        Exception: Whatever timm raises for a size that it can't be built for.
    """
    with torch.device("meta"):
        return timm.create_model(model_name, pretrained=False, **size_options(model_name, img_size)).eval()


def require_runs(model: nn.Module, model_name: str, img_size: int, sides: Callable[[int], Iterable[int]]) -> None:
    """Run a model once at each size that a run will feed it; it is left in the mode it was in.

    Args:
        model: With its weights, on the CPU.
        model_name: timm's `arch.tag`.
        img_size: Height and width in pixels that it was made for.
        sides: Which sizes it is fed at an `img_size`.

    Raises:
        BakeoffError: It does not take one of them; the words name sizes that it takes.
    """
    mode = model.training
    model.eval()
    try:
        for side in sides(img_size):
            with torch.inference_mode():
                model(torch.zeros(1, 3, side, side))
    except Exception as err:  # whatever a model's own checks and torch's raise
        raise explained(err, model_name, img_size, sides) from err
    finally:
        model.train(mode)


def explained(
    err: Exception, model_name: str, img_size: int | None, sides: Callable[[int], Iterable[int]] = lambda size: (size,)
) -> Exception:
    """Return what to raise in place of what a model raised while it was built or run for the first time.

    Args:
        err: What it raised.
        model_name: timm's `arch.tag`.
        img_size: Height and width in pixels; `None` for the model's own.
        sides: Which sizes it is fed at an `img_size`; see `require_runs`.

    Returns:
        The sizes that the model takes where that is what is wrong, with the reason that timm gave. The error itself
        where it has words for people already, or memory ran out, which others word.
    """
    if isinstance(err, BakeoffError | MemoryError | torch.cuda.OutOfMemoryError) or "allocate memory" in str(err):
        return err
    reason = reason_of(err)[:300]
    own = _own_size(model_name)
    if img_size is None or img_size == own or _takes(model_name, img_size, sides) or not _takes(model_name, own, sides):
        return BakeoffError(f"{model_name} can't be run. The reason given: {reason}")
    found = working_sizes(model_name, img_size, sides)
    listed = ", ".join(map(str, found[:-1])) + (" and " if found[1:] else "") + str(found[-1])
    if tuple(sides(img_size)) != (img_size,):
        fed = ", ".join(map(str, sides(img_size)))
        asked = f"images of {img_size} pixels that grow ({fed})"
    else:
        asked = f"images of {img_size} {'pixel' if img_size == 1 else 'pixels'}"
    return BakeoffError(
        f"{model_name} can't take {asked}. Sizes that it takes, nearest first: {listed}. The reason given: {reason}"
    )


def working_sizes(
    model_name: str, img_size: int, sides: Callable[[int], Iterable[int]] = lambda size: (size,)
) -> tuple[int, ...]:
    """Return a few sizes in pixels that a model takes, nearest to one first; its own is always among them."""
    own = _own_size(model_name)
    near = {
        size
        for step, reach in STEPS
        for size in range(step, img_size + reach + 1, step)
        if abs(size - img_size) <= reach and size >= min(32, own)
    }
    found: list[int] = []
    for size in sorted(near - {img_size, own}, key=lambda size: (abs(size - img_size), size))[:MOST_TRIED]:
        if _takes(model_name, size, sides):
            found.append(size)
        if len(found) == MOST_NAMED:
            break
    return tuple(sorted({*found, own}, key=lambda size: (abs(size - img_size), size)))


def _takes(model_name: str, img_size: int, sides: Callable[[int], Iterable[int]]) -> bool:
    """Tell whether a model can be built for a size and run at all that it is fed then."""
    try:
        model = skeleton(model_name, img_size)
        with torch.inference_mode():
            for side in sides(img_size):
                model(torch.zeros(1, 3, side, side, device="meta"))
    except Exception:  # whatever a model's own checks and torch's raise
        return False
    return True


def _own_size(model_name: str) -> int:
    cfg = timm.models.get_pretrained_cfg(model_name)
    return cfg.input_size[-1] if cfg is not None else 224
