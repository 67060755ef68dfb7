"""A pretrained backbone with a new head, and its preprocessing. Only workers use it.

Not covered: where weights are (`catalogue.weights`), the training (`finetuning.optimization`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import torch
from torch import nn

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.catalogue.weights import Weights, weights_format
from bakeoff_core.errors import BakeoffError, UnknownModelError, reason_of
from bakeoff_core.jobs.worker import log
from bakeoff_core.models.checkpoints import read_tensors
from bakeoff_core.models.fitting import MisfitError, fit_of, loading_is_judged, without_prefix
from bakeoff_core.models.sizes import explained, size_options, skeleton
from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

import timm  # noqa: E402  (torchvision must be prepared first)
from timm.data import create_transform, resolve_data_config  # noqa: E402

DEEPEST_PREFIX = 3
"""Parts that all names of a file may have in common before the network's own begin."""


def create_for_transfer(model_name: str, weights: Weights | None, class_count: int, img_size: int | None) -> nn.Module:
    """Create a model with a new head, in train mode, its backbone pretrained where weights are given.

    Args:
        model_name: timm's `arch.tag`.
        weights: Where its weights are; `None` for random ones.
        class_count: Outputs of the new head.
        img_size: Side of the input; models built for one size are built for this one. `None` for the model's own.

    Raises:
        UnknownModelError: timm has no such architecture.
        BakeoffError: The weights can't be fetched or read, are not those of the whole backbone, or hold what is no
            number; or the model can't be built at that size.
    """
    require_model(model_name)
    if weights is None:
        try:
            options = size_options(model_name, img_size)
            return timm.create_model(model_name, pretrained=False, num_classes=class_count, **options).train()
        except Exception as err:  # whatever a model's own checks and torch's raise
            raise explained(err, model_name, img_size) from err
    try:
        if weights.kind == "packaged":
            model = timm.create_model(model_name, pretrained=False, **size_options(model_name, img_size))
            _load_by_position(model, read_tensors(weights.path))
            model.reset_classifier(class_count)
        elif weights.kind == "file":
            model = _with_weights_of(read_tensors(weights.path), model_name, class_count, img_size)
        else:
            if weights.path is not None:
                weights_format(weights.path)
            model = _loaded(model_name, class_count, img_size, keeps_more=True)
        return model.train()
    except (MemoryError, torch.cuda.OutOfMemoryError):
        raise
    except Exception as err:  # whatever reading, timm's filters and torch raise
        if "allocate memory" in str(err):
            raise
        _require_buildable(model_name, img_size)
        words = f"The weights of {model_name} from {weights.text} can't be used: {_why(err, model_name, img_size)}"
        raise BakeoffError(words) from err


def _with_weights_of(
    state: Mapping[str, torch.Tensor], model_name: str, class_count: int, img_size: int | None
) -> nn.Module:
    """Create a model with the tensors of a file: as timm takes them, else without what stands before all names.

    Raises:
        MisfitError: They are not those of the backbone, however their names are read.
        Exception: Whatever timm's filters raise.
    """
    try:
        return _loaded(model_name, class_count, img_size, state=state)
    except (MemoryError, torch.cuda.OutOfMemoryError):
        raise
    except Exception as err:
        shapes = _require_buildable(model_name, img_size)
        fit = err.fit if isinstance(err, MisfitError) else fit_of(shapes, state)
        for inner in _inner_states(shapes, state):
            try:
                return _loaded(model_name, class_count, img_size, state=inner)
            except MisfitError as other:
                if other.fit.found_param_count > fit.found_param_count:
                    fit = other.fit
            except (KeyError, ValueError, RuntimeError, AssertionError, AttributeError, TypeError, IndexError):
                continue  # a filter of timm's that makes nothing of these names
        if fit.problem:
            raise MisfitError(fit) from err
        raise


def _loaded(
    model_name: str,
    class_count: int,
    img_size: int | None,
    *,
    state: Mapping[str, torch.Tensor] | None = None,
    keeps_more: bool = False,
) -> nn.Module:
    """Let timm create a model and load a state dict into it, or by default the published one, judged on the way."""
    options = size_options(model_name, img_size)
    if state is not None:
        options["pretrained_cfg_overlay"] = {"state_dict": dict(state), "custom_load": False}
    with loading_is_judged(keeps_more=keeps_more) as found:
        model = timm.create_model(model_name, pretrained=True, num_classes=class_count, **options)
    model.pretrained_cfg.pop("state_dict", None)
    fit = found[-1] if found else fit_of(model, model.state_dict())  # a loader of timm's own has copied them
    if fit.problem:
        raise MisfitError(fit)
    log(f"Found all {fit.entries:,} entries of the backbone, {fit.param_count:,} numbers, in the weights.")
    return model


def _inner_states(shapes: nn.Module, state: Mapping[str, torch.Tensor]) -> Iterator[Mapping[str, torch.Tensor]]:
    """Yield what a file's tensors may be called without what a training has put before their names."""
    inner = without_prefix(shapes, state)
    if inner is not None:
        yield inner
    for _ in range(DEEPEST_PREFIX):
        firsts = {name.partition(".")[0] for name in state}
        if len(firsts) != 1 or any("." not in name for name in state):
            return
        state = {name.partition(".")[2]: tensor for name, tensor in state.items()}
        yield state


def _require_buildable(model_name: str, img_size: int | None) -> nn.Module:
    """Return a model's shapes; raises `BakeoffError` where it can't be built for a size, whatever its weights are."""
    try:
        return skeleton(model_name, img_size)
    except Exception as err:  # whatever a model's own checks and torch's raise
        raise explained(err, model_name, img_size) from err


def _why(err: Exception, model_name: str, img_size: int | None) -> str:
    """Word what went wrong while weights were loaded, with what to do."""
    text = reason_of(err)
    if isinstance(err, MisfitError):
        own = pretrained_size(model_name) or img_size
        if err.fit.reshaped and not err.fit.missing and not err.fit.left_over and img_size not in (None, own):
            return (
                f"{text} They can't be moved to images of {img_size} pixels. Leave the size to the model (its own is "
                f"{own}), or train from scratch."
            )
        if err.fit.missing or err.fit.reshaped or err.fit.left_over:
            return f"{text} Choose the model that they are of, or bring this one's."
        return f"{text} Bring a copy from before they were spoilt."
    if isinstance(err, BakeoffError):
        return text
    if "weights_only" in text or "pickle" in text.lower():
        return "they are published in a format that can run code when it is opened, so they are not opened."
    if type(err).__name__ == "SafetensorError":
        return "the file is damaged or cut off. Delete it, so that it is fetched again, or bring a whole copy."
    return text[:300]


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
