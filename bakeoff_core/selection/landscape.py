"""What the Explore page draws: models with a speed, an accuracy, a family, and each family's trend.

One table of points has one origin: a setting measured here, a published machine, or the catalogue, which knows no
speed. What a tag's family is and what its weights have seen is the catalogue's to say. Not covered: drawing
(`reporting.figures.landscape`), and how far one machine stands for another (`selection.proxies`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.pretraining import rule_of
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.formatting import is_unknown

IN1K, IN22K, WEB, UNKNOWN_DATA = "ImageNet-1k", "ImageNet-22k", "web images", "unknown pre-training"
PRETRAINING_DATA = (IN1K, IN22K, WEB, UNKNOWN_DATA)
"""Kinds of pre-training that are told apart: ImageNet-1k alone; a part or all of the full ImageNet (in5k, in12k,
in21k and in22k); collections from the web, with or without texts; and whatever nobody says."""

_SHORT = {IN22K: "22k", WEB: "web", UNKNOWN_DATA: "unknown"}

_KINDS = {"in1k": IN1K, "in5k": IN22K, "in12k": IN22K, "in21k": IN22K, "in22k": IN22K}

NO_FAMILY = "other"
"""Family of an architecture that the catalogue does not know."""

POINT_COLUMNS = (
    *("model_name", "architecture", "img_size", "top1", "table_top1", "seconds_per_image", "batch_size"),
    *("param_count", "macs", "family", "pretraining", "group"),
)
"""Of a table of points. `seconds_per_image` is one over the throughput; in the catalogue it is unknown. `table_top1` is
the accuracy that was imported with a published speed; `top1` is the one that counts."""

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

    Where the catalogue knows the accuracy of a tag at a size too, that one counts: a model is as accurate here as on
    every other page, whichever year's table came along. So do its MACs, which do not depend on the machine: timm's
    tables leave out what its counter does not know (see docs/catalogue.md).

    Args:
        rows: As `catalogue.published_store.read_published_frame` returns them.
        machine: Its name.
        part: One of `catalogue.timm_results.PARTS`.
        accuracies: As `catalogue.accuracies.read_catalogue` returns it.
    """
    own = rows[(rows["machine"] == machine) & (rows["part"] == part) & rows["reason"].isna()].reset_index(drop=True)
    known = accuracies[["model_name", "img_size", "top1", "macs"]].astype(
        {"model_name": object, "img_size": "float64", "top1": "float64", "macs": "float64"}
    )
    keys = ["model_name", "img_size"]
    found = own[keys].astype({"model_name": object}).merge(known, how="left", on=keys, validate="many_to_one")
    table_top1 = own["top1"]
    top1, macs = found["top1"].fillna(table_top1), found["macs"].fillna(own["macs"])
    return _points(own.assign(top1=top1, table_top1=table_top1, macs=macs), accuracies)


def measured_points(candidates: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return the points of a setting measured here: models with a latency and an accuracy.

    Args:
        candidates: As `selection.candidates.candidates_of` returns it.
        accuracies: As `catalogue.accuracies.read_catalogue` returns it, for families.
    """
    own = candidates[candidates["latency_p50_s"].notna() & candidates["top1"].notna()].reset_index(drop=True)
    seconds = own["latency_p50_s"] / own["batch_size"]
    return _points(own.assign(seconds_per_image=seconds), accuracies)


def catalogue_points(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the catalogue; nobody says how fast they are."""
    known = accuracies.dropna(subset=["top1", "macs"]).reset_index(drop=True)
    return _points(known, accuracies)


def families_in(points: pd.DataFrame) -> list[str]:
    """List the families that points belong to, the largest first; what has none is not listed."""
    return [family for family, _ in Counter(points["family"].tolist()).most_common() if family != NO_FAMILY]


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
    """Add families and kinds of pre-training to rows; numbers that the rows lack are unknown."""
    named = accuracies.dropna(subset=["family"])
    family_of = dict(zip(named["model_name"].map(architecture_of), named["family"], strict=True))
    known_data = accuracies.dropna(subset=["pretraining"])
    collection_of = dict(zip(known_data["model_name"], known_data["pretraining"], strict=True))
    names = rows["model_name"].tolist()
    architectures = [architecture_of(name) for name in names]
    families = [family_of.get(architecture, NO_FAMILY) for architecture in architectures]
    pretrainings = [_kind(collection_of.get(name) or _collection_by_name(name)) for name in names]
    texts = {
        "model_name": names,
        "architecture": architectures,
        "family": families,
        "pretraining": pretrainings,
        "group": [group_name(*pair) for pair in zip(families, pretrainings, strict=True)],
    }
    columns: dict[str, object] = {name: pd.Series(values, dtype=object) for name, values in texts.items()}
    for name in (name for name in POINT_COLUMNS if name not in texts):
        known = name in rows
        columns[name] = rows[name].to_numpy(float, na_value=np.nan) if known else np.full(len(rows), np.nan)
    return pd.DataFrame(columns)[list(POINT_COLUMNS)]


def _collection_by_name(model_name: str) -> str | None:
    """What a tag that the catalogue has no accuracy of was pre-trained on, by its own rules of names."""
    rule = rule_of(model_name)
    return rule.pretraining if rule else None


def _kind(collection: str | None) -> str:
    return UNKNOWN_DATA if is_unknown(collection) else _KINDS.get(collection, WEB)


def group_name(family: str, pretraining: str) -> str:
    """Return what a family with its pre-training is called in a legend: `"ConvNeXt"`, `"ConvNeXt · 22k"`."""
    return family if pretraining == IN1K else f"{family} · {_SHORT[pretraining]}"
