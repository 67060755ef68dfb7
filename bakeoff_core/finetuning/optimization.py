"""How a network is trained: which layers, by which optimiser and schedule, on images how changed.

What a recipe asks for, made of timm's and torch's parts. Not covered: the loop (`finetuning.trainer`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.nn import functional

from bakeoff_core.finetuning.recipes import GROWING, RATE_BATCH_SIZE, WARMUP_SHARE, GrowingStage, Recipe, stage_size
from bakeoff_core.models.pretrained import eval_transform, head_parameters
from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()

from timm.data import Mixup, create_transform  # noqa: E402  (torchvision must be prepared first)
from timm.data.auto_augment import rand_augment_transform  # noqa: E402
from timm.models import group_parameters  # noqa: E402
from timm.optim import create_optimizer_v2  # noqa: E402
from timm.scheduler import CosineLRScheduler  # noqa: E402
from torchvision.transforms import Compose  # noqa: E402

TRAIN_SCALE = (0.5, 1.0)
"""Share of an image's area that a random crop keeps: milder than ImageNet's 0.08, as small sets need, and as labels do
that a small part of the image decides."""
AUGMENTATION_OPS = (
    *("AutoContrast", "Equalize", "Invert", "Rotate", "SolarizeIncreasing", "SolarizeAdd", "ColorIncreasing"),
    *("ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing", "ShearX", "ShearY"),
    *("TranslateXRel", "TranslateYRel"),
)
"""timm's increasing set without posterising, which at its strongest keeps no bits: Pillow refuses that."""


def train_transform(config: dict[str, Any], augmentation: str, *, any_way_up: bool = False) -> Any:
    """Return the transform of training images: PIL to a tensor of shape (3, size, size).

    Args:
        config: As `data_config` returns it.
        augmentation: One of `finetuning.recipes.AUGMENTATIONS`.
        any_way_up: Mirror upside down as well.
    """
    if augmentation == "none":
        return eval_transform(config)
    plain = {name: config[name] for name in ("input_size", "interpolation", "mean", "std")}
    vflip = 0.5 if any_way_up else 0.0
    return create_transform(**plain, is_training=True, scale=TRAIN_SCALE, hflip=0.5, vflip=vflip, color_jitter=0.2)


def stage_transform(config: dict[str, Any], stage: GrowingStage, *, any_way_up: bool = False) -> Any:
    """Return the transform of training images in a stage of growing: PIL to a tensor of shape (3, side, side)."""
    side = stage_size(stage, config["input_size"][-1])
    plain = {name: config[name] for name in ("interpolation", "mean", "std")}
    crop, _, to_tensor = create_transform(
        **plain,
        input_size=(3, side, side),
        is_training=True,
        scale=TRAIN_SCALE,
        vflip=0.5 if any_way_up else 0.0,
        separate=True,
    )
    magnitudes = f"rand-m{stage.magnitude}-mstd0.5-mmax{GROWING[-1].magnitude}"
    changes = rand_augment_transform(
        magnitudes, {"img_mean": tuple(round(255 * mean) for mean in config["mean"])}, list(AUGMENTATION_OPS)
    )
    return Compose([crop, changes, to_tensor])


def create_mixup(alpha: float, class_count: int) -> Mixup | None:
    """Return timm's mixup of batches with an even number of images, without label smoothing; `None` for alpha 0."""
    return Mixup(mixup_alpha=alpha, label_smoothing=0.0, num_classes=class_count) if alpha else None


def train_layers(model: nn.Module, share: float) -> int:
    """Let the head and a share of the backbone train, counted from the head, and freeze the rest.

    Frozen layers are put into eval mode, so that the statistics of their norms stay as they were learned; call it
    after every `model.train()`.

    Args:
        model: Any timm model.
        share: 0 for the head alone, 1 for everything.

    Returns:
        The number of parameters that train.
    """
    layer_of = _layers(model)
    head = head_parameters(model)
    body = sorted({layer_of[name] for name, p in model.named_parameters() if id(p) not in head})
    first = len(body) - round(share * len(body))
    trained = set(body[first:])
    for name, parameter in model.named_parameters():
        parameter.requires_grad = id(parameter) in head or layer_of[name] in trained
        if not parameter.requires_grad:
            parameter.grad = None
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if own and not any(p.requires_grad for p in own):
            module.eval()
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _layers(model: nn.Module) -> dict[str, int]:
    """The layer of each parameter, from the input to the head."""
    if hasattr(model, "group_matcher"):
        return group_parameters(model, model.group_matcher(coarse=False), reverse=True)
    return {name: at for at, (name, _) in enumerate(model.named_parameters())}


def class_weights(labels: np.ndarray, class_count: int) -> torch.Tensor:
    """Return the weight of each class in the loss, by the inverse of its frequency: float32 of shape (classes,).

    n images over k classes and the class's own images, n / (k n_k), scikit-learn's "balanced" (King and Zeng 2001,
    Political Analysis 9, 137-163, doi:10.1093/oxfordjournals.pan.a004868): the mean over the images is 1. Only classes
    that have images count; the others, which no image is of, weigh nothing.

    Args:
        labels: Of the training images, integers of shape (images,).
        class_count: Outputs of the network.
    """
    present = np.unique(labels)
    weights = torch.zeros(class_count)
    found = compute_class_weight("balanced", classes=present, y=labels)
    weights[torch.from_numpy(present)] = torch.from_numpy(found).float()
    return weights


def class_weighted_loss(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return the mean cross-entropy of a batch, each image weighted by its class.

    The sum is divided by the number of images and not, as PyTorch does for labels, by the sum of their weights: that
    would take the weights away again where a batch, or a process's share of it, is of one class.

    Args:
        logits: Shape (images, classes).
        targets: Labels of shape (images,), or mixup's shares of the classes, of the shape of `logits`.
        weights: As `class_weights` returns them; `None` for all alike.
    """
    if weights is None:
        return functional.cross_entropy(logits, targets)
    return functional.cross_entropy(logits, targets, weight=weights, reduction="sum") / len(logits)


def create_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW over every layer, each at its rate; a layer that is frozen has no gradient and is left alone."""
    for parameter in model.parameters():
        parameter.requires_grad = True
    decay = recipe.layer_decay if recipe.layer_decay < 1 else None
    return create_optimizer_v2(
        model, opt="adamw", lr=recipe.learning_rate, weight_decay=recipe.weight_decay, layer_decay=decay
    )


def create_scheduler(optimizer: torch.optim.Optimizer, steps: int) -> CosineLRScheduler:
    """Return a warm-up and a cosine to zero over so many steps; call its `step_update(step)` before each."""
    warmup = min(max(1, round(WARMUP_SHARE * steps)), max(0, steps - 1))
    return CosineLRScheduler(
        optimizer, t_initial=max(1, steps - warmup), warmup_t=warmup, warmup_prefix=True, t_in_epochs=False
    )


def scaled(recipe: Recipe, learning_rate: float | None, batch_size: int) -> Recipe:
    """Return the recipe with the rate that was asked for, or its own rate scaled to the batch size."""
    rate = recipe.learning_rate * (batch_size / RATE_BATCH_SIZE) ** 0.5 if learning_rate is None else learning_rate
    return replace(recipe, learning_rate=rate)
