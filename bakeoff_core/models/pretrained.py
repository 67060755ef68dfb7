"""A pretrained backbone with a new head, and its preprocessing. Only workers use it.

Not covered: where weights are (`catalogue.weights`), the training (`finetuning.optimization`).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import torch
from torch import nn

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.catalogue.weights import Weights
from bakeoff_core.errors import BakeoffError, UnknownModelError
from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

import timm  # noqa: E402  (torchvision must be prepared first)
from timm.data import create_transform, resolve_data_config  # noqa: E402
from timm.models import load_state_dict  # noqa: E402


def create_for_transfer(model_name: str, weights: Weights | None, class_count: int, img_size: int | None) -> nn.Module:
    """Create a model with a new head, in train mode, its backbone pretrained where weights are given.

    Args:
        model_name: timm's `arch.tag`.
        weights: Where its weights are; `None` for random ones.
        class_count: Outputs of the new head.
        img_size: Side of the input; models built for one size are built for this one. `None` for the model's own.

    Raises:
        UnknownModelError: timm has no such architecture.
        BakeoffError: The weights can't be fetched, or do not fit the model.
    """
    require_model(model_name)
    cfg = timm.models.get_pretrained_cfg(model_name)
    resize = img_size is not None and cfg is not None and cfg.fixed_input_size and cfg.input_size[-1] != img_size
    options: dict[str, Any] = {"img_size": img_size} if resize else {}
    if weights is None:
        return timm.create_model(model_name, pretrained=False, num_classes=class_count, **options).train()
    try:
        if weights.kind == "packaged":
            model = timm.create_model(model_name, pretrained=False, **options)
            _load_by_position(model, load_state_dict(str(weights.path)))
            model.reset_classifier(class_count)
            return model.train()
        if weights.kind == "file":
            options["pretrained_cfg_overlay"] = {"file": str(weights.path), "hf_hub_id": None, "url": ""}
        return timm.create_model(model_name, pretrained=True, num_classes=class_count, **options).train()
    except (OSError, RuntimeError, ValueError, KeyError) as err:
        first = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise BakeoffError(f"The weights of {model_name} from {weights.text} can't be used: {first}") from err


def require_model(model_name: str) -> None:
    """Raise `UnknownModelError` unless timm has the architecture."""
    architecture = architecture_of(model_name)
    if not timm.is_model(architecture):
        raise UnknownModelError(model_name, tuple(get_close_matches(architecture, timm.list_models(), 3)))


def pretrained_size(model_name: str) -> int | None:
    """Return the side in pixels that a model's published weights were trained at; `None` where it has none."""
    cfg = timm.models.get_pretrained_cfg(model_name)
    return cfg.input_size[-1] if cfg is not None and cfg.has_weights else None


def _load_by_position(model: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Load a state dict whose entries are the model's own in order and shape, under other names.

    Raises:
        ValueError: An entry is missing, too many, or of another shape.
    """
    own = model.state_dict()
    if len(own) != len(state):
        raise ValueError(f"{len(state)} entries do not fit a model of {len(own)}.")
    for (name, mine), (other, theirs) in zip(own.items(), state.items(), strict=True):
        if mine.shape != theirs.shape:
            raise ValueError(f"{other} of shape {tuple(theirs.shape)} does not fit {name} of {tuple(mine.shape)}.")
    model.load_state_dict(dict(zip(own, state.values(), strict=True)))


def data_config(model: nn.Module, img_size: int | None) -> dict[str, Any]:
    """Return the model's own preprocessing (size, mean, deviation, interpolation, crop), at another size if asked."""
    return resolve_data_config({"img_size": img_size} if img_size else {}, model=model)


def takes_any_size(model: nn.Module) -> bool:
    """Tell whether images of a size can be fed to the model that it was not created for, as growing images need."""
    return not (model.pretrained_cfg or {}).get("fixed_input_size", False)


def eval_transform(config: dict[str, Any]) -> Any:
    """Return the transform of images that are judged: PIL to a tensor of shape (3, size, size)."""
    return create_transform(**config, is_training=False)


def head_parameters(model: nn.Module) -> set[int]:
    """Return the ids of the parameters of a model's classifier; some models (LeViT) have two of them."""
    found = model.get_classifier()
    heads = found if isinstance(found, tuple | list) else (found,)
    return {id(parameter) for head in heads for parameter in head.parameters()}
