"""The tensors in a file of weights, read without running any code that the file may hold.

Only workers use it. Not covered: which formats there are and how they are told apart (`catalogue.weights`), and whether
the tensors are those of a model (`models.fitting`).
"""

from __future__ import annotations

import argparse
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from bakeoff_core.catalogue.weights import SAFETENSORS, damaged, runs_code, weights_format
from bakeoff_core.errors import BakeoffError

NETWORKS = ("state_dict_ema", "model_ema", "state_dict", "model")
"""Where a training's checkpoint keeps the network, the first that is there: as `timm.models.load_state_dict` looks."""
WRAPPERS = ("_orig_mod.", "module.")
"""What torch's compiler and its training in several processes put before every name."""
DEEPEST = 5
"""Containers in each other that are looked through; a hostile file's may have no end."""
MOST_NAMED = 3
"""Names that a sentence lists."""


def read_tensors(file: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of the network in a file: safetensors, or a checkpoint of plain tensors.

    Args:
        file: Told apart by its content; its ending does not count.

    Returns:
        By name, on the CPU, without the prefixes that wrappers put before all of them.

    Raises:
        BakeoffError: It can't be read, is damaged, needs code to be run, or holds no tensors.
    """
    content = _read_safetensors(file) if weights_format(file) == SAFETENSORS else _network_in(_read_checkpoint(file))
    tensors = {_unwrapped(str(name)): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise BakeoffError(f"{file.name} holds no tensors. Save the network's: `model.state_dict()`.")
    odd = [name for name, tensor in tensors.items() if not _is_plain(tensor)]
    if odd:
        raise BakeoffError(
            f"{file.name} holds tensors that are not stored in full ({named(odd)}). Save them dense, each with its own "
            "values."
        )
    return {name: tensor.detach() for name, tensor in tensors.items()}


def named(names: list[str] | tuple[str, ...]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _read_safetensors(file: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as err:  # KeyError: a type of numbers torch has not
        raise BakeoffError(damaged(file)) from err


def _read_checkpoint(file: Path) -> Any:
    """What torch's loader of plain tensors makes of a checkpoint; it builds tensors and containers, and calls nothing.

    timm's own training keeps its options beside the weights, as an `argparse.Namespace`; timm reads that as well.
    """
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(file, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except OSError as err:
        raise BakeoffError(f"The weights {file} can't be read: {err.strerror or 'it breaks off'}.") from err
    except Exception as err:  # whatever a damaged or hostile pickle makes its reader stumble over
        wanted = re.search(r"GLOBAL ([\w.]{1,80})", str(err))
        if wanted or (isinstance(err, pickle.UnpicklingError) and "Unsupported" in str(err)):
            raise BakeoffError(runs_code(file, wanted[1] if wanted else "")) from err
        if "TorchScript" in str(err) or ".tar format" in str(err):
            raise BakeoffError(runs_code(file)) from err
        raise BakeoffError(damaged(file)) from err


def _network_in(content: Any) -> Mapping[Any, Any]:
    """The mapping of names to tensors in what a checkpoint holds; empty where there is none."""
    for _ in range(DEEPEST):
        if not isinstance(content, Mapping):
            break
        inner = {key: value for key, value in content.items() if isinstance(value, Mapping)}
        kept_in = next((key for key in NETWORKS if key in inner), None)
        if kept_in is None and _has_tensors(content):
            return content
        content = inner[kept_in] if kept_in else max(filter(_has_tensors, inner.values()), key=len, default={})
    return {}


def _has_tensors(content: Mapping[Any, Any]) -> bool:
    return any(isinstance(value, torch.Tensor) for value in content.values())


def _unwrapped(name: str) -> str:
    while name.startswith(WRAPPERS):
        name = name.partition(".")[2]
    return name


def _is_plain(tensor: torch.Tensor) -> bool:
    """Tell whether every value of a tensor is stored: a small file may claim a huge one that repeats a single value."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
