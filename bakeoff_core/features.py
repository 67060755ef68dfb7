"""Features of images under a frozen backbone: computed once, kept on disk, used again.

Kept by what they follow from: the images (content key of the data set), the weights and the preprocessing. A split is
kept whole or not at all. Imports torch; only workers use it. Not covered: training a head on them (`probe`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bakeoff_core.batches import evaluation_loader
from bakeoff_core.datasets import LabelledImage
from bakeoff_core.home import features_path

FEATURE_BATCH = 32


def features_key(content_key: str, weights_digest: str, config: dict[str, Any]) -> str:
    """Return the name under which features are kept; other images, weights or preprocessing give another."""
    text = json.dumps([content_key, weights_digest, config], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def weights_digest(model: nn.Module) -> str:
    """Return a digest of a backbone's weights, its head left out."""
    head = {id(p) for p in model.get_classifier().parameters()}
    digest = hashlib.sha256()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if id(tensor) not in head:
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def read_features(key: str, split: str) -> np.ndarray | None:
    """Return the kept features of a split, float32 of shape (images, channels); `None` where there are none."""
    try:
        return np.load(features_path() / key / f"{split}.npy")
    except (OSError, ValueError):
        return None


def compute_features(
    model: nn.Module,
    images: Sequence[LabelledImage],
    transform: Callable,
    device: torch.device,
    *,
    mirrored: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """Run images through the frozen backbone and return what its head would see.

    Args:
        model: A timm model; put into eval mode here.
        images: In the order of the result.
        transform: PIL image to a tensor of shape (3, size, size).
        device: Where the model is.
        mirrored: Whether to add every image's mirror image, all of them after all the images.
        progress: Told the number of passes done after each batch.

    Returns:
        Float32 of shape (images, channels), twice as many rows with `mirrored`.
    """
    model.eval()
    plain: list[np.ndarray] = []
    flipped: list[np.ndarray] = []
    done = 0
    with torch.inference_mode():
        for batch, _ in evaluation_loader(images, transform, FEATURE_BATCH):
            for views, found in ((batch, plain), (batch.flip(-1), flipped))[: 1 + mirrored]:
                views = views.to(device, memory_format=torch.channels_last)
                features = model.forward_head(model.forward_features(views), pre_logits=True)
                found.append(features.float().cpu().numpy())
                done += len(batch)
                progress(done)
    return np.concatenate(plain + flipped)


def keep_features(key: str, split: str, features: np.ndarray) -> Path:
    """Keep the features of a split, whole or not at all; raises `OSError` where the disk is full."""
    folder = features_path() / key
    folder.mkdir(parents=True, exist_ok=True)
    path, temporary = folder / f"{split}.npy", folder / f".{split}.{os.getpid()}.npy"
    try:
        with temporary.open("wb") as handle:
            np.save(handle, features)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
