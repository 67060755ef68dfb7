"""Features of images under a frozen backbone: computed once, kept on disk, used again.

Kept by what they follow from: the images (content key of the data set), the weights and the preprocessing; probes and
rankings use the same ones. Imports torch; only workers use it. Not covered: the files (`features.store`), what runs the
backbone (`features.frozen_backbone`), training a head on features (`finetuning.linear_probe`), judging them
(`features.classifiers`).
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from bakeoff_core.datasets.records import LabelledImage
from bakeoff_core.features.frozen_backbone import FEATURE_BATCH, FrozenBackbone
from bakeoff_core.features.store import (
    MIRRORED,
    PLAIN,
    RowsFile,
    features_file,
    missing_views,
    note_rate,
    put_together,
    rows_in,
)
from bakeoff_core.models.image_loaders import evaluation_loader
from bakeoff_core.models.pretrained import head_parameters


def weights_digest(model: nn.Module) -> str:
    """Return a digest of a backbone's weights, its head left out."""
    head = head_parameters(model)
    digest = hashlib.sha256()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if id(tensor) not in head:
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def keep_features(
    accelerator: Accelerator,
    backbone: FrozenBackbone,
    images: Sequence[LabelledImage],
    transform: Callable[[Any], torch.Tensor],
    key: str,
    split: str,
    views: Sequence[str] = (PLAIN,),
    progress: Callable[[int], Any] = lambda done: None,
) -> tuple[str, ...]:
    """Run the images of a split through the frozen backbone where their features are not kept yet, and keep those.

    Several processes share the work, each on its own file; the first one puts the files together.

    Args:
        accelerator: Says who shares the work.
        backbone: What to run them through.
        images: In the order of the rows.
        transform: PIL image to a tensor of shape (3, size, size).
        key: As `features_key` returns it.
        split: Names the images.
        views: Which features are wanted.
        progress: Told the number of images done by all: after each batch, and first where a pass that was cut off goes
            on.

    Returns:
        The views that were computed; none where all were kept.

    Raises:
        OSError: The disk is full.
    """
    accelerator.wait_for_everyone()  # so that all find them, or none does
    missing = missing_views(key, split, views)
    if not missing:
        return ()
    index, count = accelerator.process_index, accelerator.num_processes
    mine, folder = images[index::count], features_file(key, split).parent / f"{split}-part"
    folder.mkdir(parents=True, exist_ok=True)
    parts = {view: [folder / f"{view}-{at}-of-{count}.npy" for at in range(count)] for view in missing}
    own = [parts[view][index] for view in missing]
    done = min(rows_in(path, len(mine)) for path in own)
    if done:
        progress(min(len(images), done * count))
    backbone.prepare()
    began, first = time.monotonic(), done
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(RowsFile(path, len(mine), done)) for path in own]
        for rows in pooled(backbone, mine[done:], transform, missing):
            for file, found in zip(files, rows, strict=True):
                file.append(found)
            done += len(rows[0])
            progress(min(len(images), done * count))
        for file in files:
            file.append(np.empty((0, backbone.channels), np.float32))  # a file of no images has a shape, too
    seconds = time.monotonic() - began
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        for view, files_of in parts.items():
            put_together(files_of, features_file(key, split, view))
        shutil.rmtree(folder, ignore_errors=True)
        if missing == (PLAIN,):
            note_rate(key, backbone.runtime, (done - first) * count, seconds)
    accelerator.wait_for_everyone()
    return missing


def pooled(
    backbone: FrozenBackbone,
    images: Sequence[LabelledImage],
    transform: Callable[[Any], torch.Tensor],
    views: Sequence[str] = (PLAIN,),
) -> Iterator[list[np.ndarray]]:
    """Yield what the model's head would see of each batch of images: for each view float32 (images, channels).

    The next batches are decoded in other processes meanwhile.
    """
    for batch, _ in evaluation_loader(images, transform, FEATURE_BATCH):
        yield [backbone.pooled(batch.flip(-1) if view == MIRRORED else batch) for view in views]
