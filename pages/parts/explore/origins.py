"""Whose speeds the Explore page shows: this machine's, a published machine's, or nobody's."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bakeoff_core.errors import StoreError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.text.settings import setting_label
from bakeoff_core.selection.candidates import MeasuredSetting
from pages.parts.common import sidebar
from pages.parts.explore import published_cache

INFERENCE = "inference"


@dataclass(frozen=True)
class Origin:
    """Where a table of points comes from."""

    label: str
    """What the choice calls it."""
    points: pd.DataFrame
    """As `selection.landscape` makes them."""
    measured: MeasuredSetting | None = None
    """The setting, if it was measured here."""
    machine: str | None = None
    """The published machine, if it is one's."""
    part: str | None = None
    """One of `catalogue.timm_results.PARTS`, with `machine`."""

    @property
    def name(self) -> str:
        """What to call the machine where only inference is talked of."""
        return self.machine or self.label

    @property
    def has_speed(self) -> bool:
        """Whether anybody says how fast these models are."""
        return self.measured is not None or self.machine is not None

    @property
    def is_inference(self) -> bool:
        """Whether its speeds are of inference."""
        return self.measured is not None or self.part == INFERENCE


def published() -> tuple[list[Origin], str | None]:
    """Return the published machines' tables in the order of their import, and what is wrong with their file, if so."""
    try:
        tables = published_cache.tables()
    except StoreError as err:
        fault = f"{err} Move it away and import the tables again; everything else is shown."
        return [], markdown_text(fault)
    return [
        Origin(f"{machine}, {part}", published_cache.published_points(machine, part), machine=machine, part=part)
        for machine, part in tables
    ], None


def measured_here() -> Origin | None:
    """Return the setting chosen at the side, if any of its models has a latency and an accuracy."""
    shown = sidebar.shown()
    points = published_cache.measured_points(shown) if shown else None
    return Origin(setting_label(shown), points, measured=shown) if points is not None and len(points) else None


def catalogue() -> Origin:
    """Return the catalogue, which says what a model computes and not how long that takes."""
    return Origin("Nobody's: MACs from the catalogue", published_cache.catalogue_points())
