"""Features of images under a frozen backbone: computed once, kept on disk, used again.

Kept by what they follow from: the images (content key of the data set), the weights and the preprocessing; probes and
rankings use the same ones. Rows go to the disk as they come and are read from there page by page, so the memory needed
does not grow with the images, and a pass that is cut off goes on from its last row. Imports torch; only workers use
it. Not covered: training a head on them (`probe`), judging them (`scores`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from bakeoff_core.batches import evaluation_loader
from bakeoff_core.datasets import LabelledImage
from bakeoff_core.home import features_path
from bakeoff_core.job_files import read_json, write_json
from bakeoff_core.transfer import head_parameters

FEATURE_BATCH = 32
FORMAT_VERSION = 2
"""Of the files; those of another version have other keys and are computed anew."""
PLAIN, MIRRORED = "plain", "mirrored"
"""The views of an image that features are of: as it is, and flipped from left to right."""


def features_key(content_key: str, weights_digest: str, config: dict[str, Any]) -> str:
    """Return the name under which features are kept; other images, weights or preprocessing give another."""
    text = json.dumps([FORMAT_VERSION, content_key, weights_digest, config], sort_keys=True, default=str)
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


def read_features(key: str, split: str, view: str = PLAIN) -> np.ndarray | None:
    """Return the kept features of a split, mapped from the disk and not to be written to.

    Returns:
        Float32 of shape (images, channels); `None` where there are none.
    """
    try:
        return np.load(_file(key, split, view), mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None


def missing_views(key: str, split: str, views: Sequence[str]) -> tuple[str, ...]:
    """Return those of the views whose features of a split are not kept."""
    return tuple(view for view in views if read_features(key, split, view) is None)


def keep_features(
    accelerator: Accelerator,
    model: nn.Module,
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
        accelerator: Says where the model is and who shares the work.
        model: A timm model; put into eval mode here.
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
    mine, folder = images[index::count], _file(key, split, PLAIN).parent / f"{split}-part"
    folder.mkdir(parents=True, exist_ok=True)
    parts = {view: [folder / f"{view}-{at}-of-{count}.npy" for at in range(count)] for view in missing}
    own = [parts[view][index] for view in missing]
    done = min(_rows_in(path, len(mine)) for path in own)
    if done:
        progress(min(len(images), done * count))
    began, first = time.monotonic(), done
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(_Rows(path, len(mine), done)) for path in own]
        for rows in pooled(model, mine[done:], transform, accelerator.device, missing):
            for file, found in zip(files, rows, strict=True):
                file.append(found)
            done += len(rows[0])
            progress(min(len(images), done * count))
        for file in files:
            file.append(np.empty((0, model.head_hidden_size), np.float32))  # a file of no images has a shape, too
    seconds = time.monotonic() - began
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        for view, files_of in parts.items():
            _put_together(files_of, _file(key, split, view))
        shutil.rmtree(folder, ignore_errors=True)
        if missing == (PLAIN,):
            _note_rate(key, (done - first) * count, seconds)
    accelerator.wait_for_everyone()
    return missing


def pooled(
    model: nn.Module,
    images: Sequence[LabelledImage],
    transform: Callable[[Any], torch.Tensor],
    device: torch.device,
    views: Sequence[str] = (PLAIN,),
) -> Iterator[list[np.ndarray]]:
    """Yield what the model's head would see of each batch of images: for each view float32 (images, channels).

    The next batches are decoded in other processes meanwhile. The model is put into eval mode.
    """
    model.eval()
    with torch.inference_mode():
        for batch, _ in evaluation_loader(images, transform, FEATURE_BATCH):
            yield [_pooled(model, batch.flip(-1) if view == MIRRORED else batch, device) for view in views]


def _pooled(model: nn.Module, batch: torch.Tensor, device: torch.device) -> np.ndarray:
    maps = model.forward_features(batch.to(device, memory_format=torch.channels_last))
    return model.forward_head(maps, pre_logits=True).float().cpu().numpy()


# --- how fast ---------------------------------------------------------------------------------------------------------


def read_rate(key: str) -> float | None:
    """Return the images a second at which kept features were computed, decoding included; `None` if never timed."""
    found = read_json(_rate_file(key))
    images, seconds = found.get("images"), found.get("seconds")
    return images / seconds if images and seconds else None


def _note_rate(key: str, images: int, seconds: float) -> None:
    """Add a pass over plain views to those that were timed."""
    found = read_json(_rate_file(key))
    with contextlib.suppress(OSError):  # the features are what matters
        write_json(
            _rate_file(key),
            {"images": found.get("images", 0) + images, "seconds": found.get("seconds", 0.0) + seconds},
        )


def _rate_file(key: str) -> Path:
    return features_path() / key / "rate.json"


# --- files ------------------------------------------------------------------------------------------------------------


def _file(key: str, split: str, view: str) -> Path:
    return features_path() / key / (f"{split}.npy" if view == PLAIN else f"{split}-{view}.npy")


_DTYPE = np.dtype("<f4")


class _Rows:
    """A .npy file that grows by rows and says from the start how many it will have.

    What a killed process wrote stays: a file's length tells how many whole rows are in it.
    """

    def __init__(self, path: Path, total: int, keep: int) -> None:
        """Go on with a file after the first `keep` rows; 0 begins it anew."""
        self._path, self._total, self._keep = path, total, keep

    def __enter__(self) -> _Rows:
        self._handle = self._path.open("r+b" if self._keep else "wb")
        if self._keep:
            start, (_, channels) = _header_of(self._path)
            self._handle.truncate(start + self._keep * channels * _DTYPE.itemsize)
            self._handle.seek(0, os.SEEK_END)
        return self

    def __exit__(self, *raised: object) -> None:
        self._handle.close()

    def append(self, rows: np.ndarray) -> None:
        """Write rows of shape (n, channels)."""
        if not self._handle.tell():
            header = {"descr": _DTYPE.str, "fortran_order": False, "shape": (self._total, rows.shape[1])}
            np.lib.format.write_array_header_1_0(self._handle, header)
        self._handle.write(np.ascontiguousarray(rows, _DTYPE))
        self._handle.flush()


def _header_of(path: Path) -> tuple[int, tuple[int, int]]:
    """Where the rows of a file begin, and its shape; raises `OSError` or `ValueError` where there is no such file."""
    with path.open("rb") as handle:
        np.lib.format.read_magic(handle)
        shape, _, _ = np.lib.format.read_array_header_1_0(handle)
        return handle.tell(), shape


def _rows_in(path: Path, total: int) -> int:
    """How many whole rows are in a file that is to have so many; 0 where there is no such file."""
    try:
        start, (announced, channels) = _header_of(path)
        return (path.stat().st_size - start) // (channels * _DTYPE.itemsize) if announced == total else 0
    except (OSError, ValueError):
        return 0


def _put_together(parts: Sequence[Path], whole: Path) -> None:
    """Make one file of those of several processes, which took the images in turn."""
    if len(parts) == 1:
        parts[0].replace(whole)
        return
    arrays = [np.load(part, mmap_mode="r") for part in parts]
    temporary = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        with _Rows(temporary, sum(map(len, arrays)), 0) as file:
            for at in range(0, len(arrays[0]), FEATURE_BATCH):
                blocks = [array[at : at + FEATURE_BATCH] for array in arrays]
                rows = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), _DTYPE)
                for turn, block in enumerate(blocks):
                    rows[turn :: len(blocks)] = block
                file.append(rows)
        temporary.replace(whole)
    finally:
        temporary.unlink(missing_ok=True)
