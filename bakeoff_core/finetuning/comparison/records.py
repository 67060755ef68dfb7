"""What transfer was worth: the record of three runs on the same data, steps and seed, and what their numbers say.

Runs of one comparison are named by their recipes: `linear-probe`, `full`, `scratch`. Definitions, all from numbers
that were measured, none extrapolated:

- A **gap** is the difference of two test accuracies on the same images, paired, with its 95 % interval.
- **Transfer's worth** is the gap between from scratch and the better of probe and full. Which one that is, the
  validation of the weights that each kept decides, by the metric that was asked for, never the test; a tie is the
  probe's, and without validation images it is full.
- A run **reaches** scratch's best at its first validated step with at least the best validation accuracy that the run
  from scratch ever had. Seconds are those since a run's start, features included.
- A curve **crosses** another at its first validated step above it. From where it stays above, and from where beyond
  noise, is said too; the noise is that of two independent samples, which is more than that of the same images.
- The **labels saved** follow from probes on part of the training labels: the fewest from which on every probe tests
  at least as well as from scratch with all labels.

No torch, no files. Not covered: how it follows from the runs (`finetuning.comparison.analysis`), its words
(`reporting.text.comparison`), doing it (`finetuning.comparison.worker`), finding it again (`finetuning.request`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bakeoff_core.schema.metrics import ACCURACY
from bakeoff_core.schema.parsing import parse_kept

PROBE, FULL, SCRATCH = "linear-probe", "full", "scratch"
COMPARED = (PROBE, FULL, SCRATCH)
"""Recipes in the order they are run."""
FORMAT_VERSION = 1
"""Of `comparison.json`."""


@dataclass(frozen=True)
class CurvePoint:
    """A validation of one run."""

    step: int
    val_accuracy: float
    """In percent."""
    seconds: float
    """That the run had worked by then; a resumed run's clock goes on."""


@dataclass(frozen=True)
class ComparedRun:
    """One of the runs, as it ended."""

    recipe: str
    run_id: str
    state: str
    """`done`, or what else became of it."""
    message: str | None = None
    """Why it failed, if it did."""
    test_accuracy: float | None = None
    test_low: float | None = None
    """Of the 95 % interval."""
    test_high: float | None = None
    seconds: float | None = None
    """That it worked, to its results; a resumed run's clock goes on."""
    features_computed: bool | None = None
    """Whether its seconds include computing its features; `None` for runs that need none."""
    settings: Mapping[str, Any] | None = None
    """Of its recipe: `learning_rate`, `weight_decay`, `layer_decay`, `augmentation`."""
    curve: tuple[CurvePoint, ...] = ()
    """Validations in order; empty where there are no images to validate on."""
    val_scores: Mapping[str, float] | None = None
    """Of the weights that were kept, in percent, by metric; `None` in comparisons of before any were chosen."""
    steps: int | None = None
    """Optimiser steps made; `None` where that was not noted."""
    stopped_early: bool = False
    """Whether validations ended it before its last step."""

    @property
    def val_accuracy(self) -> float | None:
        """Validation accuracy of the weights that were kept, in percent."""
        return self.val_score(ACCURACY)

    def val_score(self, metric: str) -> float | None:
        """Return a metric of the weights that were kept, in percent; `None` where it was not validated."""
        if self.val_scores is not None:
            return self.val_scores.get(metric)
        return self.curve[-1].val_accuracy if self.curve and metric == ACCURACY else None


@dataclass(frozen=True)
class Gap:
    """Two runs' test accuracies on the same images."""

    run: str
    against: str
    points: float
    """Accuracy of `run` less that of `against`."""
    low: float
    """Of the 95 % interval."""
    high: float
    p_value: float
    """McNemar's exact test."""
    images: int
    only_run: int
    """Images that `run` alone has right."""
    only_against: int

    @property
    def is_ahead(self) -> bool:
        """Whether `run` is better beyond noise."""
        return self.low > 0

    @property
    def is_behind(self) -> bool:
        """Whether `run` is worse beyond noise."""
        return self.high < 0


@dataclass(frozen=True)
class Crossing:
    """Where one validation curve is above another."""

    above: str
    below: str
    step: int | None
    """First validated step at which it is; `None` for never, as for the next three."""
    points: float | None
    """By how much, there."""
    low: float | None
    """Of the 95 % interval, as if the images were different ones."""
    high: float | None
    stays_from: int | None
    """Validated step from which on it is above to the end; `None` where it is not above at the end."""
    clear_from: int | None
    """Validated step from which on it is above beyond noise to the end; `None` where it is not so at the end."""


@dataclass(frozen=True)
class Reach:
    """When a run had what the run from scratch had at its best."""

    run: str
    val_accuracy: float
    """Best validation accuracy from scratch, in percent."""
    step: int | None
    """First validated step with at least as much; `None` for never."""
    seconds: float | None
    scratch_step: int
    """Validated step at which the run from scratch first had it."""
    scratch_seconds: float

    @property
    def steps_saved(self) -> int | None:
        """Steps fewer than from scratch; negative where it took more."""
        return None if self.step is None else self.scratch_step - self.step

    @property
    def seconds_saved(self) -> float | None:
        """Seconds fewer than from scratch; negative where it took more."""
        return None if self.seconds is None else self.scratch_seconds - self.seconds


@dataclass(frozen=True)
class LabelsPoint:
    """A probe on part of the training labels."""

    labels: int
    """Images it was trained on."""
    test_accuracy: float
    """In percent."""
    low: float
    """Of the 95 % interval."""
    high: float


@dataclass(frozen=True)
class LabelsSaved:
    """How many labels the probe needs to do as well as from scratch."""

    probe_labels: int
    scratch_labels: int
    at_most: bool
    """Whether no smaller number was tried, so that even fewer may do."""

    @property
    def times(self) -> float:
        """How many times fewer labels."""
        return self.scratch_labels / self.probe_labels


@dataclass(frozen=True)
class Conditions:
    """What the runs have in common, as far as it explains their numbers."""

    class_count: int
    train_images: int
    """Images each run learns from."""
    val_images: int
    """0 where none were held back."""
    test_images: int
    majority_share: float
    """Share of the test images that are of the most frequent class, in percent."""
    steps: int
    epoch_steps: int
    """Steps in a pass over the training images."""
    img_size: int
    """Side of the input in pixels."""
    pretrained_size: int | None
    """Side that the weights were trained at, if timm says."""
    grey_share: float | None
    """Share of a sample of the training images without colour; `None` where none could be looked at."""
    own_weights: bool
    """Whether the weights are a file of the user's."""

    @property
    def chance(self) -> float:
        """Accuracy in percent of whoever never looks at the image."""
        return max(self.majority_share, 100 / self.class_count)


@dataclass(frozen=True)
class Finding:
    """A sign that transfer did not help."""

    run: str
    code: str
    """`at_chance`, `worse` (than from scratch, beyond noise) or `no_better` (beyond noise)."""


@dataclass(frozen=True)
class Comparison:
    """Three runs and what they say."""

    model_name: str
    dataset: str
    dataset_title: str
    train_on: str
    batch_size: int
    seed: int
    conditions: Conditions
    parts: tuple[ComparedRun, ...]
    """In the order of `COMPARED`, those that failed included."""
    gaps: tuple[Gap, ...]
    """Between the runs that were tested."""
    crossings: tuple[Crossing, ...]
    """For each ordered pair of curves; empty where nothing was validated."""
    reaches: tuple[Reach, ...]
    """Of probe and full; empty where nothing was validated."""
    labels: tuple[LabelsPoint, ...]
    """Fewest labels first; the last is the probe itself."""
    labels_saved: LabelsSaved | None
    """`None` where no probe does as well as from scratch, or `labels` is empty."""
    transfer_recipe: str | None
    """The run that stands for transfer; `None` where neither was tested."""
    findings: tuple[Finding, ...]
    """Empty where transfer helped in every way."""
    reasons: tuple[str, ...]
    """Likely ones for the findings, as far as the conditions support them: keys of
    `reporting.text.comparison.LIKELY_REASONS`."""
    metric: str = ACCURACY
    """Name of the one by which each run kept its weights, and by which one of them stands for transfer."""

    def part(self, recipe: str) -> ComparedRun | None:
        """Return a run if it was tested."""
        return next((p for p in self.parts if p.recipe == recipe and p.test_accuracy is not None), None)

    def gap(self, run: str, against: str) -> Gap | None:
        """Return the gap between two runs, if both were tested on the same images."""
        return next((gap for gap in self.gaps if (gap.run, gap.against) == (run, against)), None)

    @property
    def worth(self) -> Gap | None:
        """What transfer was worth; `None` where it can't be said."""
        return self.gap(self.transfer_recipe, SCRATCH) if self.transfer_recipe else None

    def differences(self) -> dict[str, dict[str, Any]]:
        """Return the settings in which the runs differ beside their start: values by recipe, by setting."""
        known = {part.recipe: part.settings for part in self.parts if part.settings}
        names = dict.fromkeys(name for settings in known.values() for name in settings)
        by_name = {name: {recipe: settings.get(name) for recipe, settings in known.items()} for name in names}
        return {name: values for name, values in by_name.items() if len(set(map(str, values.values()))) > 1}


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return what `comparison.json` holds."""
    return {"format": FORMAT_VERSION, **asdict(comparison)}


def from_json(content: Mapping[str, Any]) -> Comparison:
    """Return the comparison that `to_json` wrote.

    Raises:
        BakeoffError: It was written by another version of this product, or is damaged.
    """
    return parse_kept(Comparison, content, FORMAT_VERSION, "comparison", "compare again")
