"""What a ranking would cost, from the rankings done on this machine: known before anything is started.

Loads no torch, so pages use it. Not covered: how long one that is at work will still take (`ranking.time_left`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bakeoff_core.catalogue.accuracies import read_catalogue, resolve_model_name
from bakeoff_core.catalogue.timm_names import read_timm_models
from bakeoff_core.datasets.records import ImageDataset
from bakeoff_core.datasets.registry import is_checked
from bakeoff_core.errors import BakeoffError
from bakeoff_core.profiling.request import FALLBACK_MACS_PER_SECOND
from bakeoff_core.ranking.records import RankRow
from bakeoff_core.ranking.request import list_rankings
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import timm_models_path

START_S = 6.0
"""Seconds until a worker has its libraries loaded, on a laptop."""
MODEL_S = 3.0
"""Seconds to load a backbone and to judge its features, until one was timed here."""
CHECK_S = 0.003
"""Seconds to decode an image once, to see whether it opens."""
FALLBACK_IMAGES_PER_SECOND = 30.0
"""Through a backbone of which nothing is known."""


@dataclass(frozen=True)
class RankCost:
    """How long a ranking will take, before it is started."""

    seconds: float
    """Expected wall time, start-up included."""
    by_model: Mapping[str, float]
    """Seconds of each model, by the name it was asked for; 0 for those that are known not to be timm's."""
    kept: tuple[str, ...]
    """Those whose features of these images were kept by an earlier ranking, so that no image is run through them."""
    measured: tuple[str, ...]
    """Those whose pace is known from this machine; that of the others follows from their MACs."""


def estimate_ranking(models: Sequence[str], dataset: ImageDataset) -> RankCost:
    """Estimate how long it takes to rank models on images.

    Args:
        models: Names as the user has them.
        dataset: The images, after `datasets.splits.limited` where fewer are wanted.
    """
    earlier = _earlier_rows()
    images, content = sum(map(len, dataset.splits().values())), dataset.content_key()
    kept = {row.model_name for key, row in earlier if key == content}
    rates = {row.model_name: row.images_per_second for _, row in reversed(earlier) if row.images_per_second}
    macs = macs_by_tag()
    pace = fmean(rate * macs[name] for name, rate in rates.items() if name in macs) if rates.keys() & macs else None
    judged = [row.probe_seconds + row.knn_seconds for _, row in earlier if row.probe_seconds and row.knn_seconds]
    each_s = MODEL_S if not judged else fmean(judged) + 1.0
    names = read_timm_models(timm_models_path())
    by_model: dict[str, float] = {}
    known: dict[str, str] = {}
    for asked in models:
        with contextlib.suppress(BakeoffError):
            known[asked] = resolve_model_name(asked, names)
    for asked in models:
        name = known.get(asked)
        rate = rates.get(name) or _rate_of(macs.get(name), pace)
        by_model[asked] = 0.0 if name is None else each_s + (0.0 if name in kept else images / rate)
    check_s = 0.0 if is_checked(dataset) else images * CHECK_S
    return RankCost(
        seconds=START_S + check_s + sum(by_model.values()),
        by_model=by_model,
        kept=tuple(asked for asked in models if known.get(asked) in kept),
        measured=tuple(asked for asked in models if known.get(asked) in rates),
    )


def _rate_of(macs: float | None, macs_per_second: float | None) -> float:
    """Images a second of a backbone that was never run here."""
    return (macs_per_second or FALLBACK_MACS_PER_SECOND) / macs if macs else FALLBACK_IMAGES_PER_SECOND


def _earlier_rows() -> list[tuple[str, RankRow]]:
    """Every backbone ranked on this machine, the newest first, with what identifies its images."""
    found, here = [], this_machine().machine_name
    for run in list_rankings():
        with contextlib.suppress(BakeoffError):  # another version's
            ranking = run.result()
            if ranking is not None and ranking.machine_name == here:
                found += [(ranking.content_key, row) for row in ranking.ranked()]
    return found


def macs_by_tag() -> dict[str, float]:
    """Return the multiply-accumulates of each weights tag at its own size; unknown ones are left out."""
    table = read_catalogue()
    table = table[(table["img_size"] == table["default_img_size"]) & table["macs"].notna()]
    return dict(zip(table["model_name"], table["macs"].astype(float), strict=True))
