"""Features of images under a frozen backbone: computed once, kept on disk, used again.

Kept by what they follow from: the images (content key of the data set), the weights and the preprocessing. A split
that is cut off goes on from where it was. Imports torch; only workers use it. Not covered: training a head on them
(`probe`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from bakeoff_core.batches import evaluation_loader, shared
from bakeoff_core.datasets import LabelledImage
from bakeoff_core.home import features_path
from bakeoff_core.transfer import head_parameters

FEATURE_BATCH = 32
KEEP_S = 20.0
"""Seconds between two times that what has been computed is kept, so that a run cut off loses no more."""


def features_key(content_key: str, weights_digest: str, config: dict[str, Any]) -> str:
    """Return the name under which features are kept; other images, weights or preprocessing give another."""
    text = json.dumps([content_key, weights_digest, config], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def weights_digest(model: nn.Module) -> str:
    """Return a digest of a backbone's weights, its head left out."""
    head = head_parameters(model)
    digest = hashlib.sha256()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if id(tensor) not in head:
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def read_features(key: str, split: str) -> np.ndarray | None:
    """Return the kept features of a split, float32 of shape (images, channels); `None` where there are none."""
    return _read(features_path() / key / f"{split}.npy")


def compute_features(
    accelerator: Accelerator,
    model: nn.Module,
    images: Sequence[LabelledImage],
    transform: Callable,
    *,
    mirrored: bool = False,
    partly: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """Run images through the frozen backbone and return what its head would see.

    Several processes share the work, and each gets all of it.

    Args:
        accelerator: Says where the model is and who shares the work.
        model: A timm model; put into eval mode here.
        images: In the order of the result.
        transform: PIL image to a tensor of shape (3, size, size).
        mirrored: Whether to add every image's mirror image, all of them after all the images.
        partly: Folder in which to keep what has been computed every `KEEP_S` seconds, and from which to go on; it is
            for these images in this order, and gone at the end. `None` keeps nothing.
        progress: Told the number of images done after each batch.

    Returns:
        Float32 of shape (images, channels), twice as many rows with `mirrored`.
    """
    model.eval()

    def views_of(mine: Sequence[LabelledImage], tell: Callable[[int], Any]) -> np.ndarray:
        part = partly and partly / f"{accelerator.process_index}-of-{accelerator.num_processes}.npy"
        found = [before] if part and (before := _read(part)) is not None else []
        done, kept_at = sum(map(len, found)), time.monotonic()
        with torch.inference_mode():
            for batch, _ in evaluation_loader(mine[done:], transform, FEATURE_BATCH):
                views = (batch, batch.flip(-1)) if mirrored else (batch,)
                found.append(np.stack([_pooled(model, view, accelerator.device) for view in views], axis=1))
                done += len(batch)
                if part and time.monotonic() - kept_at > KEEP_S:
                    _write(part, np.concatenate(found))
                    kept_at = time.monotonic()
                tell(done)
        if not found:
            return np.empty((0, 1 + mirrored, model.head_hidden_size), np.float32)
        return np.concatenate(found)

    rows = shared(accelerator, images, views_of, progress)
    if partly and accelerator.is_main_process:
        shutil.rmtree(partly, ignore_errors=True)
    return np.concatenate([rows[:, view] for view in range(rows.shape[1])])


def _pooled(model: nn.Module, batch: torch.Tensor, device: torch.device) -> np.ndarray:
    """What the head sees of a batch: shape (images, channels)."""
    maps = model.forward_features(batch.to(device, memory_format=torch.channels_last))
    return model.forward_head(maps, pre_logits=True).float().cpu().numpy()


def keep_features(key: str, split: str, features: np.ndarray) -> Path:
    """Keep the features of a split, whole or not at all; raises `OSError` where the disk is full."""
    path = features_path() / key / f"{split}.npy"
    _write(path, features)
    return path


def partial_features_path(key: str, split: str) -> Path:
    """Return the folder for features of a split that are only partly computed."""
    return features_path() / key / f"{split}-part"


def _read(path: Path) -> np.ndarray | None:
    try:
        return np.load(path)
    except (OSError, ValueError, EOFError):
        return None


def _write(path: Path, features: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as handle:
            np.save(handle, features)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
