"""What the Explore page draws: models with a speed, an accuracy, a family, and each family's trend.

One table of points has one origin: a setting measured here, a published machine, or the catalogue, which knows no
speed. Not covered: drawing (`explore_figures`), and how far one machine stands for another (`proxies`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.families import IN1K, family_of, group_name, pretraining_of
from bakeoff_core.timm_names import architecture_of

POINT_COLUMNS = (
    *("model_name", "architecture", "img_size", "top1", "seconds_per_image", "batch_size"),
    *("param_count", "macs", "family", "pretraining", "group"),
)
"""Of a table of points. `seconds_per_image` is one over the throughput; in the catalogue it is unknown."""

USUAL_FAMILIES = ("ResNet", "VGG", "EfficientNetV2", "MobileNetV4", "LeViT", "ConvNeXt", "Swin")
"""Families that have a colour at first: an older and a newer one of each kind, and VGG to see how far things came."""

MIN_TREND_POINTS = 3
"""Points under which a line would say more about them than about the family."""


@dataclass(frozen=True)
class Trend:
    """A family's line: accuracy over the logarithm of the cost, from its cheapest model to its dearest."""

    start: tuple[float, float]
    """Cost and accuracy where it begins."""
    end: tuple[float, float]
    """Cost and accuracy where it ends."""
    points_per_tenfold: float
    """Points of accuracy that ten times the cost buys."""


def published_points(rows: pd.DataFrame, machine: str, part: str, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return the points of one table of a published machine.

    Args:
        rows: As `published_store.read_published_frame` returns them.
        machine: Its name.
        part: One of `timm_tables.PARTS`.
        accuracies: As `catalogue.read_catalogue` returns it, for families.
    """
    own = rows[(rows["machine"] == machine) & (rows["part"] == part) & rows["reason"].isna()]
    return _points(own.reset_index(drop=True), accuracies)


def measured_points(candidates: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return the points of a setting measured here: models with a latency and an accuracy.

    Args:
        candidates: As `candidates.candidates_of` returns it.
        accuracies: As `catalogue.read_catalogue` returns it, for families.
    """
    own = candidates[candidates["latency_p50_s"].notna() & candidates["top1"].notna()].reset_index(drop=True)
    seconds = own["latency_p50_s"] / own["batch_size"]
    return _points(own.assign(seconds_per_image=seconds), accuracies)


def catalogue_points(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the catalogue; nobody says how fast they are."""
    known = accuracies.dropna(subset=["top1", "macs"]).reset_index(drop=True)
    unknown = np.full(len(known), np.nan)
    return _points(known.assign(seconds_per_image=unknown, batch_size=unknown), accuracies)


def families_in(points: pd.DataFrame) -> list[str]:
    """List the families that points belong to, the largest first."""
    return [family for family, _ in Counter(points["family"].tolist()).most_common()]


def usual_families(points: pd.DataFrame) -> list[str]:
    """Return the families that have a colour at first: the usual ones, then the largest of the others."""
    present = families_in(points)
    usual = [family for family in USUAL_FAMILIES if family in present]
    return [*usual, *(family for family in present if family not in usual)][: len(USUAL_FAMILIES)]


def trend_of(cost: np.ndarray, accuracy: np.ndarray) -> Trend | None:
    """Fit accuracy over log10 of the cost by ordinary least squares.

    Args:
        cost: float[n], all above 0.
        accuracy: float[n].

    Returns:
        The line; `None` for fewer than `MIN_TREND_POINTS` points, or where all cost the same.
    """
    if len(cost) < MIN_TREND_POINTS or np.ptp(cost) == 0:
        return None
    logs = np.log10(cost)
    slope, _ = np.polyfit(logs, accuracy, 1)
    middle, height = logs.mean(), accuracy.mean()
    ends = [(float(x), float(height + slope * (np.log10(x) - middle))) for x in (cost.min(), cost.max())]
    return Trend(ends[0], ends[1], float(slope))


def _points(rows: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Add families to rows. What the catalogue says of a tag or an architecture goes before what its name suggests."""
    known = accuracies.dropna(subset=["family"])
    by_architecture = dict(zip(known["model_name"].map(architecture_of), known["family"], strict=True))
    told = accuracies.dropna(subset=["pretraining"])
    by_tag = dict(zip(told["model_name"], told["pretraining"], strict=True))
    names = rows["model_name"].tolist()
    architectures = [architecture_of(name) for name in names]
    families = [by_architecture.get(architecture) or family_of(architecture) for architecture in architectures]
    pretrainings = [_pretraining(name, by_tag.get(name)) for name in names]
    groups = [group_name(*pair) for pair in zip(families, pretrainings, strict=True)]
    numbers = {
        name: pd.to_numeric(rows[name], errors="coerce").to_numpy(float, na_value=np.nan)
        for name in ("img_size", "top1", "seconds_per_image", "batch_size", "param_count", "macs")
    }
    texts = {
        "model_name": names,
        "architecture": architectures,
        "family": families,
        "pretraining": pretrainings,
        "group": groups,
    }
    texts = {name: pd.Series(values, dtype=object) for name, values in texts.items()}
    return pd.DataFrame({**texts, **numbers})[list(POINT_COLUMNS)]


def _pretraining(model_name: str, collection: str | None) -> str:
    """Which kind of pre-training a tag has had: by the catalogue's word for the collection, else by its name."""
    if collection is None:
        return pretraining_of(model_name)
    return IN1K if collection == "in1k" else pretraining_of(f"tag.{collection}")
