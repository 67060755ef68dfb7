"""The job that looks at one image.

The frozen backbone sees the image once, at its own preprocessing, and the features of every patch are kept: those that
its head pools, and those of the deepest finer grid where it has one, as networks with stages do. Grids of convolutions
and of tokens are brought into one form. Not covered: which patches are alike (`features.patches.store`).
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import torch
from torch import nn

from bakeoff_core.catalogue.weights import find_weights
from bakeoff_core.datasets.images import open_rgb
from bakeoff_core.errors import BakeoffError
from bakeoff_core.features.patches.request import Look, require_image
from bakeoff_core.features.patches.store import Looked, PatchMap, write_look
from bakeoff_core.jobs.worker import Reporter, run_worker, yield_to_others
from bakeoff_core.models.pretrained import create_for_transfer, data_config, eval_transform
from bakeoff_core.system.machine import usable_cores

LAST = "last"
"""Name of the patches that the head pools."""
LARGEST_SIDE = 40
"""Patches across in the finest grid that is kept: more could not be told apart, nor compared each with each at once."""


def look_at(look: Look) -> Looked:
    """Run an image through a backbone.

    Raises:
        BakeoffError: The image or the weights are gone, or the backbone has no patches.
    """
    path = require_image(look)
    model = create_for_transfer(look.model_name, find_weights(look.model_name), 2, None).eval()
    config = data_config(model, None)
    image = eval_transform(config)(open_rgb(path, look.value_ranges))
    with torch.inference_mode():
        maps = patch_maps(model, image[None])
    mean, std = (torch.tensor(config[name])[:, None, None] for name in ("mean", "std"))
    crop = (image * std + mean).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy()
    return Looked(crop, maps)


def patch_maps(model: nn.Module, images: torch.Tensor) -> tuple[PatchMap, ...]:
    """Return the features of the patches of one image: those the head pools, then a finer grid where there is one.

    Args:
        model: A timm model in eval mode.
        images: Of shape (1, 3, height, width).

    Raises:
        BakeoffError: The head does not pool a grid of more than one patch.
    """
    last = _grid_of(model, model.forward_features(images))
    if last is None:
        raise BakeoffError("This backbone keeps no grid of patches to the end, so there is nothing to compare.")
    return (PatchMap(LAST, last), *_finer(model, images, math.prod(last.shape[:2])))


def _grid_of(model: nn.Module, found: Any) -> np.ndarray | None:
    """The last features as (rows, columns, channels), whatever the network's form is; `None` where they are no grid."""
    tensor = found[0] if isinstance(found, tuple | list) else found
    if not isinstance(tensor, torch.Tensor):
        return None
    tensor = tensor.squeeze(0)
    if tensor.ndim == 2:  # tokens
        tokens = tensor[getattr(model, "num_prefix_tokens", 0) :]
        side = math.isqrt(len(tokens))
        tensor = tokens.reshape(side, side, -1) if side * side == len(tokens) else None
    elif tensor.ndim == 3 and not _is_channels_last(model, tensor):
        tensor = tensor.permute(1, 2, 0)
    if tensor is None or tensor.ndim != 3 or math.prod(tensor.shape[:2]) < 2:
        return None
    return tensor.float().cpu().numpy()


def _is_channels_last(model: nn.Module, tensor: torch.Tensor) -> bool:
    """Tell which end the channels are at: as timm says, or by their number where it does not."""
    said, channels = getattr(model, "output_fmt", None), getattr(model, "num_features", None)
    if said is not None:
        return str(said) == "NHWC"
    return tensor.shape[-1] == channels and tensor.shape[0] == tensor.shape[1] != channels


def _finer(model: nn.Module, images: torch.Tensor, patches: int) -> tuple[PatchMap, ...]:
    """The deepest features of a finer grid than the last; none where timm can't return them."""
    try:
        found = model.forward_intermediates(images, intermediates_only=True, output_fmt="NCHW")
    except (AttributeError, NotImplementedError, AssertionError, TypeError, ValueError):
        return ()
    depth = len(found)
    for at, tensor in reversed(list(enumerate(found, start=1))):
        rows, columns = tensor.shape[-2:]
        if rows * columns > patches and max(rows, columns) <= LARGEST_SIDE:
            features = tensor[0].permute(1, 2, 0).float().cpu().numpy()
            return (PatchMap(f"stage {at} of {depth}", features),)
    return ()


def main(folder: str) -> int:
    """Do the look in `folder` to its end; the exit code is 0 when it got there."""
    yield_to_others()
    torch.set_num_threads(usable_cores())

    def work(reporter: Reporter) -> str:
        look = Look(**reporter.spec)
        reporter.report(message="Running the image through the backbone", current=look.model_name)
        write_look(look, look_at(look))
        return "Looked."

    return run_worker(folder, work, "Stopped.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
