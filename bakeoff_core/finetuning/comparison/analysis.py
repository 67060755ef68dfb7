"""How three runs become a comparison: gaps, crossings, labels saved, and the signs that transfer did not help.

Pure rules over numbers; their definitions stand in `finetuning.comparison.records`. Not covered: the words
(`reporting.text.comparison`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Any

from bakeoff_core.finetuning.comparison.records import (
    FULL,
    PROBE,
    SCRATCH,
    ComparedRun,
    Comparison,
    Conditions,
    Crossing,
    CurvePoint,
    Finding,
    Gap,
    LabelsPoint,
    LabelsSaved,
    Reach,
)
from bakeoff_core.schema.metrics import ACCURACY
from bakeoff_core.stats import PairedCounts, independent_interval, mcnemar_p, paired_interval

if TYPE_CHECKING:
    import pandas as pd

GREY_SHARE = 0.9
"""Share of a sample of images without colour from which on the images count as grey."""
SIZE_FACTOR = 1.5
"""Factor between input and pre-training size from which on they are far apart."""
FEW_EPOCHS = 5
"""Passes over the training images below which a run may have been too short to tell."""
FEW_LABELS = 100
MANY_LABELS = 100_000
"""As in `finetuning.recipes.recommend_recipe`."""
WIDE_POINTS = 3.0
"""Half an interval's width from which on more test images would be needed to tell."""
NOTHING_LEFT = 98.0
"""Test accuracy in percent of the run from scratch from which on there is little left to gain."""


def compare(
    parts: Sequence[ComparedRun],
    answers: Mapping[str, pd.DataFrame],
    labels: Sequence[LabelsPoint],
    conditions: Conditions,
    *,
    metric: str = ACCURACY,
    **identity: Any,
) -> Comparison:
    """Put together what three runs say.

    Args:
        parts: The runs as they ended, in the order of `COMPARED`.
        answers: Each tested run's answers, with the columns `image`, `label` and `predicted`.
        labels: Probes on part of the labels, fewest first; empty for none.
        conditions: What the runs have in common.
        metric: By which each run kept its weights.
        **identity: `model_name`, `dataset`, `dataset_title`, `train_on`, `batch_size` and `seed` of `Comparison`.
    """
    tested = {part.recipe: part for part in parts if part.test_accuracy is not None}
    gaps = tuple(
        gap
        for run, against in ((PROBE, SCRATCH), (FULL, SCRATCH), (FULL, PROBE))
        if run in tested and against in tested and (gap := _gap(run, against, answers))
    )
    curves = {recipe: part.curve for recipe, part in tested.items() if part.curve}
    findings = find_findings(tested, gaps, conditions)
    return Comparison(
        **identity,
        conditions=conditions,
        parts=tuple(parts),
        gaps=gaps,
        crossings=tuple(
            find_crossing(above, below, curves[above], curves[below], conditions.val_images)
            for above, below in permutations(curves, 2)
        ),
        reaches=tuple(
            find_reach(recipe, curves[recipe], curves[SCRATCH])
            for recipe in (PROBE, FULL)
            if recipe in curves and SCRATCH in curves
        ),
        labels=tuple(labels),
        labels_saved=count_labels_saved(labels, tested[SCRATCH].test_accuracy, conditions.train_images)
        if SCRATCH in tested
        else None,
        transfer_recipe=_transfer_recipe(tested, metric),
        metric=metric,
        findings=findings,
        reasons=find_reasons(findings, tested, gaps, conditions) if findings else (),
    )


def curve_of(metrics: Iterable[Mapping[str, Any]]) -> tuple[CurvePoint, ...]:
    """Return the validations among a run's measurements, as `jobs.Job.metrics` returns them."""
    return tuple(
        CurvePoint(metric["step"], metric["val_accuracy"], metric["seconds"])
        for metric in metrics
        if metric.get("val_accuracy") is not None
    )


def find_crossing(
    above: str, below: str, curve: Sequence[CurvePoint], other: Sequence[CurvePoint], val_images: int
) -> Crossing:
    """Find where the first curve is above the second, at the steps at which both were validated."""
    others = {point.step: point.val_accuracy for point in other}
    steps = [point.step for point in curve if point.step in others]
    mine = {point.step: point.val_accuracy for point in curve}
    intervals = {step: independent_interval(mine[step], val_images, others[step], val_images) for step in steps}
    first = next((step for step in steps if mine[step] > others[step]), None)
    points, low, high = (None, None, None) if first is None else intervals[first]
    return Crossing(
        above,
        below,
        step=first,
        points=points,
        low=low,
        high=high,
        stays_from=_from_then_on([(step, mine[step] > others[step]) for step in steps]),
        clear_from=_from_then_on([(step, intervals[step][1] > 0) for step in steps]),
    )


def find_reach(run: str, curve: Sequence[CurvePoint], scratch: Sequence[CurvePoint]) -> Reach:
    """Find when a run had the best validation accuracy that the run from scratch ever had."""
    best = max(scratch, key=lambda point: point.val_accuracy)  # the first of equals
    there = next((point for point in curve if point.val_accuracy >= best.val_accuracy), None)
    return Reach(
        run,
        best.val_accuracy,
        there.step if there else None,
        there.seconds if there else None,
        best.step,
        best.seconds,
    )


def count_labels_saved(
    labels: Sequence[LabelsPoint], scratch_accuracy: float, scratch_labels: int
) -> LabelsSaved | None:
    """Find the fewest labels from which on every probe tests at least as well as from scratch with all of them.

    One small probe that is lucky does not count while a larger one falls short again.
    """
    enough = _from_then_on([(point.labels, point.test_accuracy >= scratch_accuracy) for point in labels])
    return None if enough is None else LabelsSaved(enough, scratch_labels, at_most=enough == labels[0].labels)


def find_findings(
    tested: Mapping[str, ComparedRun], gaps: Sequence[Gap], conditions: Conditions
) -> tuple[Finding, ...]:
    """Return the signs that transfer did not help, probe before full."""
    found = []
    for recipe in (PROBE, FULL):
        part = tested.get(recipe)
        if part is not None and part.test_low <= conditions.chance:
            found.append(Finding(recipe, "at_chance"))
        gap = next((gap for gap in gaps if (gap.run, gap.against) == (recipe, SCRATCH)), None)
        if gap is not None and not gap.is_ahead:
            found.append(Finding(recipe, "worse" if gap.is_behind else "no_better"))
    return tuple(found)


def find_reasons(
    findings: Sequence[Finding], tested: Mapping[str, ComparedRun], gaps: Sequence[Gap], conditions: Conditions
) -> tuple[str, ...]:
    """Return the likely reasons for the findings that the numbers support: keys of `text.comparison.LIKELY_REASONS`."""
    codes = {finding.code for finding in findings}
    against_scratch = codes & {"worse", "no_better"}
    unsure = [gap for gap in gaps if Finding(gap.run, "no_better") in findings and gap.against == SCRATCH]
    scratch = tested.get(SCRATCH)
    moved = next((gap.is_ahead for gap in gaps if (gap.run, gap.against) == (FULL, PROBE)), False)
    size, pretrained = conditions.img_size, conditions.pretrained_size
    holds = {
        "full_moves_features": moved and any(finding.run == PROBE for finding in findings),
        "grey_images": conditions.grey_share is not None and conditions.grey_share >= GREY_SHARE,
        "other_size": bool(pretrained) and max(size / pretrained, pretrained / size) >= SIZE_FACTOR,
        "own_weights": conditions.own_weights,
        "few_steps": conditions.steps < FEW_EPOCHS * conditions.epoch_steps,
        "few_labels": "at_chance" in codes and conditions.train_images < FEW_LABELS,
        "many_labels": bool(against_scratch) and conditions.train_images >= MANY_LABELS,
        "nothing_left": "no_better" in codes and scratch is not None and scratch.test_accuracy >= NOTHING_LEFT,
        "few_test_images": any(gap.high - gap.low >= 2 * WIDE_POINTS for gap in unsure),
    }
    return tuple(reason for reason, supported in holds.items() if supported)


def _gap(run: str, against: str, answers: Mapping[str, pd.DataFrame]) -> Gap | None:
    """The gap between two runs; `None` where their test images are not the same."""
    if run not in answers or against not in answers:
        return None
    mine, theirs = (answers[name].reset_index(drop=True) for name in (run, against))
    if not (len(mine) and mine[["image", "label"]].equals(theirs[["image", "label"]])):
        return None
    right, other = mine["predicted"] == mine["label"], theirs["predicted"] == theirs["label"]
    counts = PairedCounts(
        int((right & other).sum()),
        int((right & ~other).sum()),
        int((~right & other).sum()),
        int((~right & ~other).sum()),
    )
    points, low, high = paired_interval(counts)
    return Gap(run, against, points, low, high, mcnemar_p(counts), counts.images, counts.only_one, counts.only_other)


def _transfer_recipe(tested: Mapping[str, ComparedRun], metric: str) -> str | None:
    """The run that stands for transfer: the better by validation, or full where nothing was validated."""
    candidates = [recipe for recipe in (PROBE, FULL) if recipe in tested]
    if not candidates:
        return None
    values = {recipe: tested[recipe].val_score(metric) for recipe in candidates}
    return candidates[-1] if None in values.values() else max(candidates, key=values.__getitem__)


def _from_then_on(states: Sequence[tuple[int, bool]]) -> int | None:
    """The first of the places from which on a state holds to the end."""
    found = None
    for place, holds in reversed(states):
        if not holds:
            break
        found = place
    return found
