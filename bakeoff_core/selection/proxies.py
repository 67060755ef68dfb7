"""How far somebody else's figures stand for a machine: what of its frontier they would have found.

Not covered: where the figures come from (`selection.landscape`), the frontier itself (`selection.pareto`), and the
sentences (`reporting.text.landscape`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bakeoff_core.selection.pareto import find_frontier
from bakeoff_core.stats import spearman

MIN_MODELS = 20
"""Models under which a share of a machine's frontier says little: it has some ten points then."""


@dataclass(frozen=True)
class Judgement:
    """How well one proxy stands for a machine's speed."""

    proxy: str
    """What was looked at in place of the machine's own speed."""
    models: int
    """Models, at one size each, for which both costs and the accuracy are known."""
    frontier: int
    """Those of them on the machine's own frontier."""
    found: int
    """Those of its frontier that are on the frontier by the proxy as well."""
    rank_correlation: float | None
    """Spearman's, between the two costs; `None` where one of them is the same for all."""

    @property
    def share(self) -> float:
        """Found over the frontier."""
        return self.found / self.frontier


def best_of_each_pair(points: pd.DataFrame) -> pd.DataFrame:
    """Return one point for each architecture and size, its most accurate tag: what a chooser would take of it.

    All tags of an architecture cost the same, so the others are never on a frontier, and counting them would let
    recipes weigh as if they were architectures.

    Args:
        points: With `architecture`, `img_size` and `top1`.
    """
    order = points.sort_values("top1", ascending=False, kind="stable")
    return order.drop_duplicates(["architecture", "img_size"]).sort_index()


def judge(cost: np.ndarray, accuracy: np.ndarray, proxy: np.ndarray, name: str) -> Judgement | None:
    """Compare the frontier by a machine's own cost with the one by a proxy.

    Both frontiers are of accuracy against cost, over the models for which everything is known. A model of the
    machine's frontier counts as found if the proxy's frontier holds it too: whoever had chosen by the proxy would
    have been offered it.

    Args:
        cost: float[n], the machine's own; NaN where unknown.
        accuracy: float[n]; NaN where unknown.
        proxy: float[n], the cost to judge by; NaN where unknown.
        name: What the proxy is called.

    Returns:
        The comparison; `None` where no model has everything.
    """
    known = ~(np.isnan(cost) | np.isnan(accuracy) | np.isnan(proxy))
    if not known.any():
        return None
    cost, accuracy, proxy = cost[known], accuracy[known], proxy[known]
    own = find_frontier(cost, accuracy).non_dominated
    theirs = find_frontier(proxy, accuracy).non_dominated
    correlation = spearman(cost, proxy)
    return Judgement(name, int(known.sum()), int(own.sum()), int((own & theirs).sum()), correlation)


def judge_proxies(points: pd.DataFrame, machines: Mapping[str, pd.DataFrame]) -> list[Judgement]:
    """Judge every proxy for one machine: MACs, parameters, and other machines' speeds; the best first.

    Args:
        points: The machine's, as `selection.landscape` makes them.
        machines: Other machines' speeds: tables with `architecture`, `img_size` and `seconds_per_image`.

    Returns:
        One judgement for each proxy that shares a model with the machine.
    """
    best = best_of_each_pair(points)
    cost, accuracy = best["seconds_per_image"].to_numpy(float), best["top1"].to_numpy(float)
    proxies = [("multiply-accumulates (MACs)", best["macs"]), ("parameters", best["param_count"])]
    for name, speeds in machines.items():
        known = speeds.drop_duplicates(["architecture", "img_size"]).set_index(["architecture", "img_size"])
        pairs = pd.MultiIndex.from_frame(best[["architecture", "img_size"]])
        proxies.append((name, known["seconds_per_image"].reindex(pairs)))
    found = (judge(cost, accuracy, values.to_numpy(float), name) for name, values in proxies)
    return sorted((j for j in found if j is not None), key=lambda j: j.share, reverse=True)
