"""What a search writes beside its status: what it predicts of models that it has not measured.

Predictions are for looking at while a search runs: they never enter the profile store, a pick or a report's table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bakeoff_core.errors import BakeoffError
from bakeoff_core.schema.parsing import Count, Percent, Text, parse_kept
from bakeoff_core.system.files import read_json, to_user_error, write_json

PREDICTIONS = "predictions.json"
PREDICTIONS_FORMAT = 1
"""Version of that file."""

SURE, TIME, NOTHING_LEFT, IMPOSSIBLE, STOPPED, FAILED = (
    "sure",
    "time",
    "nothing-left",
    "impossible",
    "stopped",
    "failed",
)
STOPPED_BECAUSE = (SURE, TIME, NOTHING_LEFT, IMPOSSIBLE, STOPPED, FAILED)
"""Why a search ended: nothing better is likely to be left; the time was up; all was measured; nothing that is left is
likely to clear the limits, and nothing measured does; it was stopped; it failed."""

SURE_BELOW = 0.05
"""Chance that something better is left under which a search is sure."""


@dataclass(frozen=True)
class PredictedModel:
    """What a model that was not measured would come to, as far as those that were tell."""

    model_name: Text
    """timm's `arch.tag`."""
    img_size: Count
    """Height and width of the input in pixels."""
    top1: Percent
    """Its accuracy, of the search's source: this is known."""
    latency_s: float
    """Predicted median latency in seconds."""
    low_s: float
    """Lower end of the prediction's 90 % range."""
    high_s: float
    """Upper end of it."""


@dataclass(frozen=True)
class Predictions:
    """All that a search predicts at one time."""

    models: tuple[PredictedModel, ...] = ()
    """The most accurate first."""


def write_predictions(folder: Path, models: Iterable[PredictedModel]) -> None:
    """Put predictions in place of the earlier ones.

    Raises:
        NoSpaceError: The disk is full.
        BakeoffError: They can't be written.
    """
    path = folder / PREDICTIONS
    try:
        write_json(path, {"format": PREDICTIONS_FORMAT, **asdict(Predictions(tuple(models)))})
    except OSError as err:
        raise to_user_error(err, f"{PREDICTIONS} could not be written in {folder}", BakeoffError) from err


def read_predictions(folder: Path) -> tuple[PredictedModel, ...]:
    """Return what a search predicts; nothing where it has said nothing yet, or what another version wrote."""
    content = read_json(folder / PREDICTIONS)
    if not content:
        return ()
    try:
        return parse_kept(Predictions, content, PREDICTIONS_FORMAT, "search", "search again").models
    except BakeoffError:
        return ()
