"""Searches over timm's tiny test models, which nobody publishes accuracies of: a file of the user's own has them."""

from __future__ import annotations

from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.spec import SearchSpec
from bakeoff_core.system.paths import own_accuracy_path

FAMILY = "Tiny"
"""Of all of them, so that a search can be narrowed to them."""
TINY = {
    "test_convnext.r160_in1k": 45.0,
    "test_efficientnet.r160_in1k": 44.0,
    "test_byobnet.r160_in1k": 42.0,
    "test_resnet.r160_in1k": 41.0,
    "test_vit.r160_in1k": 40.0,
    "test_mambaout.in1k": 46.0,
}
"""Accuracies that nobody measured; timm knows no such weights of the last one, so it can't be built."""
SIZE = 160


def write_tiny_accuracies(models: dict[str, float] = TINY) -> None:
    """Write the user's own file."""
    own_accuracy_path().parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name},{SIZE},{top1},{FAMILY}" for name, top1 in models.items()]
    own_accuracy_path().write_text("\n".join(["model_name,img_size,top1,family", *lines]) + "\n")


def tiny_spec(**options: object) -> SearchSpec:
    """A search over them that never waits; they take milliseconds on one thread."""
    usual = {"minutes": 5.0, "families": (FAMILY,), "threads": 1, "device": "cpu", "patience_s": 0.0}
    return SearchSpec(**{**usual, "limits": Limits(), **options})
