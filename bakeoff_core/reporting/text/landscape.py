"""The Explore page's pictures in sentences: whose accuracies are shown, and what a proxy is worth.

Not covered: the points (`selection.landscape`) and the judgements (`selection.proxies`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bakeoff_core.formatting import Escape
from bakeoff_core.selection.proxies import MIN_MODELS, Judgement

if TYPE_CHECKING:
    import pandas as pd


def explain_accuracies(points: pd.DataFrame) -> str:
    """Say whose accuracies a published machine's points have, and how far the two sources are apart.

    Args:
        points: As `selection.landscape.published_points` returns them.
    """
    top1, table = points["top1"].to_numpy(float), points["table_top1"].to_numpy(float)
    apart = np.abs(np.round(top1 - table, 6))
    differing = int((apart > 0).sum())
    origin = (
        "Accuracies are ImageNet-1k top-1, the catalogue's where it has the tag at this size, so that a model stands "
        "equally high on every page; otherwise the imported table's."
    )
    if not differing:
        return f"{origin} Wherever both know one, they agree."
    return f"{origin} They differ for {differing:,} of {len(points):,} tags, by {apart.max():.3g} points at most."


def explain_proxy(judgement: Judgement, machine: str, escape: Escape = str) -> str:
    """Say what a proxy would have found of a machine's frontier.

    Args:
        judgement: The comparison.
        machine: What to call the machine whose frontier it is, as it is to be shown.
        escape: How to write a proxy's name, which may come from a file.
    """
    rank = judgement.rank_correlation
    remarks = "" if rank is None else f" Rank correlation of the two costs: {rank:.2f}."
    if judgement.models < MIN_MODELS:
        remarks += " Too few models to rely on."
    of = f"{judgement.models:,} {'models' if judgement.models != 1 else 'model'}"
    return (
        f"Choosing by {escape(judgement.proxy)} finds {judgement.found} of the {judgement.frontier} on the frontier of "
        f"{machine} ({100 * judgement.share:.0f} %), among {of}.{remarks}"
    )
