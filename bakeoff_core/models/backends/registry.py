"""Every backend by its name."""

from __future__ import annotations

from bakeoff_core.errors import BakeoffError
from bakeoff_core.models.backends.base import Backend
from bakeoff_core.models.backends.openvino import OpenVinoBackend
from bakeoff_core.models.backends.pytorch import PyTorchBackend

BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (PyTorchBackend(), OpenVinoBackend())}


def get_backend(name: str) -> Backend:
    """Return a backend that can be used here.

    Raises:
        ValueError: There is none of that name.
        BakeoffError: This machine can't use it; says why.
    """
    if name not in BACKENDS:
        raise ValueError(f"`backend` must be one of {', '.join(BACKENDS)}. Got {name!r}.")
    if reason := BACKENDS[name].unavailable():
        raise BakeoffError(reason)
    return BACKENDS[name]
