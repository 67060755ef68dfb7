"""Let torchvision, and so timm, be imported where torchvision's compiled operators cannot load.

torchvision registers fakes for `torchvision::nms` while it is imported and fails when that operator does not exist, as
happens when a CPU build of torch meets a CUDA build of torchvision. Image classification needs neither operator, only
their declarations. On machines with matching builds nothing is done here.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # a Library takes its declarations with it when it is collected


def prepare_torchvision() -> bool:
    """Declare torchvision's operators where they cannot be loaded. Call before torchvision is first imported.

    Returns:
        Whether declarations had to stand in for the compiled operators.
    """
    if _declared:
        return True
    spec = importlib.util.find_spec("torchvision")
    library = Path(spec.origin).parent / "_C.so" if spec and spec.origin else None
    try:
        if library is not None and library.exists():
            torch.ops.load_library(library)
    except OSError:
        pass  # built for another torch or for a CUDA that is not here; the declarations below take over
    if hasattr(torch.ops.torchvision, "nms"):
        return False
    declarations = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        declarations.define(schema)
    _declared.append(declarations)
    return True
