"""MACs a second of measured models, and the pairs of models that MACs and latency rank differently.

Not covered: why they differ (see `reporting.text.anatomy`), and drawing them (see `reporting.figures.throughput`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs

CLEARLY_FEWER = 0.8
"""Share of another model's MACs up to which a model's are fewer beyond dispute."""
HALF = 0.5
"""Share of another model's MACs up to which a model's promise a much shorter time."""
BROKEN = 2.0
"""Times the promised time from which a promise counts as broken."""
MOST_PAIRS = 4
"""Pairs worth reading at once."""


@dataclass(frozen=True)
class Speed:
    """One measured model: what it has to compute, and how long that takes."""

    ref: CandidateRef
    """Which candidate it is; its size is known."""
    macs: int
    """Multiply-accumulates of one image."""
    image_s: float
    """Median seconds for each image: those of a pass over the images in it."""
    low_s: float
    """Lower end of its 95 % interval; the median itself where there is none."""
    high_s: float
    """Upper end of the same interval."""
    batch_size: int
    """Images in a pass."""

    @property
    def macs_per_second(self) -> float:
        """How fast the machine gets through its multiply-accumulates."""
        return self.macs / self.image_s


@dataclass(frozen=True)
class Disagreement:
    """Two models whose times are not what their MACs promise."""

    fewer: Speed
    """The one with fewer MACs, which takes longer than they promise."""
    more: Speed
    """The one with more."""

    @property
    def macs_ratio(self) -> float:
        """MACs of the one over those of the other: below 1."""
        return self.fewer.macs / self.more.macs

    @property
    def time_ratio(self) -> float:
        """Time of the one over that of the other."""
        return self.fewer.image_s / self.more.image_s

    @property
    def is_inverted(self) -> bool:
        """Whether the one with fewer MACs takes longer, by more than the noise."""
        return self.fewer.low_s > self.more.high_s


def measured_speeds(candidates: pd.DataFrame) -> list[Speed]:
    """Return the models of one setting whose MACs and latency are known, in the order of the table.

    Args:
        candidates: Profiles of one setting, columns as `schema.profile.PROFILE_COLUMNS`.
    """
    found = []
    for ref, row in zip(candidate_refs(candidates), candidates.to_dict("records"), strict=True):
        known = (row[name] for name in ("img_size", "macs", "latency_p50_s", "batch_size"))
        if row["error"] or any(is_unknown(value) or value <= 0 for value in known):
            continue
        median, batch = float(row["latency_p50_s"]), int(row["batch_size"])
        low, high = (row[f"latency_p50_{end}_s"] for end in ("low", "high"))
        found.append(
            Speed(
                ref=ref,
                macs=int(row["macs"]),
                image_s=median / batch,
                low_s=(median if is_unknown(low) else float(low)) / batch,
                high_s=(median if is_unknown(high) else float(high)) / batch,
                batch_size=batch,
            )
        )
    return found


def find_disagreements(speeds: Sequence[Speed], most: int = MOST_PAIRS) -> list[Disagreement]:
    """Return pairs of models that MACs and latency rank differently, the most telling first.

    First those in which the model with clearly fewer MACs takes longer; then those in which half the MACs or fewer take
    at least twice the time they promise, and more than the noise explains. Within each, by how far the two are apart in
    MACs a second. No model is named as the slow one twice, nor as the quick one more than twice.

    Args:
        speeds: Of one setting.
        most: Pairs at most.
    """
    if len(speeds) < 2:
        return []
    macs = np.array([speed.macs for speed in speeds], dtype=float)
    low, high, middle = (np.array([getattr(s, name) for s in speeds]) for name in ("low_s", "high_s", "image_s"))
    fewer = macs[:, None] / macs[None, :]
    promised = fewer * middle[None, :]
    inverted = (fewer <= CLEARLY_FEWER) & (low[:, None] > high[None, :])
    broken = (fewer <= HALF) & (middle[:, None] >= BROKEN * promised) & (low[:, None] > fewer * high[None, :])
    surprise = np.where(inverted | broken, middle[:, None] / promised, 0.0)
    surprise[inverted] += surprise.max()  # so that these come first
    found: list[Disagreement] = []
    slow_named: set[int] = set()
    quick_named: list[int] = []
    for one, other in zip(
        *np.unravel_index(np.argsort(-surprise, axis=None, kind="stable"), surprise.shape), strict=True
    ):
        if len(found) == most or not surprise[one, other]:
            break
        if one not in slow_named and quick_named.count(other) < 2:
            slow_named.add(one)
            quick_named.append(other)
            found.append(Disagreement(speeds[one], speeds[other]))
    return found
