"""What the state folder holds, in words."""

from __future__ import annotations

from bakeoff_core.formatting import disk_size
from bakeoff_core.storage.inventory import Holding

TITLES = {
    "measurements": "Measurements",
    "runs": "Fine-tuning runs and comparisons",
    "rankings": "Rankings",
    "features": "Features of images under frozen backbones",
    "looks": "Looks inside images",
    "anatomies": "Models taken apart, and timm's names",
    "datasets": "Downloaded data sets",
    "uploads": "Uploaded images",
    "other-jobs": "Trials, looks, downloads and lists",
    "leftovers": "Leftovers of processes that were killed",
    "other": "Everything else",
}
"""What each of `storage.inventory.HOLDINGS` is called."""

UNUSED = {
    "features": "of no run or ranking that is kept; computed again when they are needed",
    "looks": "computed again in seconds when they are needed",
    "anatomies": "of other versions of timm",
    "other-jobs": "those that have ended; what came of them is kept elsewhere",
    "leftovers": "nobody goes on with them",
}
"""What of them can be cleared, and what that costs."""


def explain_unused(holding: Holding) -> str:
    """Return what of a holding can be cleared, as a phrase; empty where nothing can."""
    if not holding.unused_bytes:
        return ""
    return f"{disk_size(holding.unused_bytes)} to clear: {UNUSED[holding.key]}"
