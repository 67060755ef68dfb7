"""Anatomies for tests, small enough to check by hand."""

from __future__ import annotations

from bakeoff_core.profiling.anatomy.records import Anatomy, AnatomyPart, AnatomyStage

STAGES = (
    AnatomyStage("Stem", "conv1 to act1", 2),
    AnatomyStage("Stage 1", "layer1", 4),
    AnatomyStage("Stage 2", "layer2", 8),
    AnatomyStage("Head", "fc", None),
)


def make_anatomy(*parts: tuple, model_name: str = "heavy.tag", img_size: int = 224) -> Anatomy:
    """An anatomy of `(stage, kind, layers, param_count, macs, activations)`."""
    return Anatomy(model_name, img_size, "1.0.31", STAGES, tuple(AnatomyPart(*part) for part in parts))


def heavy_head(**changes: object) -> Anatomy:
    """Nine tenths of its parameters and a hundredth of its MACs are fully connected."""
    return make_anatomy(
        (0, "spatial", 1, 1_000, 3_000_000, 60_000),
        (1, "spatial", 4, 4_000, 4_000_000, 20_000),
        (2, "spatial", 5, 5_000, 2_900_000, 19_000),
        (3, "fully_connected", 1, 90_000, 100_000, 1_000),
        **changes,
    )


def light_layers(**changes: object) -> Anatomy:
    """Depthwise and pointwise, with attention in the end: much written for each MAC."""
    return make_anatomy(
        (0, "spatial", 1, 100, 50_000, 10_000),
        (1, "depthwise", 10, 900, 50_000, 40_000),
        (1, "pointwise", 20, 4_000, 700_000, 40_000),
        (1, "normalisation", 31, 500, 20_000, 0),
        (2, "attention", 8, 0, 180_000, 9_000),
        (3, "fully_connected", 1, 4_500, 4_500, 1_000),
        **{"model_name": "light.tag", **changes},
    )
